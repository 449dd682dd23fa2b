"""Reads a consultation from JSON (`parsing`) or form fields (`form_fields`), and renders its form (`form_state`)."""
