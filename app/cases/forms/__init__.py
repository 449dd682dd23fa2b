"""What the pages of a new referral (`referring`) and a new return request (`returning`) show, and their `counters`."""
