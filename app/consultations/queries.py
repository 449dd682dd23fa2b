"""Reads and locks consultations, within the scope of an account."""

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
from app.db.session import AnyRow, connection_of
from app.people.queries.cards import CardRow, lock_card_groups
from app.people.queries.lines import find_cards_of_consultations_unscoped, list_lines_unscoped
from app.places.models import Desk
from app.staff.models import Account
from app.web.access import Scope

CONSULTATIONS = Consultation.__table__
VERSIONS = ConsultationVersion.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__


def _within(scope: Scope, query: Select[Any]) -> Select[Any]:
    return query.where(
        CONSULTATIONS.c.desk_id.in_(scope.desks) | CONSULTATIONS.c.country.in_(scope.countries)
    )


def find_stored_unscoped(session: Session, ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Return desk, digest and version of the ids that exist, in any scope: to compare them with a submission."""
    columns = (
        CONSULTATIONS.c.id,
        CONSULTATIONS.c.desk_id,
        CONSULTATIONS.c.content_digest,
        CONSULTATIONS.c.version,
    )
    query: Select[Any] = select(*columns).where(CONSULTATIONS.c.id.in_(ids))
    return {row.id: row for row in session.execute(query.order_by(CONSULTATIONS.c.id))}


def find_consultation(session: Session, scope: Scope, consultation_id: UUID) -> AnyRow | None:
    """Return the row with its desk's code, name and time zone; None if there is none within the scope."""
    query = _with_desk().where(CONSULTATIONS.c.id == consultation_id)
    return session.execute(_within(scope, query)).first()


def lock_consultation(
    session: Session, scope: Scope, consultation_id: UUID, cards: Collection[CardRow] = ()
) -> AnyRow | None:
    """Return the same row, locked until the transaction ends, so that changes wait for each other; `cards` as below."""
    return next(iter(lock_consultations(session, scope, [consultation_id], cards)), None)


def lock_consultations(
    session: Session, scope: Scope, ids: Collection[UUID], cards: Collection[CardRow] = ()
) -> Sequence[AnyRow]:
    """Return the rows of these ids within the scope, locked until the transaction ends, in the order of their ids.

    Their cards and `cards` are locked before them, as in recording. If a row got another card while this transaction
    waited, all locks are released and taken again in that order.
    """
    query = _within(scope, _with_desk().where(CONSULTATIONS.c.id.in_(ids))).order_by(
        CONSULTATIONS.c.id
    )
    while True:
        attempt = connection_of(session).begin_nested()
        own_cards = find_cards_of_consultations_unscoped(session, ids)
        lock_card_groups(session, [*cards, *own_cards.values()])
        rows = session.execute(query.with_for_update(of=CONSULTATIONS)).all()
        locked = own_cards.keys() | {card.id for card in cards}
        if find_cards_of_consultations_unscoped(session, ids).keys() <= locked:
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


def get_consultation_data(session: Session, row: AnyRow) -> ConsultationData:
    """Return the current data of a row of `find_consultation`."""
    shared = {"id": str(row.id), "desk": row.desk, "held_on": row.held_on}
    if row.is_tally:
        return ConsultationData(**shared)
    lines = list_lines_unscoped(session, row.id)
    return ConsultationData(
        **shared,
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


def groups_from_lines(lines: Sequence[AnyRow]) -> tuple[Group, ...]:
    """Return the groups of one consultation from its lines, in their order."""
    lines_by_group: dict[int, list[AnyRow]] = {}
    for line in lines:
        lines_by_group.setdefault(line.group_index, []).append(line)
    return tuple(
        Group(own[0].nationality, own[0].situation, own[0].repeat_contact, _persons(own))
        for _, own in sorted(lines_by_group.items())
    )


def _persons(lines: Sequence[AnyRow]) -> tuple[PersonCount, ...]:
    """Return the people of one group; with a card there is one line a person."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        counts[line.sex, line.age_band] += line.n
    return tuple(PersonCount(*profile, n) for profile, n in counts.items())


def list_versions_unscoped(session: Session, consultation_id: UUID) -> Sequence[AnyRow]:
    """Return the superseded versions with their authors' usernames, oldest first; the caller has checked the scope."""
    query = (
        select(VERSIONS, ACCOUNTS.c.username)
        .join(ACCOUNTS, ACCOUNTS.c.id == VERSIONS.c.changed_by)
        .where(VERSIONS.c.consultation_id == consultation_id)
        .order_by(VERSIONS.c.version)
    )
    return session.execute(query).all()


def get_username(session: Session, account_id: int) -> str:
    """Return the username of an account that exists."""
    query = select(ACCOUNTS.c.username).where(ACCOUNTS.c.id == account_id)
    return str(session.execute(query).scalar_one())


def list_consultations_of_day(
    session: Session, scope: Scope, desk_id: int, day: date
) -> Sequence[AnyRow]:
    """Return the consultations held at a desk on a day, including voided ones, the last received first."""
    query = select(CONSULTATIONS).where(
        CONSULTATIONS.c.desk_id == desk_id, CONSULTATIONS.c.held_on == day
    )
    ordered = _within(scope, query).order_by(CONSULTATIONS.c.received_at.desc(), CONSULTATIONS.c.id)
    return session.execute(ordered).all()


def list_topics_by_frequency(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> list[str]:
    """Return the topics of a desk's consultations from first to last, the most frequent first, then by code."""
    query = select(CONSULTATIONS.c.topics).where(
        CONSULTATIONS.c.desk_id == desk_id,
        CONSULTATIONS.c.held_on.between(first, last),
        CONSULTATIONS.c.state == LIVE,
    )
    counts: Counter[str] = Counter()
    for row in session.execute(_within(scope, query).order_by(CONSULTATIONS.c.id)):
        counts.update(row.topics)
    return sorted(counts, key=lambda code: (-counts[code], code))


def find_last_by_author(session: Session, scope: Scope, author_id: int) -> AnyRow | None:
    """Return the author's last live consultation that is not a tally, with its desk's code, or None."""
    query = (
        _with_desk()
        .where(
            CONSULTATIONS.c.author_id == author_id,
            CONSULTATIONS.c.state == LIVE,
            CONSULTATIONS.c.is_tally.is_(False),
        )
        .order_by(CONSULTATIONS.c.received_at.desc(), CONSULTATIONS.c.id)
        .limit(1)
    )
    return session.execute(_within(scope, query)).first()
