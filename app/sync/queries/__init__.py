"""Reads tablets (`devices`) and what they sent (`envelopes`)."""
