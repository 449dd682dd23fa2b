"""Rules of referrals: states and actions, what may be sent (`referral_data`), deadlines, inbox, forwarding."""
