"""Queries of return requests with their steps (`requests`), and of lists of them (`lists`)."""
