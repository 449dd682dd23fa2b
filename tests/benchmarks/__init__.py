"""What recording costs beside a bare route: real server and clients, scratch data."""
