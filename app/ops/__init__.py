"""Operations on the whole installation: health, backup and restore, retention, installation checks."""
