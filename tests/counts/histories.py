"""Random histories of desks in three countries: what was recorded, with which card, corrected, voided, replaced."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app import clock
from app.codelists.shared_codelists import AGE_BANDS, REPEAT_CONTACTS, SEXES, SITUATIONS
from app.consultations.actions import corrections, recording
from app.consultations.models import Consultation, ConsultationVersion
from app.consultations.queries import find_consultation
from app.consultations.rules.consultation_data import Change
from app.consultations.schemas import parse_consultation, parse_correction
from app.consultations.vocabulary import OUTCOMES, TOPICS
from app.db.session import db, unit_of_work
from app.people.actions.cards import find_typed_card, issue
from app.people.actions.cards import replace as replace_card
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.models.cards import VisitorCard
from app.people.models.lines import PersonLine
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow, find_desk
from app.web.access import Principal
from tests.factories.records import at, make_account, make_desk
from tests.reference_models.counts import Record, Some

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
quietly = settings(
    max_examples=8 * ROUNDS,
    deadline=None,
    database=None,
    derandomize=ROUNDS == 1,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink) if ROUNDS > 1 else (Phase.generate,),
)
NOW = at("2026-04-10 12:00")
DESKS = {"HND-01": "HND", "HND-02": "HND", "SUR-01": "SUR", "MEX-01": "MEX"}
MONTHS = ("2025-09", "2025-10", "2025-12", "2026-01", "2026-02", "2026-03")
DAYS = tuple(date.fromisoformat(f"{month}-{day}") for month in MONTHS for day in ("01", "17", "28"))
EDGES = tuple(
    date.fromisoformat(d) for d in ("2025-09-30", "2025-10-31", "2025-12-31", "2026-01-31")
)
CARDS = 5
VOID = "void"
CELLS = (ReachAggregate, BreakdownAggregate, VolumeAggregate)
EMPTIED = (*CELLS, PersonLine, ConsultationVersion, Consultation, VisitorCard)


def _groups(nationalities: Any, situations: Any, persons: Any) -> Any:
    group = st.fixed_dictionaries(
        {
            "nationality": st.sampled_from(nationalities),
            "situation": st.sampled_from(situations),
            "repeat_contact": st.sampled_from(REPEAT_CONTACTS.codes),
            "persons": persons,
        }
    )
    return st.lists(group, min_size=1, max_size=3)


def _persons(sexes: Any, bands: Any, most: int) -> Any:
    some = st.builds(
        lambda sex, band, n: {"sex": sex, "age_band": band, "n": n},
        st.sampled_from(sexes),
        st.sampled_from(bands),
        st.integers(1, most),
    )
    return st.lists(
        some, min_size=1, max_size=3, unique_by=lambda one: (one["sex"], one["age_band"])
    )


_anybody = _groups(
    ("HND", "VEN", "HTI", "XXA", "XXX"),
    SITUATIONS.codes,
    _persons(SEXES.codes, AGE_BANDS.codes, 7),
)
_a_few = _groups(
    ("HND", "VEN"),
    SITUATIONS.codes[:3],
    _persons(("female", "male"), ("age_5_11", "age_25_59"), 3),
)
_day = st.sampled_from(DAYS + EDGES)
_desk = st.sampled_from(tuple(DESKS))
_outcomes = st.lists(st.sampled_from(OUTCOMES.codes[:-1]), min_size=1, max_size=2, unique=True)
_useful = st.just(["information_given"])
_topics = st.lists(st.sampled_from(TOPICS.codes[:8]), min_size=1, max_size=3, unique=True)
_card = st.integers(0, CARDS - 1)


def _contents(groups: Any, card: Any, outcomes: Any) -> Any:
    said = {"desk": _desk, "held_on": _day, "groups": groups, "topics": _topics}
    return st.fixed_dictionaries({**said, "outcomes": outcomes, "card": card})


_tally = st.fixed_dictionaries(
    {"desk": _desk, "held_on": _day, "outcomes": st.just(["person_declined_record"])}
)
_carded = _contents(_a_few, _card, st.one_of(_useful, _useful, _outcomes))
_plain = _contents(_anybody, st.none(), _outcomes)
_tweaks = st.one_of(
    st.fixed_dictionaries({"card": st.one_of(st.none(), _card)}),
    st.fixed_dictionaries({"desk": _desk}),
    st.fixed_dictionaries({"held_on": _day}),
    st.fixed_dictionaries({"groups": _a_few}),
    st.fixed_dictionaries({"outcomes": _outcomes}),
)
with_and_without_cards = st.one_of(_carded, _carded, _carded, _plain, _plain, _tally)
without_cards = st.one_of(_plain, _plain, _plain, _plain, _tally)
_changes = st.one_of(
    st.just(()),
    st.just(()),
    st.just((VOID,)),
    st.tuples(_tweaks),
    st.tuples(st.just(VOID), _tweaks),
    st.tuples(_tweaks, _tweaks),
    st.tuples(with_and_without_cards),
)


@dataclass(frozen=True)
class Told:
    """One consultation: what was first said, and what became of it (`void` or new content, in order)."""

    id: UUID
    content: dict[str, Any]
    changes: tuple[Any, ...] = ()

    def with_card(self, others: Mapping[int, int]) -> "Told":
        """The same with other cards in the place of those named."""
        said = (
            {**one, "card": others.get(one["card"], one["card"])} if "card" in one else one
            for one in (self.content, *self.changes)
        )
        content, *changes = said
        return replace(self, content=content, changes=tuple(changes))

    def standing(self, year_start: int) -> tuple[dict[str, Any], bool] | None:
        """The content that stands at the end and whether it is void; None where it was refused."""
        if not can_be_said(self.content, year_start):
            return None
        content, void = self.content, False
        for change in self.changes:
            if change == VOID:
                void = True
            elif can_be_said(change, year_start):
                content, void = change, False
        return content, void


@dataclass(frozen=True)
class History:
    """Consultations, and cards that took the place of others: pairs of lost and replacement."""

    told: tuple[Told, ...]
    replaced: tuple[tuple[int, int], ...] = ()

    def steps(self, order: int) -> Iterator[Any]:
        """All that happens, in one of its possible orders: a record comes before its changes."""
        waiting = [[(one, None), *((one, change) for change in one.changes)] for one in self.told]
        waiting.append(list(self.replaced))
        chance = Random(order)
        while waiting := [chain for chain in waiting if chain]:
            yield chance.choice(waiting).pop(0)

    def joined(self) -> dict[int, int]:
        """For each card the one that stands for all that are one person with it."""
        return follow(self.replaced)[0]

    def refusals(self) -> list[bool]:
        """For each replacement whether it must be refused: replaced once already, or a loop."""
        return follow(self.replaced)[1]


def follow(replaced: tuple[tuple[int, int], ...]) -> tuple[dict[int, int], list[bool]]:
    """Who is one with whom after these replacements, and which of them cannot be."""
    one_with = {card: card for card in range(CARDS)}
    gone: set[int] = set()
    refused = []
    for lost, new in replaced:
        refused.append(lost in gone or one_with[lost] == one_with[new])
        if not refused[-1]:
            gone.add(lost)
            old, kept = one_with[new], one_with[lost]
            one_with = {card: kept if one == old else one for card, one in one_with.items()}
    return one_with, refused


@st.composite
def _tellings(draw: st.DrawFn, contents: Any, changes: Any) -> Told:
    content = draw(contents)
    found, last = [], content
    for change in draw(changes):
        if change != VOID:
            last = _tweaked(last, change)
        found.append(VOID if change == VOID else last)
    return Told(draw(st.uuids(version=4)), content, tuple(found))


def _tweaked(content: dict[str, Any], tweak: dict[str, Any]) -> dict[str, Any]:
    if {"desk", "held_on", "outcomes"} <= tweak.keys():
        return tweak
    if "groups" not in content:
        tweak = {name: said for name, said in tweak.items() if name in ("desk", "held_on")}
    return {**content, **tweak}


_pairs = st.lists(st.tuples(_card, _card).filter(lambda pair: pair[0] != pair[1]), max_size=3)


def _many(tellings: Any, most: int) -> Any:
    return st.lists(tellings, min_size=1, max_size=most, unique_by=lambda one: one.id).map(tuple)


def histories(most: int = 14) -> st.SearchStrategy[History]:
    """Up to `most` consultations, with and without cards, some of which replace others."""
    told = _many(_tellings(with_and_without_cards, _changes), most)
    return st.builds(History, told, _pairs.map(tuple))


def card_histories(most: int = 10) -> st.SearchStrategy[History]:
    """Up to `most` consultations of very few cards: nearly everybody comes again."""
    carded = _carded.map(lambda content: {**content, "card": content["card"] % 2})
    replaced = st.sampled_from(((), ((0, 2),), ((0, 1),), ((1, 3), (3, 0))))
    return st.builds(History, _many(_tellings(carded, _changes), most), replaced)


@dataclass
class Stage:
    """Desks and who records there; every history is played on an empty database."""

    app: Flask
    clerk: Principal
    boss: Principal
    records: list[Record] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    ids: dict[int, int] = field(default_factory=dict)

    def play(self, history: History, year_start: int, order: int = 0) -> None:
        """Records, corrects, voids and replaces; `records` is then what must stand at the end."""
        self.begin_years_in(year_start)
        refusals = iter(history.refusals())
        with clock.frozen_at(NOW):
            self.begin_anew(CARDS)
            for thing, change in history.steps(order):
                with unit_of_work():
                    if isinstance(thing, int):
                        self._replace(thing, change, next(refusals))
                    elif change is None:
                        self.record(thing)
                    else:
                        self.change(thing, change)
        self.records = [*_records(history, year_start)]

    def desk(self, code: str) -> DeskRow:
        """One of the desks."""
        found = find_desk(db.session(), self.clerk.scope, code)
        db.session.rollback()
        assert found is not None
        return found

    def begin_years_in(self, month: int) -> None:
        """Sets the month in which the reporting year begins."""
        known = self.app.config["SETTINGS"]
        self.app.config["SETTINGS"] = replace(known, reporting_year_start=month)

    def begin_anew(self, cards: int) -> None:
        """Leaves nothing recorded and so many new cards."""
        with unit_of_work():
            for table in EMPTIED:
                db.session.execute(delete(table))
        with unit_of_work():
            codes = print_cards(self.clerk, "HND-01", cards)
            self.codes = dict(enumerate(codes))
            self.ids = {card_of(code).id: card for card, code in self.codes.items()}

    def record(self, told: Told) -> None:
        """Records what was first said."""
        sent = parse_consultation(self._as_json(told.id, told.content))
        answer = recording.record(db.session(), self.clerk, sent)
        assert isinstance(answer, recording.RecordingResult) == self._can_be_said(told.content), (
            answer
        )

    def change(self, told: Told, change: Any) -> None:
        """Voids what was told (`void`) or puts other content in its place."""
        row = find_consultation(db.session(), self.boss.scope, told.id)
        if row is None:
            return
        if change == VOID:
            said_why = Change(row.version, "other")
            answer = corrections.void(db.session(), self.boss, row, said_why)
            assert isinstance(answer, corrections.AppliedChange), answer
            return
        sent = self._as_json(told.id, change)
        card = change.get("card")
        if card is not None and self._attached(told.id) == card and told.id.int % 2:
            sent["card"] = "attached"
        reading = parse_correction({**sent, "version": row.version, "reason": "other"})
        answer = corrections.correct(db.session(), self.boss, row, reading)
        assert isinstance(answer, corrections.AppliedChange) == self._can_be_said(change), answer

    def _can_be_said(self, content: dict[str, Any]) -> bool:
        return can_be_said(content, self.app.config["SETTINGS"].reporting_year_start)

    def _attached(self, known_id: UUID) -> int | None:
        table = PersonLine.__table__
        lines = select(table.c.card_id).where(table.c.consultation_id == known_id).limit(1)
        return self.ids.get(db.session.scalar(lines) or 0)

    def _replace(self, lost: int, new: int, refused: bool) -> None:
        said = {"lost": self.codes[lost], "replacement": self.codes[new]}
        answer = replace_card(db.session(), self.boss, said)
        assert (answer is not None) == refused, (lost, new, answer)

    def _as_json(self, known_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
        sent = as_json(known_id, content)
        return sent | ({"card": self.codes.get(sent["card"])} if "card" in sent else {})

    def lines(self) -> list[dict[str, Any]]:
        """The live person lines, with the card's number in the place of its row."""
        table = PersonLine.__table__
        live = select(table).where(table.c.is_void.is_(False)).order_by(table.c.id)
        cards = {**self.ids, None: None}
        rows = [dict(row) for row in db.session.execute(live).mappings()]
        db.session.rollback()
        return [{**row, "id": 0, "card_id": cards[row["card_id"]]} for row in rows]

    def cells(self) -> list[str]:
        """All cells that are not zero."""
        found = [f"{one.__tablename__} {cell}" for one in CELLS for cell in _cells(one)]
        db.session.rollback()
        return sorted(found)


def _cells(model: Any) -> Iterator[str]:
    counted = {"n", "in_country", "in_programme", "consultations", "persons", "tallies"}
    table = model.__table__
    for row in db.session.execute(select(table).order_by(*table.primary_key)).mappings():
        if any(row[name] for name in counted & row.keys()):
            yield str(sorted(row.items()))


def print_cards(by: Principal, desk: str, n: int, year: int = 2026) -> list[str]:
    """The codes of n new cards, in the running transaction."""
    where = find_desk(db.session(), by.scope, desk)
    assert where is not None
    return issue(db.session(), by.account_id, where, n, year)


def card_of(code: str) -> CardRow:
    """The card of a code."""
    found = find_typed_card(db.session(), code)
    assert isinstance(found, CardRow), found
    return found


def set_stage(app: Flask) -> Stage:
    """Four desks in three countries, a clerk at all of them, their supervisor, the region."""
    desks = tuple(
        make_desk(code, country, **({"time_zone": "America/Tijuana"} if country == "MEX" else {}))
        for code, country in DESKS.items()
    )
    clerk = make_account("clerk", "desk_staff", desks)
    boss = make_account("boss", "supervisor", countries=("HND", "MEX", "SUR"))
    make_account("regional", "regional")
    return Stage(app, clerk, boss)


def one_woman(**said: Any) -> dict[str, Any]:
    """What is said of one woman who came for the first time; `said` replaces it."""
    group = {
        "nationality": "HND",
        "situation": "in_transit",
        "repeat_contact": "first_this_year",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }
    usual = {"desk": "HND-01", "held_on": date(2026, 2, 17), "groups": [group], "card": None}
    return {**usual, "topics": ["asylum"], "outcomes": ["information_given"], **said}


def as_json(known_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
    """What a client would send; its card is still a number."""
    return {**content, "id": str(known_id), "held_on": content["held_on"].isoformat()}


def can_be_said(content: dict[str, Any], year_start: int) -> bool:
    """In the year's first month nobody can have come in an earlier month of it."""
    answers = {group["repeat_contact"] for group in content.get("groups", ())}
    return not (content["held_on"].month == year_start and "first_this_month" in answers)


def _records(history: History, year_start: int) -> Iterator[Record]:
    """The consultations of a history as they must stand at its end."""
    person = {**history.joined(), None: None}
    for told in history.told:
        standing = told.standing(year_start)
        if standing:
            content, void = standing
            card = person[content.get("card")]
            yield replace(as_record(told.id, content), voided=void, card=card)


def as_record(known_id: UUID, content: dict[str, Any]) -> Record:
    """The content as the count by hand reads it, without its card."""
    people = tuple(
        Some(g["nationality"], g["situation"], g["repeat_contact"], p["sex"], p["age_band"], p["n"])
        for g in content.get("groups", ())
        for p in g["persons"]
    )
    topics = tuple(content.get("topics", ()))
    main = topics[0] if topics else ""
    desk, outcomes = content["desk"], tuple(content["outcomes"])
    return Record(known_id, desk, DESKS[desk], content["held_on"], outcomes, topics, main, people)
