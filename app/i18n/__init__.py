"""Six languages: which one a reader gets, catalogues, names, numbers and dates."""
