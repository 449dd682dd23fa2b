"""Person lines of consultations (`lines`), visitor cards (`cards`) and the `aggregates` of both."""
