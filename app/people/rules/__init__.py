"""When a person is one more (`previous`), what a consultation adds to sums (`cells`), card codes (`codes`)."""
