"""Changes beds (`beds`), shelters (`shelters`) and their coordinators (`coordinators`)."""
