"""Schemas of shelters: what they report (`bodies`) and what programs get (`answers`)."""
