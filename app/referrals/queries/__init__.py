"""Reads referrals (`referrals`), a shelter's inbox (`inbox`) and the shelters a group could go to."""
