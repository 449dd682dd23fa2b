"""The former names of `return_steps`, until the browser tests use the present ones."""

from tests.returns.return_steps import BEFORE_DEPARTURE, STAGES, SUPERVISOR, new_request
from tests.returns.return_steps import all_steps as way
from tests.returns.return_steps import steps_to as way_to

__all__ = ["BEFORE_DEPARTURE", "STAGES", "SUPERVISOR", "new_request", "way", "way_to"]
