"""Reads people: `lines`, `cards`."""
