"""Data protection: privacy marks of columns, identifiers in texts, truncated network addresses."""
