"""Reads a new referral (`sending`) and what goes with an act (`acting`)."""
