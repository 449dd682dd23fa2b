"""The fields of every step (`steps`), how they are read (`reading`), and a new request (`opening`)."""
