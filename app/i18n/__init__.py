"""Six languages: choice of the locale, catalogues, names, formats of numbers and dates."""
