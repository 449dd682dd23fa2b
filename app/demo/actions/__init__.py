"""Writes the demo programme: `building` it from the start, its `crew`, its rows in `batches`."""
