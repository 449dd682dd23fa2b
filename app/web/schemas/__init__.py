"""Schemas of request bodies: their base (`body`), types of fields and lists, and errors as path and code."""
