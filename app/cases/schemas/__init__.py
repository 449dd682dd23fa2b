"""Schemas of what spans sibling packages."""
