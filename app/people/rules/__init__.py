"""When a person counts as reached (`reach`), what a consultation adds to the `aggregates`, codes of visitor cards (`card_codes`)."""
