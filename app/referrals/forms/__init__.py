"""Converts form fields to the shape of JSON (`form_fields`); texts of slips and labels."""
