"""Reads a desk's own sheet into consultations: `columns`, `labels`, `answers`, `rows`; `template` to fill in."""
