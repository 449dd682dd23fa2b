"""Writes people: person `lines`, their `previous_contacts`, the `aggregates` of both, visitor `cards` and their `lookup`."""
