"""What the demo programme is made of: `places` and `calendar`, `people` with their `cards`, what is recorded."""
