"""Writes person `lines`, their `previous_contacts`, `aggregates`, visitor `cards`; looks up a card (`lookup`)."""
