"""Parses a new referral (`referral`) and the input of an action (`action_input`); texts of slips and labels."""
