"""What may happen to a referral (`states`), what may be sent (`sending`), its code and deadlines (`deadlines`)."""
