"""Shelters, who coordinates them, their beds: capacity, holds, census, freshness."""
