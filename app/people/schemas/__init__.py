"""Schemas of visitor cards: what comes in and goes out."""
