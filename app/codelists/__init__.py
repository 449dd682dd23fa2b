"""Closed lists of the field: what a list is (`codelist`), those that several packages share (`shared_codelists`)."""
