"""Reads what is said of beds (`beds`) and of shelters (`shelter`, with its kinds of field in `fields`)."""
