"""Reads what figures are reckoned from (`cells`) and puts them together (`figures`, `tables`)."""
