"""Reads a consultation: `reading` from JSON, `fields` from form fields into the same shape, `page` lays it out."""
