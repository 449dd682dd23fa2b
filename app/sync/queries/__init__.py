"""SELECTs on tablets (`devices`), what they sent (`envelopes`), and what is quarantined (`quarantine`)."""
