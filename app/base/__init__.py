"""What every room stands on: words, months, time, the database, permissions, privacy, language, pages."""
