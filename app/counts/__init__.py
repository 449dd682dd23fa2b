"""Figures: every indicator is defined once, in `indicators`, and read from there."""
