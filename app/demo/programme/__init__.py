"""The content of the demo programme: `places` and `calendar`, `people` with their `cards`, and the records."""
