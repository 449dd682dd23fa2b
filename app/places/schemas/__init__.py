"""Schemas of desks."""
