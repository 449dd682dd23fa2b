"""Encryption (`sealing`), payloads (`envelope`), codes and credentials (`secrets`), rights to resolve a record."""
