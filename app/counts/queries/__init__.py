"""Reads the totals of a month (`people`, `referrals`, `returns`) and composes them (`figures`, `tables`)."""
