"""Every figure, defined once: `people` and their contacts, `referrals` and beds, voluntary `returns`."""
