"""What touches every package: health, backup and restore, retention, installation checks."""
