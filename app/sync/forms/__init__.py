"""Parses the copy of a queue (`queue_export`), and holds what the pages about tablets show."""
