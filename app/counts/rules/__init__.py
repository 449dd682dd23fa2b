"""Totals and the arithmetic of figures: people and consultations (`people`), `referrals` and beds, `returns`."""
