"""Writes people: `lines`, the links between their contacts (`linking`), sums (`cells`), `cards`."""
