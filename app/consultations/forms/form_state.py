"""What the page of a consultation shows: its sections, the choices of a desk, the answers so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from app.codelists.codelist import N_
from app.codelists.shared_codelists import USUAL_NATIONALITIES
from app.consultations import queries
from app.consultations.rules.checks import offers_earlier_month
from app.consultations.rules.consultation_data import ConsultationData, as_json
from app.consultations.vocabulary import USUAL_TOPICS
from app.db.session import Session
from app.month import Month
from app.people.queries.lines import list_nationalities_by_frequency
from app.places.queries import DeskRow
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.web.access import Scope

SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("card", N_("Visitor card"), ("card",)),
    ("who", N_("Who are they?"), ("groups.persons",)),
    ("from", N_("Nationality"), ("groups.nationality",)),
    ("asked", N_("What did they ask?"), ("topics", "main_topic")),
    ("did", N_("What did we do?"), ("outcomes",)),
    ("needs", N_("Is anybody in the group…?"), ("flags",)),
    ("how", N_("How and when"), ("held_on", "channel", "modality", "language", "travel_group")),
    ("moving", N_("Situation"), ("groups.situation",)),
    ("before", N_("Did they come before?"), ("groups.repeat_contact",)),
)
"""Every field that a person answers stands in exactly one section."""
HIDDEN_FIELDS = ("id", "desk", "taps", "milliseconds", "device", "sequence")
"""Fields that the page fills in itself."""


@dataclass(frozen=True)
class FormOptions:
    """What one desk offers on one day; the order holds for the whole day, so that no answer moves under a finger."""

    desk: DeskRow
    today: date
    nationalities: list[str]
    topics: list[str]
    languages: tuple[str, ...]
    offers_earlier_month: bool
    last_day: date
    """The last day that can be recorded: today, or the desk's last where it has closed."""

    @property
    def has_closed(self) -> bool:
        return self.last_day < self.today


def get_form_options(
    session: Session, scope: Scope, desk: DeskRow, today: date, year_start: int
) -> FormOptions:
    """The seven nationalities and ten topics most used at the desk in the 30 days before today, and the rest."""
    first, last = today - timedelta(days=30), today - timedelta(days=1)
    met = list_nationalities_by_frequency(session, scope, desk.id, first, last)
    asked = queries.list_topics_by_frequency(session, scope, desk.id, first, last)
    return FormOptions(
        desk,
        today,
        _first(7, met, USUAL_NATIONALITIES),
        _first(10, asked, USUAL_TOPICS),
        programme()[desk.country].languages,
        offers_earlier_month(Month.of(today), year_start),
        min(closes_with_country(desk.country, desk.closed_on) or today, today),
    )


def _first(most: int, used: Sequence[str], usual: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*used, *usual)))[:most]


@dataclass
class FormGroup:
    """One nationality's answers; `counts` by `sex-band`, as typed."""

    nationality: str = ""
    situation: str = "unknown"
    repeat_contact: str = ""
    counts: dict[str, Any] = field(default_factory=dict)


@dataclass
class FormState:
    """The answers that the page shows, right or wrong."""

    id: str
    held_on: str
    channel: str = "desk_in_person"
    modality: str = "informational"
    travel_group: str = "not_stated"
    language: str = ""
    topics: list[str] = field(default_factory=list)
    main_topic: str = ""
    outcomes: list[str] = field(default_factory=lambda: ["information_given"])
    flags: list[str] = field(default_factory=list)
    card: str = ""
    groups: list[FormGroup] = field(default_factory=lambda: [FormGroup()])


def blank_form(today: date, remembered: dict[str, Any]) -> FormState:
    """An untouched page: only channel and modality are remembered, and "information given" is marked."""
    return FormState(str(uuid4()), today.isoformat(), **remembered)


def prefill_from_last(last: ConsultationData, today: date, remembered: dict[str, Any]) -> FormState:
    """The page "same as the last one": its nationality and topics, never its people."""
    shown = blank_form(today, remembered)
    shown.groups = [FormGroup(nationality=group.nationality) for group in last.groups]
    shown.topics, shown.main_topic = list(last.topics), last.main_topic
    return shown


def form_state_from_data(content: ConsultationData) -> FormState:
    """The page filled with a recorded content."""
    return form_state_from_raw(as_json(content))


def form_state_from_raw(raw: dict[str, Any]) -> FormState:
    """The page filled with what was sent, whatever it was, so that nothing typed is lost."""
    plain = ("channel", "modality", "travel_group", "language", "main_topic", "card")
    said: dict[str, Any] = {name: str(raw[name])[:40] for name in plain if raw.get(name)}
    said |= {name: _texts(raw.get(name)) for name in ("topics", "outcomes", "flags")}
    groups = raw.get("groups")
    shown = FormState(str(raw.get("id") or uuid4())[:40], str(raw.get("held_on") or "")[:40])
    given = groups if isinstance(groups, list) else []
    known = [_shown_group(some) for some in given if isinstance(some, dict)]
    return replace(shown, **said, groups=known or [FormGroup()])


def with_last_composition(shown: FormState, groups: list[dict[str, Any]]) -> FormState:
    """The page with the people that a card held last (people.actions.lookup), for confirmation."""
    return replace(shown, groups=[_shown_group(group) for group in groups] or shown.groups)


def _texts(value: Any) -> list[str]:
    return [str(code)[:40] for code in value] if isinstance(value, (list, tuple)) else []


def _shown_group(group: dict[str, Any]) -> FormGroup:
    counts = {f"{p.get('sex')}-{p.get('age_band')}": p.get("n") for p in group.get("persons") or ()}
    return FormGroup(
        str(group.get("nationality") or ""),
        str(group.get("situation") or "unknown"),
        str(group.get("repeat_contact") or ""),
        counts,
    )
