"""Schemas of referrals: what comes in and goes out."""
