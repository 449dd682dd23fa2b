"""What is to happen later in the demo, in the order of its moments."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any


class Agenda:
    """Things to do, each at its moment; what falls on the same moment is done in the order in which it was noted."""

    def __init__(self) -> None:
        self.queue: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self.number = count()

    def at(self, moment: datetime, do: Callable[..., None], *what: Any) -> None:
        """Notes that something is to be done: it is called with the moment and what goes with it."""
        heapq.heappush(self.queue, (moment, next(self.number), do, what))

    def run(self, until: datetime) -> None:
        """Does everything that is due."""
        while self.queue and self.queue[0][0] <= until:
            moment, _, do, what = heapq.heappop(self.queue)
            do(moment, *what)
