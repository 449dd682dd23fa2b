"""Reads person `lines`, visitor `cards`, their `compositions`; compares lines and aggregates (`reconciliation`)."""
