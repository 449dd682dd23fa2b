"""Reads shelters (`shelters`), their beds (`beds`) and who may coordinate them (`coordinators`)."""
