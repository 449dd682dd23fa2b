"""One contact of a person or travelling group with a desk."""
