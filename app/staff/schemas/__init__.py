"""Schemas of staff: what programs send and get at sign-in, and what an invitation answers."""
