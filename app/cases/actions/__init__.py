"""Referrals (`referrals`, from a tablet `referral_notices`) and return requests (`returns`) from a consultation."""
