"""Reads a spreadsheet into consultations: `columns`, `label_codes`, `cell_reader`, `rows`; the `template`."""
