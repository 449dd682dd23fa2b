"""The people in consultations: lines of sex, age band, nationality and situation; no identity."""
