"""Schemas of return requests: what comes in and goes out."""
