"""The demo programme, invented and repeatable: `places` and `days`, `people` with their `cards`, what is recorded."""
