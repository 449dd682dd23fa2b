"""Schemas of health and readiness."""
