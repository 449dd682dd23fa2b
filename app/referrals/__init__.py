"""Referrals: groups sent to a shelter or service, with states, deadlines and answers."""
