"""The app with a fault in it: nobody holds a card's root while its people are linked. Tests must catch it."""

import time
from collections.abc import Collection
from typing import Any

from app.people.actions import lines
from app.people.queries.cards import Card, get_card
from wsgi import application


def _read_without_holding(session: Any, cards: Collection[Card]) -> dict[int, int]:
    return {card.id: get_card(session, card.id).root_id for card in cards}


_relink = lines.relink


def _relink_and_wait(*arguments: Any) -> None:
    _relink(*arguments)
    time.sleep(0.02)


lines.lock_roots = _read_without_holding
lines.relink = _relink_and_wait

__all__ = ["application"]
