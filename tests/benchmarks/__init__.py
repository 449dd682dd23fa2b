"""What recording costs next to a bare route: real server and clients, temporary databases."""
