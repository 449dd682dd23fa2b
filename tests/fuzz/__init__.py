"""Seeded random requests over every route, role and method: never a 5xx, never a wrong permission."""
