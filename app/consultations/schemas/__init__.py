"""Schemas of consultations: what comes in and goes out."""
