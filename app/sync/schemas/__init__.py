"""Schemas of tablets: what they send and get."""
