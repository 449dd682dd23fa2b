"""The demo programme, invented and repeatable: `places`, `days`, `people` and `consultations`."""
