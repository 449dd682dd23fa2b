"""Shelters, their coordinators and beds: capacity, holds, daily census, freshness."""
