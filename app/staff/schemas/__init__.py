"""Schemas of staff: what programs get at sign-in."""
