"""Forms of a new referral (`referrals`, `offline_referrals`) and return request (`returns`); `counters` of people."""
