"""Web layer: access control, forms, JSON reader, pages, responses, errors, request log, rate limits."""
