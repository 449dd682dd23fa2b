"""Writes the demo programme: `building` from the start, its `accounts`, its rows in `batches`."""
