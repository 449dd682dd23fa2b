"""Schemas of return requests: types of the fields of steps, what comes in and what goes out."""
