"""What recording a consultation costs beside a bare route: a real server, real clients, a scratch database."""
