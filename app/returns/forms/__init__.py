"""Forms of return requests: the fields of each step (`fields`, `steps`), `payloads`, `labels`, `consent_sheet`."""
