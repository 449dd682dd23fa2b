"""The app with a fault in it: a card group is not locked while its people are linked. Tests must catch it."""

import time
from collections.abc import Collection
from typing import Any

from app.people.actions import lines
from app.people.queries.cards import CardRow, get_card
from wsgi import application


def _read_without_lock(session: Any, cards: Collection[CardRow]) -> dict[int, int]:
    return {card.id: get_card(session, card.id).root_id for card in cards}


_recompute = lines.recompute_previous_contacts


def _recompute_and_wait(*arguments: Any) -> None:
    _recompute(*arguments)
    time.sleep(0.02)


lines.lock_card_groups = _read_without_lock
lines.recompute_previous_contacts = _recompute_and_wait

__all__ = ["application"]
