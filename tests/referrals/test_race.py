"""Fifty coordinators want the last places at once: never more held than free, everybody told, nothing lost."""

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
from app.referrals.actions.create import ReferralIntake
from app.referrals.forms.referral import parse_referral
from app.referrals.models import Referral, ReferralOffer
from app.shelters.models import BedChange, BedHold
from tests.factories.records import make_account, make_desk
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

CLIENTS, TIMES, PLACES = 50, 8 if ROUNDS == 1 else 20 * ROUNDS, 7
HOLDS, REFERRALS, OFFERS = BedHold.__table__, Referral.__table__, ReferralOffer.__table__


def group_of(n: int) -> list[dict[str, Any]]:
    return [{"sex": "female", "age_band": "age_25_59", "n": n}]


def at_once(pool: ThreadPoolExecutor, calls: list[Any]) -> list[tuple[int, Any]]:
    """The answers of calls that wait for each other and then go at the same moment."""
    together = Barrier(len(calls))

    def go(call: Any) -> tuple[int, Any]:
        together.wait()
        status, said = call()
        return status, said

    return list(pool.map(go, calls))


def acting(client: Client, referral_id: str, act: str, **said: Any) -> Any:
    return lambda: client.post(f"/referrals/{referral_id}/{act}", said)


class Scene:
    """One desk, shelters, coordinators who work at all of them, and referrals that were sent."""

    def __init__(self, app: Flask, shelters: int) -> None:
        self.url = app.config["SETTINGS"].database_url
        desk = make_desk()
        self.officer = make_account("ana", "desk_staff", (desk,))
        self.shelters = [make_shelter(f"S-{n}", {"women": PLACES}) for n in range(shelters)]
        for name in ("cora", "dora"):
            make_coordinator(name, *self.shelters)

    def send(self, many: list[tuple[list[str], int]]) -> list[str]:
        """The ids of referrals of so many women to these shelters."""
        ids = []
        with unit_of_work():
            for shelters, n in many:
                said = referral_json(shelters=shelters, persons=group_of(n), id=str(uuid4()))
                content, problems = parse_referral(said)
                assert not problems
                sent = refer(db.session(), self.officer, content)
                assert isinstance(sent, ReferralIntake), sent
                ids.append(content.id)
        db.session.remove()
        return ids


def held_at(shelter_id: int) -> tuple[int, int]:
    """People held at a shelter by its holds, and by the referrals that it accepted."""
    holds = select(func.coalesce(func.sum(HOLDS.c.person_count), 0)).where(
        HOLDS.c.shelter_id == shelter_id
    )
    accepted = select(func.coalesce(func.sum(REFERRALS.c.person_count), 0)).where(
        REFERRALS.c.shelter_id == shelter_id, REFERRALS.c.state == "accepted"
    )
    found = db.session.scalar(holds), db.session.scalar(accepted)
    db.session.rollback()
    return found


def race(app: Flask, times: int, module: str) -> list[tuple[int, int, list[tuple[int, Any]]]]:
    """Per shelter: people held, people accepted, and the answers of fifty clients that accepted at once."""
    scene = Scene(app, times)
    parties = [1 + n % 5 for n in range(CLIENTS)]
    sent = [scene.send([([one.code], n) for n in parties]) for one in scene.shelters]
    with serving(scene.url, workers=4, module=module) as server:
        names = ("cora", "dora")
        clients = [Client(server.port).sign_in(names[n % 2]) for n in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = [
                at_once(pool, [acting(*pair, "accept") for pair in zip(clients, ids, strict=True)])
                for ids in sent
            ]
    return [(*held_at(s.id), a) for s, a in zip(scene.shelters, answers, strict=True)]


def test_fifty_clients_race_for_the_last_places_and_never_more_is_held_than_free(
    app: Flask,
) -> None:
    for held, accepted, answers in race(app, TIMES, "wsgi:application"):
        assert held == accepted <= PLACES
        assert {status for status, _ in answers} == {200, 409}
        told = {said["problem"] for status, said in answers if status == 409}
        assert told == {"no_places"}
        losers = [1 + n % 5 for n, (status, _) in enumerate(answers) if status == 409]
        assert min(losers) > PLACES - held
    last = select(BedChange.__table__.c.held).order_by(BedChange.__table__.c.id.desc()).limit(1)
    assert 0 < db.session.scalar(last) <= PLACES


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_race_would_show_places_that_nobody_holds(app: Flask) -> None:
    assert any(
        held > PLACES for held, _, _ in race(app, 3, "tests.mutants.no_bed_lock:application")
    )


def test_one_outcome_whoever_acts_at_the_same_moment(app: Flask) -> None:
    scene = Scene(app, 3)
    codes = [one.code for one in scene.shelters]
    times = 12 * ROUNDS
    offers = scene.send([(codes, 1)] * 2)
    answers = scene.send([(codes[:1], 1)] * times)
    cancels = scene.send([(codes[1:2], 1)] * times)
    with serving(scene.url, workers=4) as server, ThreadPoolExecutor(3) as pool:
        cora, dora, eva = (Client(server.port).sign_in(name) for name in ("cora", "dora", "cora"))
        ana = Client(server.port).sign_in("ana")
        for one in offers:
            three = [
                acting(client, one, "accept", shelter=code)
                for client, code in zip((cora, dora, eva), codes, strict=True)
            ]
            told = at_once(pool, three)
            assert Counter(status for status, _ in told) == {200: 1, 409: 2}
            assert {s["problem"] for status, s in told if status == 409} == {"taken_by_another"}
            assert len(ana.ask("GET", f"/referrals/{one}")[1]["offers"]) == len(codes)
        for one in answers:
            pair = [acting(cora, one, "accept"), acting(dora, one, "decline", reason="safety_risk")]
            _one_wins(at_once(pool, pair), ana, one, {"accepted", "declined"})
            cora.post(f"/referrals/{one}/no-show", {})
        for one in cancels:
            pair = [acting(cora, one, "accept"), acting(ana, one, "cancel")]
            told = at_once(pool, pair)
            assert told[1][0] == 200 and told[0][0] in (200, 409)
            assert ana.ask("GET", f"/referrals/{one}")[1]["state"] == "cancelled"
    assert all(_is_settled(one) for one in (*offers, *answers, *cancels))
    assert held_now(scene) == len(offers)


def _one_wins(told: list[tuple[int, Any]], ana: Client, one: str, states: set[str]) -> None:
    assert Counter(status for status, _ in told) == {200: 1, 409: 1}
    won = next(said["state"] for status, said in told if status == 200)
    assert won in states
    assert ana.ask("GET", f"/referrals/{one}")[1]["state"] == won


def _is_settled(one: str) -> bool:
    """Whether no offer of a referral is open any more."""
    mine = select(func.count()).where(OFFERS.c.referral_id == UUID(one), OFFERS.c.is_open)
    return db.session.scalar(mine) == 0


def held_now(scene: Scene) -> int:
    mine = select(func.coalesce(func.sum(HOLDS.c.person_count), 0)).where(
        HOLDS.c.ended_at.is_(None)
    )
    return int(db.session.scalar(mine))
