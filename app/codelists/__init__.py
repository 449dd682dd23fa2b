"""Codelists: the type (`codelist`), and the lists that several packages share (`shared_codelists`)."""
