"""Changes beds (`beds`) and shelters (`shelters`), and says who coordinates them (`coordinators`)."""
