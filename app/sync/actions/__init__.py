"""Tablets (`devices`); what they send (`receiving`, `kinds`); what was set aside (`mending`)."""
