"""Reads shelters (`shelters`), what is free in them (`beds`) and who may coordinate them (`coordinators`)."""
