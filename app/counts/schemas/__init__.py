"""Schemas of the figures."""
