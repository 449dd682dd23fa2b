"""A group sent to a shelter or service: states, deadline, answers."""
