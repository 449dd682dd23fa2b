"""Independent models of what the app must answer, written without its code."""
