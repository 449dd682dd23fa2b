"""What figures are made of, and how it is added up: people (`people`), referrals and beds (`referrals`)."""
