"""Fifty coordinators want the last places at once: never more held than free, everybody informed, nothing lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.cases.actions.referrals import refer
from app.db.session import db, unit_of_work
from app.referrals.models import Referral, ReferralOffer
from app.referrals.schemas.bodies import parse_referral
from app.shelters.models import BedChange, BedHold
from app.web.outcomes import Accepted
from tests.factories.records import make_account, make_desk
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

CLIENTS, TIMES, PLACES = 50, 8 if ROUNDS == 1 else 20 * ROUNDS, 7
HOLDS, REFERRALS, OFFERS = BedHold.__table__, Referral.__table__, ReferralOffer.__table__


def group_of(n: int) -> list[dict[str, Any]]:
    return [{"sex": "female", "age_band": "age_25_59", "n": n}]


def at_once(pool: ThreadPoolExecutor, calls: list[Any]) -> list[tuple[int, Any]]:
    """Run calls at the same moment and return their answers."""
    barrier = Barrier(len(calls))

    def run(call: Any) -> tuple[int, Any]:
        barrier.wait()
        status, body = call()
        return status, body

    return list(pool.map(run, calls))


def action_call(client: Client, referral_id: str, action: str, **fields: Any) -> Any:
    return lambda: client.post(f"/referrals/{referral_id}/{action}", fields)


class RaceWorld:
    """One desk, shelters, and coordinators who work at all of them."""

    def __init__(self, app: Flask, shelters: int) -> None:
        self.url = app.config["SETTINGS"].database_url
        desk = make_desk()
        self.officer = make_account("ana", "desk_staff", (desk,))
        self.shelters = [make_shelter(f"S-{n}", {"women": PLACES}) for n in range(shelters)]
        for name in ("cora", "dora"):
            make_coordinator(name, *self.shelters)

    def send(self, groups: list[tuple[list[str], int]]) -> list[str]:
        """Send referrals of n women each to these shelters; return their ids."""
        ids = []
        with unit_of_work():
            for shelters, n in groups:
                fields = referral_json(shelters=shelters, persons=group_of(n), id=str(uuid4()))
                referral_data, problems = parse_referral(fields)
                assert not problems
                intake = refer(db.session(), self.officer, referral_data)
                assert isinstance(intake, Accepted), intake
                ids.append(referral_data.id)
        db.session.remove()
        return ids


def count_held(shelter_id: int) -> tuple[int, int]:
    """Count the people held at a shelter by its holds, and by the referrals that it accepted."""
    holds = select(func.coalesce(func.sum(HOLDS.c.person_count), 0)).where(
        HOLDS.c.shelter_id == shelter_id
    )
    accepted = select(func.coalesce(func.sum(REFERRALS.c.person_count), 0)).where(
        REFERRALS.c.shelter_id == shelter_id, REFERRALS.c.state == "accepted"
    )
    counts = db.session.scalar(holds), db.session.scalar(accepted)
    db.session.rollback()
    return counts


def race(app: Flask, times: int, module: str) -> list[tuple[int, int, list[tuple[int, Any]]]]:
    """Return per shelter: people held, people accepted, the answers of fifty clients that accepted at once."""
    world = RaceWorld(app, times)
    parties = [1 + n % 5 for n in range(CLIENTS)]
    ids_by_shelter = [
        world.send([([shelter.code], n) for n in parties]) for shelter in world.shelters
    ]
    with serving(world.url, workers=4, module=module) as server:
        names = ("cora", "dora")
        clients = [Client(server.port).sign_in(names[n % 2]) for n in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = [
                at_once(
                    pool, [action_call(*pair, "accept") for pair in zip(clients, ids, strict=True)]
                )
                for ids in ids_by_shelter
            ]
    return [
        (*count_held(shelter.id), shelter_answers)
        for shelter, shelter_answers in zip(world.shelters, answers, strict=True)
    ]


def test_fifty_clients_race_for_the_last_places_and_never_more_is_held_than_free(
    app: Flask,
) -> None:
    for n_held, n_accepted, answers in race(app, TIMES, "wsgi:application"):
        assert n_held == n_accepted <= PLACES
        assert {status for status, _ in answers} == {200, 409}
        problems = {body["problem"] for status, body in answers if status == 409}
        assert problems == {"no_places"}
        losers = [1 + n % 5 for n, (status, _) in enumerate(answers) if status == 409]
        assert min(losers) > PLACES - n_held
    last = select(BedChange.__table__.c.held).order_by(BedChange.__table__.c.id.desc()).limit(1)
    assert 0 < db.session.scalar(last) <= PLACES


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_race_would_show_beds_that_are_not_locked(app: Flask) -> None:
    assert any(
        n_held > PLACES for n_held, _, _ in race(app, 3, "tests.mutants.no_bed_lock:application")
    )


def test_simultaneous_actions_have_one_outcome(app: Flask) -> None:
    world = RaceWorld(app, 3)
    codes = [shelter.code for shelter in world.shelters]
    n_referrals = 12 * ROUNDS
    offered = world.send([(codes, 1)] * 2)
    answered = world.send([(codes[:1], 1)] * n_referrals)
    cancelled = world.send([(codes[1:2], 1)] * n_referrals)
    with serving(world.url, workers=4) as server, ThreadPoolExecutor(3) as pool:
        cora, dora, eva = (Client(server.port).sign_in(name) for name in ("cora", "dora", "cora"))
        ana = Client(server.port).sign_in("ana")
        for referral_id in offered:
            calls = [
                action_call(client, referral_id, "accept", shelter=code)
                for client, code in zip((cora, dora, eva), codes, strict=True)
            ]
            results = at_once(pool, calls)
            assert Counter(status for status, _ in results) == {200: 1, 409: 2}
            assert {body["problem"] for status, body in results if status == 409} == {
                "taken_by_another"
            }
            assert len(ana.ask("GET", f"/referrals/{referral_id}")[1]["offers"]) == len(codes)
        for referral_id in answered:
            calls = [
                action_call(cora, referral_id, "accept"),
                action_call(dora, referral_id, "decline", reason="safety_risk"),
            ]
            _one_wins(at_once(pool, calls), ana, referral_id, {"accepted", "declined"})
            cora.post(f"/referrals/{referral_id}/no-show", {})
        for referral_id in cancelled:
            calls = [
                action_call(cora, referral_id, "accept"),
                action_call(ana, referral_id, "cancel"),
            ]
            results = at_once(pool, calls)
            assert results[1][0] == 200 and results[0][0] in (200, 409)
            assert ana.ask("GET", f"/referrals/{referral_id}")[1]["state"] == "cancelled"
    assert all(_is_settled(referral_id) for referral_id in (*offered, *answered, *cancelled))
    assert count_open_holds() == len(offered)


def _one_wins(
    results: list[tuple[int, Any]], ana: Client, referral_id: str, states: set[str]
) -> None:
    assert Counter(status for status, _ in results) == {200: 1, 409: 1}
    state = next(body["state"] for status, body in results if status == 200)
    assert state in states
    assert ana.ask("GET", f"/referrals/{referral_id}")[1]["state"] == state


def _is_settled(referral_id: str) -> bool:
    """Return whether no offer of a referral is open any more."""
    open_offers = select(func.count()).where(
        OFFERS.c.referral_id == UUID(referral_id), OFFERS.c.is_open
    )
    return db.session.scalar(open_offers) == 0


def count_open_holds() -> int:
    held_people = select(func.coalesce(func.sum(HOLDS.c.person_count), 0)).where(
        HOLDS.c.ended_at.is_(None)
    )
    return int(db.session.scalar(held_people))
