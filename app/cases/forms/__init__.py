"""What the pages of a new referral (`referring`, `offline`) or return request (`returning`) show; `counters`."""
