"""Commands that touch every room."""

COMMANDS = ()
