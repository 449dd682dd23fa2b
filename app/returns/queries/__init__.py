"""Reads return requests with their steps (`requests`), and lists of them (`lists`)."""
