"""Schemas of referrals: a new one (`bodies`), actions (`action_bodies`) and what programs get (`answers`)."""
