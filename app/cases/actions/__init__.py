"""What comes of a consultation: a referral (`referring`), a return request (`returning`)."""
