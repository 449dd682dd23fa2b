"""Builds the demo (`demo`), copies the database out (`backup`) and in (`restore`); `starting`."""
