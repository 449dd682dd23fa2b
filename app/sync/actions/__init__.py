"""Tablets (`devices`); the intake of what they send (`intake`, `handlers`); what was quarantined (`quarantine`)."""
