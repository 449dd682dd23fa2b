"""What consultations say about people (`lines`), their visitor cards (`cards`), and sums of both (`cells`)."""
