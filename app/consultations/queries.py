"""Reads consultations, within the scope of who asks."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.composition import PersonCount
from app.consultations.models import Consultation, ConsultationVersion
from app.consultations.rules.consultation_data import ConsultationData, Group
from app.consultations.vocabulary import LIVE
from app.db.session import Record, connection_of
from app.people.queries.cards import CardRow, lock_card_groups
from app.people.queries.lines import find_cards_of_consultations, list_lines_unscoped
from app.places.models import Desk
from app.staff.models import Account
from app.web.access import Scope

CONSULTATIONS = Consultation.__table__
VERSIONS = ConsultationVersion.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__


def _within(scope: Scope, wanted: Select[Any]) -> Select[Any]:
    return wanted.where(
        CONSULTATIONS.c.desk_id.in_(scope.desks) | CONSULTATIONS.c.country.in_(scope.countries)
    )


def find_stored_unscoped(session: Session, ids: Collection[UUID]) -> dict[UUID, Record]:
    """Desk, digest and version of known ids, whoever's they are: to tell which are the same or different."""
    columns = (
        CONSULTATIONS.c.id,
        CONSULTATIONS.c.desk_id,
        CONSULTATIONS.c.arrival_digest,
        CONSULTATIONS.c.version,
    )
    known: Select[Any] = select(*columns).where(CONSULTATIONS.c.id.in_(ids))
    return {row.id: row for row in session.execute(known.order_by(CONSULTATIONS.c.id))}


def find_consultation(session: Session, scope: Scope, consultation_id: UUID) -> Record | None:
    """The row with its desk's code, name and time zone; None where there is none or it is foreign."""
    wanted = _with_desk().where(CONSULTATIONS.c.id == consultation_id)
    return session.execute(_within(scope, wanted)).first()


def lock_consultation(
    session: Session, scope: Scope, consultation_id: UUID, cards: Collection[CardRow] = ()
) -> Record | None:
    """The same row, held until the transaction ends, so that changes of one record queue up; `cards` as below."""
    return next(iter(lock_consultations(session, scope, [consultation_id], cards)), None)


def lock_consultations(
    session: Session, scope: Scope, ids: Collection[UUID], cards: Collection[CardRow] = ()
) -> Sequence[Record]:
    """The rows of these ids within the scope, held until the transaction ends, in the order of their ids.

    Their cards and `cards` are held before them, as whoever records does it. A row that was given another card while
    we waited for it is let go, and all is taken again in that order.
    """
    wanted = _within(scope, _with_desk().where(CONSULTATIONS.c.id.in_(ids))).order_by(
        CONSULTATIONS.c.id
    )
    while True:
        attempt = connection_of(session).begin_nested()
        shown = find_cards_of_consultations(session, ids)
        lock_card_groups(session, [*cards, *shown.values()])
        rows = session.execute(wanted.with_for_update(of=CONSULTATIONS)).all()
        if find_cards_of_consultations(session, ids).keys() <= shown.keys() | {
            card.id for card in cards
        }:
            attempt.commit()
            return rows
        attempt.rollback()


def _with_desk() -> Select[Any]:
    columns = (
        CONSULTATIONS,
        DESKS.c.code.label("desk"),
        DESKS.c.time_zone,
        DESKS.c.name.label("desk_name"),
    )
    return cast("Select[Any]", select(*columns).join(DESKS, DESKS.c.id == CONSULTATIONS.c.desk_id))


def get_consultation_data(session: Session, row: Record) -> ConsultationData:
    """The content of a row of `find_consultation` as it stands."""
    plain = {"id": str(row.id), "desk": row.desk, "held_on": row.held_on}
    if row.is_tally:
        return ConsultationData(**plain)
    lines = list_lines_unscoped(session, row.id)
    return ConsultationData(
        **plain,
        channel=row.channel,
        modality=row.modality,
        travel_group=row.travel_group,
        language=row.language,
        groups=groups_from_lines(lines),
        topics=row.topics,
        main_topic=row.main_topic,
        outcomes=row.outcomes,
        flags=row.flags,
        card_id=lines[0].card_id,
    )


def groups_from_lines(lines: Sequence[Record]) -> tuple[Group, ...]:
    """The groups that the lines of one consultation stand for, in their order."""
    by_place: dict[int, list[Record]] = {}
    for line in lines:
        by_place.setdefault(line.place, []).append(line)
    return tuple(
        Group(some[0].nationality, some[0].situation, some[0].repeat_contact, _persons(some))
        for _, some in sorted(by_place.items())
    )


def _persons(lines: Sequence[Record]) -> tuple[PersonCount, ...]:
    """The people of one group; those of a card stand on a line each."""
    met: Counter[tuple[str, str]] = Counter()
    for line in lines:
        met[line.sex, line.age_band] += line.n
    return tuple(PersonCount(*profile, n) for profile, n in met.items())


def list_versions_unscoped(session: Session, consultation_id: UUID) -> Sequence[Record]:
    """The superseded versions with their authors' usernames, oldest first; the scope was checked."""
    wanted = (
        select(VERSIONS, ACCOUNTS.c.username)
        .join(ACCOUNTS, ACCOUNTS.c.id == VERSIONS.c.changed_by)
        .where(VERSIONS.c.consultation_id == consultation_id)
        .order_by(VERSIONS.c.version)
    )
    return session.execute(wanted).all()


def get_username(session: Session, account_id: int) -> str:
    """The username of an account that exists."""
    wanted = select(ACCOUNTS.c.username).where(ACCOUNTS.c.id == account_id)
    return str(session.execute(wanted).scalar_one())


def list_consultations_of_day(
    session: Session, scope: Scope, desk_id: int, day: date
) -> Sequence[Record]:
    """The consultations held at a desk on a day, voided ones included, the last received first."""
    wanted = select(CONSULTATIONS).where(
        CONSULTATIONS.c.desk_id == desk_id, CONSULTATIONS.c.held_on == day
    )
    ordered = _within(scope, wanted).order_by(
        CONSULTATIONS.c.received_at.desc(), CONSULTATIONS.c.id
    )
    return session.execute(ordered).all()


def list_topics_by_frequency(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> list[str]:
    """Topics asked at a desk from first to last, the most frequent first, then by code."""
    wanted = select(CONSULTATIONS.c.topics).where(
        CONSULTATIONS.c.desk_id == desk_id,
        CONSULTATIONS.c.held_on.between(first, last),
        CONSULTATIONS.c.state == LIVE,
    )
    asked: Counter[str] = Counter()
    for row in session.execute(_within(scope, wanted).order_by(CONSULTATIONS.c.id)):
        asked.update(row.topics)
    return sorted(asked, key=lambda code: (-asked[code], code))


def find_last_by_author(session: Session, scope: Scope, author_id: int) -> Record | None:
    """The author's last live consultation that is no tally, with its desk's code."""
    wanted = (
        _with_desk()
        .where(
            CONSULTATIONS.c.author_id == author_id,
            CONSULTATIONS.c.state == LIVE,
            CONSULTATIONS.c.is_tally.is_(False),
        )
        .order_by(CONSULTATIONS.c.received_at.desc(), CONSULTATIONS.c.id)
        .limit(1)
    )
    return session.execute(_within(scope, wanted)).first()
