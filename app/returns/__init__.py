"""Voluntary return: requests of travelling groups, their stages and gates; no identity (domain.md §2.16)."""
