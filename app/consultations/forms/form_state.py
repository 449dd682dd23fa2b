"""The form of a consultation: its sections, the options that a desk offers, the answers so far."""

from collections.abc import Mapping, Sequence
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
from app.json_object import JsonObject
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
"""Every field that a person answers is in exactly one section."""
HIDDEN_FIELDS = ("id", "desk", "taps", "milliseconds", "device", "sequence")
"""Fields that the page fills in itself."""


@dataclass(frozen=True)
class FormOptions:
    """The options that a desk offers on a day, in one order for the whole day so that no button moves."""

    desk: DeskRow
    today: date
    nationalities: list[str]
    topics: list[str]
    languages: tuple[str, ...]
    offers_earlier_month: bool
    last_day: date
    """The last day that can be recorded: today, or the desk's last day if it has closed."""

    @property
    def has_closed(self) -> bool:
        return self.last_day < self.today


def get_form_options(
    session: Session, scope: Scope, desk: DeskRow, today: date, year_start: int
) -> FormOptions:
    """Return a desk's options, with its seven nationalities and ten topics most used in the 30 days before today."""
    first, last = today - timedelta(days=30), today - timedelta(days=1)
    nationalities = list_nationalities_by_frequency(session, scope, desk.id, first, last)
    topics = queries.list_topics_by_frequency(session, scope, desk.id, first, last)
    return FormOptions(
        desk,
        today,
        _first(7, nationalities, USUAL_NATIONALITIES),
        _first(10, topics, USUAL_TOPICS),
        programme()[desk.country].languages,
        offers_earlier_month(Month.containing(today), year_start),
        min(closes_with_country(desk.country, desk.closed_on) or today, today),
    )


def _first(most: int, used: Sequence[str], usual: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*used, *usual)))[:most]


@dataclass
class FormGroup:
    """The answers for one nationality; `counts` are as typed, by `sex-band`."""

    nationality: str = ""
    situation: str = "unknown"
    repeat_contact: str = ""
    counts: dict[str, object] = field(default_factory=dict)


@dataclass
class FormState:
    """The answers that the form shows, valid or not."""

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


def blank_form(today: date, remembered: Mapping[str, str]) -> FormState:
    """Return a new form, with the remembered channel and modality and "information given" selected."""
    return FormState(
        str(uuid4()),
        today.isoformat(),
        channel=remembered.get("channel", FormState.channel),
        modality=remembered.get("modality", FormState.modality),
    )


def prefill_from_last(
    last: ConsultationData, today: date, remembered: Mapping[str, str]
) -> FormState:
    """Return a form with the nationalities and topics of the last consultation, never its people."""
    form_state = blank_form(today, remembered)
    form_state.groups = [FormGroup(nationality=group.nationality) for group in last.groups]
    form_state.topics, form_state.main_topic = list(last.topics), last.main_topic
    return form_state


def form_state_from_data(data: ConsultationData) -> FormState:
    """Return the form filled with recorded data."""
    return form_state_from_raw(as_json(data))


def form_state_from_raw(raw: JsonObject) -> FormState:
    """Return the form filled with the fields as sent, valid or not, so that no input is lost."""
    text_fields = ("channel", "modality", "travel_group", "language", "main_topic", "card")
    texts = {name: str(raw[name])[:40] for name in text_fields if raw.get(name)}
    form_state = FormState(str(raw.get("id") or uuid4())[:40], str(raw.get("held_on") or "")[:40])
    raw_groups = raw["groups"] if isinstance(raw.get("groups"), list) else []
    groups = [_form_group(group) for group in raw_groups if isinstance(group, dict)]
    return replace(
        form_state,
        **texts,
        topics=_texts(raw.get("topics")),
        outcomes=_texts(raw.get("outcomes")),
        flags=_texts(raw.get("flags")),
        groups=groups or [FormGroup()],
    )


def with_last_composition(form_state: FormState, groups: list[JsonObject]) -> FormState:
    """Return the form with the people that came with a card last (people.actions.lookup), to be confirmed."""
    return replace(form_state, groups=[_form_group(group) for group in groups] or form_state.groups)


def _texts(value: Any) -> list[str]:
    return [str(code)[:40] for code in value] if isinstance(value, (list, tuple)) else []


def _form_group(group: JsonObject) -> FormGroup:
    counts = {f"{p.get('sex')}-{p.get('age_band')}": p.get("n") for p in group.get("persons") or ()}
    return FormGroup(
        str(group.get("nationality") or ""),
        str(group.get("situation") or "unknown"),
        str(group.get("repeat_contact") or ""),
        counts,
    )
