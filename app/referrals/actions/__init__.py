"""Sends referrals (`sending`), answers them (`answering`), and writes down what time has ended (`tidying`)."""
