"""Random histories of desks in three countries: what was recorded, corrected and voided."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import strategies as st
from sqlalchemy import delete

from app.base import clock
from app.base.access import Principal
from app.base.database import db, unit_of_work
from app.base.lists import AGE_BANDS, REPEAT_CONTACTS, SEXES, SITUATIONS
from app.consultations.actions import changing, recording
from app.consultations.forms.reading import read
from app.consultations.models import Consultation, ConsultationVersion
from app.consultations.queries import find_consultation
from app.consultations.vocabulary import OUTCOMES, TOPICS
from app.people.models import PersonLine
from tests.builders import at, make_account, make_desk
from tests.counts.brute import Record, Some

NOW = at("2026-04-10 12:00")
DESKS = {"HND-01": "HND", "HND-02": "HND", "SUR-01": "SUR", "MEX-01": "MEX"}
MONTHS = ("2025-09", "2025-10", "2025-12", "2026-01", "2026-02", "2026-03")
DAYS = tuple(date.fromisoformat(f"{month}-{day}") for month in MONTHS for day in ("01", "17", "28"))
EDGES = tuple(
    date.fromisoformat(d) for d in ("2025-09-30", "2025-10-31", "2025-12-31", "2026-01-31")
)

_persons = st.builds(
    lambda sex, band, n: {"sex": sex, "age_band": band, "n": n},
    st.sampled_from(SEXES.codes),
    st.sampled_from(AGE_BANDS.codes),
    st.integers(1, 7),
)
_group = st.fixed_dictionaries(
    {
        "nationality": st.sampled_from(("HND", "VEN", "HTI", "XXA", "XXX")),
        "situation": st.sampled_from(SITUATIONS.codes),
        "repeat_contact": st.sampled_from(REPEAT_CONTACTS.codes),
        "persons": st.lists(
            _persons, min_size=1, max_size=3, unique_by=lambda p: (p["sex"], p["age_band"])
        ),
    }
)
_where = {"desk": st.sampled_from(tuple(DESKS)), "held_on": st.sampled_from(DAYS + EDGES)}
_full = st.fixed_dictionaries(
    {
        **_where,
        "groups": st.lists(_group, min_size=1, max_size=3),
        "topics": st.lists(st.sampled_from(TOPICS.codes[:8]), min_size=1, max_size=3, unique=True),
        "outcomes": st.lists(
            st.sampled_from(OUTCOMES.codes[:-1]), min_size=1, max_size=2, unique=True
        ),
    }
)
_tally = st.fixed_dictionaries({**_where, "outcomes": st.just(["person_declined_record"])})
contents = st.one_of(_full, _full, _full, _full, _tally)
fates = st.one_of(st.none(), st.none(), st.just("void"), contents)


@dataclass(frozen=True)
class Told:
    """One consultation: what was first said, and its fate (None, `void` or new content)."""

    id: UUID
    content: dict[str, Any]
    fate: Any


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[Told]:
    """A history of up to `most` consultations."""
    ids = st.uuids(version=4)
    told = st.builds(Told, ids, contents, fates)
    return draw(st.lists(told, min_size=1, max_size=most, unique_by=lambda t: t.id))


@dataclass
class Stage:
    """Desks and who records there; every history is played on an empty database."""

    app: Flask
    clerk: Principal
    boss: Principal
    records: list[Record] = field(default_factory=list)

    def play(self, history: list[Told], year_start: int) -> None:
        """Records, corrects and voids; `records` is then what must stand at the end."""
        settings = replace(self.app.config["SETTINGS"], reporting_year_start=year_start)
        self.app.config["SETTINGS"] = settings
        self.records = []
        with clock.standing_at(NOW):
            with unit_of_work():
                for table in (PersonLine, ConsultationVersion, Consultation):
                    db.session.execute(delete(table))
            for told in history:
                with unit_of_work():
                    self._record(told)
            for told in history:
                with unit_of_work():
                    self._change(told)
            self.records = [r for told in history if (r := self._standing(told, year_start))]

    def _record(self, told: Told) -> None:
        recording.record(db.session(), self.clerk, read(as_json(told.id, told.content)))

    def _change(self, told: Told) -> None:
        row = find_consultation(db.session(), self.boss.scope, told.id)
        if row is None or told.fate is None:
            return
        said = {"version": row.version, "reason": "other"}
        if told.fate == "void":
            changing.void(db.session(), self.boss, row, said, frozenset())
        else:
            new = read(as_json(told.id, told.fate))
            changing.correct(db.session(), self.boss, row, new, said)

    def _standing(self, told: Told, year_start: int) -> Record | None:
        if not can_be_said(told.content, year_start):
            return None
        if told.fate == "void":
            return replace(as_record(told.content), voided=True)
        if told.fate is not None and can_be_said(told.fate, year_start):
            return as_record(told.fate)
        return as_record(told.content)


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


def as_json(known_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
    """What a client would send."""
    return {**content, "id": str(known_id), "held_on": content["held_on"].isoformat()}


def can_be_said(content: dict[str, Any], year_start: int) -> bool:
    """In the year's first month nobody can have come in an earlier month of it."""
    answers = {group["repeat_contact"] for group in content.get("groups", ())}
    return not (content["held_on"].month == year_start and "first_this_month" in answers)


def as_record(content: dict[str, Any]) -> Record:
    """The content as the count by hand reads it."""
    people = tuple(
        Some(g["nationality"], g["situation"], g["repeat_contact"], p["sex"], p["age_band"], p["n"])
        for g in content.get("groups", ())
        for p in g["persons"]
    )
    topics = tuple(content.get("topics", ()))
    main = topics[0] if topics else ""
    desk, outcomes = content["desk"], tuple(content["outcomes"])
    return Record(desk, DESKS[desk], content["held_on"], outcomes, topics, main, people)
