"""Describes the addresses of the app for programs: `describe` a view, `document` of all of them, `markdown` to read."""
