"""Reads what tablets send (`sent`) and what the pages about them do."""
