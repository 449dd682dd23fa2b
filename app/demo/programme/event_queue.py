"""The future events of the demo, in the order of their moments."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any


class EventQueue:
    """Scheduled actions, each at its moment; those of the same moment run in the order of their scheduling."""

    def __init__(self) -> None:
        self.queue: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self.number = count()

    def schedule(self, moment: datetime, action: Callable[..., None], *arguments: Any) -> None:
        """Schedule an action; it is called with the moment and the arguments."""
        heapq.heappush(self.queue, (moment, next(self.number), action, arguments))

    def run_until(self, until: datetime) -> None:
        """Run every action that is due by a moment."""
        while self.queue and self.queue[0][0] <= until:
            moment, _, action, arguments = heapq.heappop(self.queue)
            action(moment, *arguments)
