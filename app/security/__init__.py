"""The security log: failed sign-ins, lock-outs, refused rights and unknown credentials, without names or secrets."""
