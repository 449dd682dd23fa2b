"""The app with one fault in it each: the tests that look for the fault must fail on them."""
