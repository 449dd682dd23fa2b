"""Schemas of shelters and their beds."""
