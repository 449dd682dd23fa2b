"""Forms of a shelter (`shelter`), their `fields`, and the `options` of its page."""
