"""The demo programme: invented, repeatable, written as the intake would have written it."""
