"""What spans sibling packages: a desk's day, and the referral or return request that a consultation becomes."""
