"""Parses what tablets send (`tablet_requests`, `queue_export`), and what the pages about tablets show."""
