"""What protects people in the data: marks of columns, identifiers found in texts, network addresses cut short."""
