"""Tables of shelters (`shelters`) and of their beds (`beds`)."""

from app.shelters.models.beds import BedCategory, BedCensus, BedChange, BedHold
from app.shelters.models.shelters import Shelter

__all__ = ["BedCategory", "BedCensus", "BedChange", "BedHold", "Shelter"]
