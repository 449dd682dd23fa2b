"""When a person counts as reached (`reach`), what records add to `aggregates`, codes of cards (`card_codes`)."""
