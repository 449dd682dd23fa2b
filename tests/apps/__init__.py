"""The app with other settings than those of development, for tests of limits."""
