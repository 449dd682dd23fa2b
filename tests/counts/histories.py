"""Random histories of desks in three countries: consultations, their cards, corrections, voidings, replacements."""

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
from app.consultations.schemas.bodies import parse_consultation, parse_correction
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
from app.web.outcomes import Accepted
from tests.factories.records import at, make_account, make_desk
from tests.reference_models.counts import ProfileCount, Record

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
history_settings = settings(
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
AGGREGATES = (ReachAggregate, BreakdownAggregate, VolumeAggregate)
TABLES = (*AGGREGATES, PersonLine, ConsultationVersion, Consultation, VisitorCard)


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


def _persons(sexes: Any, bands: Any, max_n: int) -> Any:
    counted_profile = st.builds(
        lambda sex, band, n: {"sex": sex, "age_band": band, "n": n},
        st.sampled_from(sexes),
        st.sampled_from(bands),
        st.integers(1, max_n),
    )
    return st.lists(
        counted_profile,
        min_size=1,
        max_size=3,
        unique_by=lambda profile: (profile["sex"], profile["age_band"]),
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
    fields = {"desk": _desk, "held_on": _day, "groups": groups, "topics": _topics}
    return st.fixed_dictionaries({**fields, "outcomes": outcomes, "card": card})


_tally = st.fixed_dictionaries(
    {"desk": _desk, "held_on": _day, "outcomes": st.just(["person_declined_record"])}
)
_carded = _contents(_a_few, _card, st.one_of(_useful, _useful, _outcomes))
_plain = _contents(_anybody, st.none(), _outcomes)
_partial_changes = st.one_of(
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
    st.tuples(_partial_changes),
    st.tuples(st.just(VOID), _partial_changes),
    st.tuples(_partial_changes, _partial_changes),
    st.tuples(with_and_without_cards),
)


@dataclass(frozen=True)
class PlannedConsultation:
    """One consultation: its first content, and its changes (`void` or new content, in order)."""

    id: UUID
    content: dict[str, Any]
    changes: tuple[Any, ...] = ()

    def with_card(self, replacements: Mapping[int, int]) -> "PlannedConsultation":
        """Return the same consultation with some cards replaced by others."""
        contents = (
            {**each, "card": replacements.get(each["card"], each["card"])}
            if "card" in each
            else each
            for each in (self.content, *self.changes)
        )
        content, *changes = contents
        return replace(self, content=content, changes=tuple(changes))

    def final_state(self, year_start: int) -> tuple[dict[str, Any], bool] | None:
        """Return the final content and whether it is void; None if it was refused."""
        if not is_valid_content(self.content, year_start):
            return None
        content, void = self.content, False
        for change in self.changes:
            if change == VOID:
                void = True
            elif is_valid_content(change, year_start):
                content, void = change, False
        return content, void


@dataclass(frozen=True)
class History:
    """Consultations, and cards that replaced others: pairs of lost and replacement."""

    consultations: tuple[PlannedConsultation, ...]
    replaced: tuple[tuple[int, int], ...] = ()

    def steps(self, order: int) -> Iterator[Any]:
        """Yield all steps in one of their possible orders: a record comes before its changes."""
        waiting = [
            [(planned, None), *((planned, change) for change in planned.changes)]
            for planned in self.consultations
        ]
        waiting.append(list(self.replaced))
        rng = Random(order)
        while waiting := [chain for chain in waiting if chain]:
            yield rng.choice(waiting).pop(0)

    def card_groups(self) -> dict[int, int]:
        """Return for each card the one that stands for its group, the cards of one person."""
        return resolve_replacements(self.replaced)[0]

    def refusals(self) -> list[bool]:
        """Return for each replacement whether it must be refused: replaced once already, or a loop."""
        return resolve_replacements(self.replaced)[1]


def resolve_replacements(
    replaced: tuple[tuple[int, int], ...],
) -> tuple[dict[int, int], list[bool]]:
    """Return the group of each card after these replacements, and which of them must be refused."""
    group_of = {card: card for card in range(CARDS)}
    lost_cards: set[int] = set()
    refused = []
    for lost, new in replaced:
        refused.append(lost in lost_cards or group_of[lost] == group_of[new])
        if not refused[-1]:
            lost_cards.add(lost)
            replaced_group, merged = group_of[new], group_of[lost]
            group_of = {
                card: merged if group == replaced_group else group
                for card, group in group_of.items()
            }
    return group_of, refused


@st.composite
def _planned_consultations(draw: st.DrawFn, contents: Any, changes: Any) -> PlannedConsultation:
    content = draw(contents)
    changed, latest = [], content
    for change in draw(changes):
        if change != VOID:
            latest = _apply_change(latest, change)
        changed.append(VOID if change == VOID else latest)
    return PlannedConsultation(draw(st.uuids(version=4)), content, tuple(changed))


def _apply_change(content: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    if {"desk", "held_on", "outcomes"} <= change.keys():
        return change
    if "groups" not in content:
        change = {name: value for name, value in change.items() if name in ("desk", "held_on")}
    return {**content, **change}


_pairs = st.lists(st.tuples(_card, _card).filter(lambda pair: pair[0] != pair[1]), max_size=3)


def _many(planned: Any, largest: int) -> Any:
    return st.lists(
        planned,
        min_size=1,
        max_size=largest,
        unique_by=lambda each: each.id,
    ).map(tuple)


def histories(max_size: int = 14) -> st.SearchStrategy[History]:
    """Draw up to `max_size` consultations, with and without cards, some of which replace others."""
    consultations = _many(_planned_consultations(with_and_without_cards, _changes), max_size)
    return st.builds(History, consultations, _pairs.map(tuple))


def card_histories(max_size: int = 10) -> st.SearchStrategy[History]:
    """Draw up to `max_size` consultations of very few cards: nearly everybody returns."""
    carded = _carded.map(lambda content: {**content, "card": content["card"] % 2})
    replaced = st.sampled_from(((), ((0, 2),), ((0, 1),), ((1, 3), (3, 0))))
    return st.builds(History, _many(_planned_consultations(carded, _changes), max_size), replaced)


@dataclass
class HistoryPlayer:
    """Desks and their staff, who play each history on an empty database."""

    app: Flask
    clerk: Principal
    boss: Principal
    records: list[Record] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    ids: dict[int, int] = field(default_factory=dict)

    def play(self, history: History, year_start: int, order: int = 0) -> None:
        """Record, correct, void and replace; set `records` to what must be left at the end."""
        self.set_reporting_year_start(year_start)
        refusals = iter(history.refusals())
        with clock.frozen_at(NOW):
            self.reset(CARDS)
            for planned, change in history.steps(order):
                with unit_of_work():
                    if isinstance(planned, int):
                        self._replace(planned, change, next(refusals))
                    elif change is None:
                        self.record(planned)
                    else:
                        self.change(planned, change)
        self.records = [*_records(history, year_start)]

    def desk(self, code: str) -> DeskRow:
        """Return one of the desks."""
        desk = find_desk(db.session(), self.clerk.scope, code)
        db.session.rollback()
        assert desk is not None
        return desk

    def set_reporting_year_start(self, month: int) -> None:
        """Set the month in which the reporting year begins."""
        present = self.app.config["SETTINGS"]
        self.app.config["SETTINGS"] = replace(present, reporting_year_start=month)

    def reset(self, n_cards: int) -> None:
        """Delete all records and issue n new cards."""
        with unit_of_work():
            for table in TABLES:
                db.session.execute(delete(table))
        with unit_of_work():
            codes = print_cards(self.clerk, "HND-01", n_cards)
            self.codes = dict(enumerate(codes))
            self.ids = {find_card(code).id: card for card, code in self.codes.items()}

    def record(self, planned: PlannedConsultation) -> None:
        """Record the first content."""
        content = parse_consultation(self._as_json(planned.id, planned.content))
        result = recording.record(db.session(), self.clerk, content)
        assert isinstance(result, Accepted) == self._is_valid(planned.content), result

    def change(self, planned: PlannedConsultation, change: Any) -> None:
        """Void the consultation (`void`) or correct its content."""
        row = find_consultation(db.session(), self.boss.scope, planned.id)
        if row is None:
            return
        if change == VOID:
            reason = Change(row.version, "other")
            result = corrections.void(db.session(), self.boss, row, reason)
            assert isinstance(result, Accepted), result
            return
        content = self._as_json(planned.id, change)
        card = change.get("card")
        if card is not None and self._attached_card(planned.id) == card and planned.id.int % 2:
            content["card"] = "attached"
        parsed = parse_correction({**content, "version": row.version, "reason": "other"})
        result = corrections.correct(db.session(), self.boss, row, parsed)
        assert isinstance(result, Accepted) == self._is_valid(change), result

    def _is_valid(self, content: dict[str, Any]) -> bool:
        return is_valid_content(content, self.app.config["SETTINGS"].reporting_year_start)

    def _attached_card(self, consultation_id: UUID) -> int | None:
        table = PersonLine.__table__
        lines = select(table.c.card_id).where(table.c.consultation_id == consultation_id).limit(1)
        return self.ids.get(db.session.scalar(lines) or 0)

    def _replace(self, lost: int, new: int, refused: bool) -> None:
        fields = {"lost": self.codes[lost], "replacement": self.codes[new]}
        result = replace_card(db.session(), self.boss, fields)
        assert (not isinstance(result, Accepted)) == refused, (lost, new, result)

    def _as_json(self, consultation_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
        content_json = as_json(consultation_id, content)
        return content_json | (
            {"card": self.codes.get(content_json["card"])} if "card" in content_json else {}
        )

    def lines(self) -> list[dict[str, Any]]:
        """Return the live person lines, with the card's number instead of its row id."""
        table = PersonLine.__table__
        live = select(table).where(table.c.is_void.is_(False)).order_by(table.c.id)
        cards = {**self.ids, None: None}
        rows = [dict(row) for row in db.session.execute(live).mappings()]
        db.session.rollback()
        return [{**row, "id": 0, "card_id": cards[row["card_id"]]} for row in rows]

    def aggregates(self) -> list[str]:
        """Return all aggregate rows that are not zero."""
        rows = [
            f"{model.__tablename__} {row}" for model in AGGREGATES for row in _nonzero_rows(model)
        ]
        db.session.rollback()
        return sorted(rows)


def _nonzero_rows(model: Any) -> Iterator[str]:
    counters = {"n", "in_country", "in_programme", "consultations", "persons", "tallies"}
    table = model.__table__
    for row in db.session.execute(select(table).order_by(*table.primary_key)).mappings():
        if any(row[name] for name in counters & row.keys()):
            yield str(sorted(row.items()))


def print_cards(principal: Principal, desk: str, n: int, year: int = 2026) -> list[str]:
    """Issue n new cards in the running transaction and return their codes."""
    desk_row = find_desk(db.session(), principal.scope, desk)
    assert desk_row is not None
    return issue(db.session(), principal.account_id, desk_row, n, year)


def find_card(code: str) -> CardRow:
    """Return the card of a code."""
    card = find_typed_card(db.session(), code)
    assert isinstance(card, CardRow), card
    return card


def make_player(app: Flask) -> HistoryPlayer:
    """Create four desks in three countries, a clerk at all of them, their supervisor, the region."""
    desks = tuple(
        make_desk(code, country, **({"time_zone": "America/Tijuana"} if country == "MEX" else {}))
        for code, country in DESKS.items()
    )
    clerk = make_account("clerk", "desk_staff", desks)
    boss = make_account("boss", "supervisor", countries=("HND", "MEX", "SUR"))
    make_account("regional", "regional")
    return HistoryPlayer(app, clerk, boss)


def content_of_one_woman(**fields: Any) -> dict[str, Any]:
    """Return the content of one woman's first visit; `fields` replace the defaults."""
    group = {
        "nationality": "HND",
        "situation": "in_transit",
        "repeat_contact": "first_this_year",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }
    defaults = {"desk": "HND-01", "held_on": date(2026, 2, 17), "groups": [group], "card": None}
    return {**defaults, "topics": ["asylum"], "outcomes": ["information_given"], **fields}


def as_json(consultation_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
    """Return what a client would send; its card is still a number."""
    return {**content, "id": str(consultation_id), "held_on": content["held_on"].isoformat()}


def is_valid_content(content: dict[str, Any], year_start: int) -> bool:
    """Return whether the answers are possible: in the year's first month nobody came in an earlier month of it."""
    answers = {group["repeat_contact"] for group in content.get("groups", ())}
    return not (content["held_on"].month == year_start and "first_this_month" in answers)


def _records(history: History, year_start: int) -> Iterator[Record]:
    """Yield the consultations of a history as they must be at its end."""
    card_groups = {**history.card_groups(), None: None}
    for planned in history.consultations:
        final_state = planned.final_state(year_start)
        if final_state:
            content, void = final_state
            card = card_groups[content.get("card")]
            yield replace(as_record(planned.id, content), voided=void, card=card)


def as_record(consultation_id: UUID, content: dict[str, Any]) -> Record:
    """Return the content as a record of the reference model, without its card."""
    people = tuple(
        ProfileCount(
            g["nationality"], g["situation"], g["repeat_contact"], p["sex"], p["age_band"], p["n"]
        )
        for g in content.get("groups", ())
        for p in g["persons"]
    )
    topics = tuple(content.get("topics", ()))
    main = topics[0] if topics else ""
    desk, outcomes = content["desk"], tuple(content["outcomes"])
    return Record(
        consultation_id, desk, DESKS[desk], content["held_on"], outcomes, topics, main, people
    )
