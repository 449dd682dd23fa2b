"""The visitor cards of the demo: printed, shown, left at home or lost; and the previous contacts linked to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from app.db.session import RowValues
from app.month import Month
from app.people.queries.cards import CardRow
from app.people.rules.card_codes import digest_card_code, generate_card_code
from app.people.rules.reach import NEVER, PreviousContact, later_of

LEFT_AT_HOME = 0.2
LOST = 0.02
"""Share of later visits; about one card in a hundred is lost."""


class CardHistory:
    """The last months of a card's people, anywhere and by country (people.rules.reach.compute_previous_contacts)."""

    __slots__ = ("months",)

    def __init__(self) -> None:
        self.months: dict[tuple[object, ...], int] = {}

    def link(self, line: RowValues) -> None:
        """Set the previous contact of a line of the card, if it counts; call it in the order of the days."""
        if not line["qualifying"]:
            return
        person = (line["sex"], line["age_band"], line["nationality"], line["ordinal"])
        in_country = (*person, line["country"])
        before = self.months.get(in_country, NEVER)
        card = PreviousContact(in_country in self.months, before, self.months.get(person, NEVER))
        answered = (line["is_known"], line["previous_in_country"], line["previous_in_programme"])
        previous = later_of(card, PreviousContact(*answered))
        line["is_known"] = previous.is_known
        line["previous_in_country"] = previous.in_country
        line["previous_in_programme"] = previous.in_programme
        if not line["is_void"]:
            self.months[in_country] = self.months[person] = line["month"]


@dataclass(frozen=True, slots=True)
class HeldCard:
    """The card of a party, its reporting year, and the history of its people."""

    card: CardRow
    year: int
    history: CardHistory


@dataclass(frozen=True, slots=True)
class CardShowing:
    """The card shown at a consultation; its row if it is new, and the id of the card that it replaces."""

    held_card: HeldCard | None = None
    printed: RowValues | None = None
    lost: int | None = None

    @property
    def card(self) -> CardRow | None:
        return self.held_card.card if self.held_card else None


NO_CARD = CardShowing()


class CardHolder(Protocol):
    """A party that may have a card."""

    takes_card: bool
    held_card: HeldCard | None


class CardPrinter:
    """Prints cards, numbered from 1 in the order of their first use; a year without a key has none."""

    def __init__(self, keys: Mapping[int, bytes], reporting_year_start: int) -> None:
        self.keys, self.year_start = keys, reporting_year_start
        self.number = 0

    def show(self, holder: CardHolder, month: Month, rng: Random) -> CardShowing:
        """Return the card that a party shows now: its first one, that of a new reporting year, the one it has, or none.

        The keys of a year are destroyed after it, so new cards replace its cards.
        """
        year = month.reporting_year_start(self.year_start).year
        if not holder.takes_card or year not in self.keys:
            return NO_CARD
        held_card = holder.held_card
        if held_card is None or held_card.year != year:
            return self._print(holder, year, None, rng)
        luck = rng.random()
        if luck < LOST:
            return self._print(holder, year, held_card, rng)
        return NO_CARD if luck < LOST + LEFT_AT_HOME else CardShowing(held_card)

    def _print(
        self, holder: CardHolder, year: int, lost: HeldCard | None, rng: Random
    ) -> CardShowing:
        self.number += 1
        code = generate_card_code(year, lambda below: int(rng.random() * below))
        root = lost.card.root_id if lost else None
        row = {
            "id": self.number,
            "year": year,
            "digest": digest_card_code(code, self.keys[year]),
            "root_id": root,
            "is_replaced": False,
        }
        card = CardRow(self.number, root or self.number, is_replaced=False)
        held_card = holder.held_card = HeldCard(card, year, lost.history if lost else CardHistory())
        return CardShowing(held_card, row, lost.card.id if lost else None)
