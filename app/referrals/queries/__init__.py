"""Reads referrals (`referrals`), a shelter's inbox (`inbox`) and where a group could be sent (`choosing`)."""
