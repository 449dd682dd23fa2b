"""Every change to sessions (`signing_in`) and accounts (`accounts`)."""
