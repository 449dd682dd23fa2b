"""Production as an operator sets it up: settings, key files, the proxy, and tests that walk through it."""
