"""The former names of `runner`, until the production tests use the present ones."""

from tests.fuzz.runner import HttpClient as Wire
from tests.fuzz.runner import fuzz

__all__ = ["Wire", "fuzz"]
