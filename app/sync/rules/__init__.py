"""How envelopes are opened (`sealing`), codes and credentials (`secrets`), what becomes of a record (`taking`)."""
