"""What comes of a consultation: a referral (`referring`, from a tablet `notices`), a return request (`returning`)."""
