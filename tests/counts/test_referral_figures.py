"""Figures of referrals and beds: the same as told by hand, tidied up or not, in the month of the desk."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from statistics import fmean, median
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app import clock
from app.composition import PersonCount
from app.counts import forms
from app.counts.queries.figures import get_figures, to_json
from app.db.session import db, unit_of_work
from app.month import Month
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.referrals.actions.action_context import ActionInput
from app.referrals.actions.create import ReferralIntake, create_referral
from app.referrals.actions.expire import expire_overdue
from app.referrals.actions.perform import ActionResult, perform
from app.referrals.rules.referral_data import ReferralData, ReferralOrigin
from app.shelters.actions.beds import BedUpdate as SaidOfBeds
from app.shelters.actions.beds import set_beds
from app.shelters.models import BedChange
from app.shelters.queries.shelters import ShelterRow
from app.web.access import Principal, Scope
from tests.factories.records import at, in_new_context, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter
from tests.server import ROUNDS

pytestmark = pytest.mark.both_databases

BEGIN = at("2026-02-26 12:00")
EVERYTHING = Scope(programme=True)
HOLD, DAY = timedelta(minutes=90), timedelta(days=1)
KEYS = {
    "sent", "accepted", "declined", "expired", "arrived", "no_show", "completed",
    "acceptance_pct", "median_answer_hours", "refused_no_places", "beds_available",
    "occupancy_pct",
}  # fmt: skip
REASONS = ("no_capacity", "outside_hours", "other")
MONTHS = ("2026-02", "2026-03", "2026-04")
ACTS = (
    ("accept",) * 6 + ("decline",) * 4 + ("arrive",) * 4 + ("no-show", "complete", "complete")
    + ("waitlist", "seen", "cancel")
)  # fmt: skip


@dataclass
class Told:
    """What the test believes of one referral."""

    id: UUID
    desk: DeskRow
    service: str
    sent_at: datetime
    deadline: datetime
    waits: int
    happened: list[tuple[str, datetime, str]] = field(default_factory=list)
    accepted: datetime | None = None
    hold_until: datetime | None = None
    answered: datetime | None = None
    closed: bool = False

    def month(self, moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self.desk.time_zone)).strftime("%Y-%m")

    def is_shelter(self) -> bool:
        return self.service == "shelter"

    def lies(self, now: datetime) -> list[tuple[str, datetime, str]]:
        """Everything that happened, with what time alone has ended, at a moment."""
        said = list(self.happened)
        if self.accepted:
            said.append(("accepted", self.accepted, ""))
        if self.closed or not self.is_shelter():
            return said
        if self.accepted is None and now >= self.deadline:
            said.append(("expired", self.deadline, ""))
        arrived = any(state == "arrived" for state, _, _ in said)
        if self.hold_until and not arrived and now >= self.hold_until + DAY:
            said.append(("no_show", self.hold_until + DAY, ""))
        return said


@dataclass
class World:
    """Two desks, three shelters, what was told; a clock that only goes forward."""

    chance: Random
    desks: list[DeskRow]
    clerk: Principal
    keepers: dict[int, Principal]
    shelters: list[ShelterRow]
    now: datetime = BEGIN
    told: list[Told] = field(default_factory=list)

    def step(self) -> None:
        """Something happens, or is refused and has not happened."""
        self.now += timedelta(minutes=self.chance.choice((1, 3, 8, 20, 55, 180, 600)))
        with clock.frozen_at(self.now), unit_of_work():
            luck = self.chance.random()
            if luck < 0.22 or not self.told:
                self.send()
            elif luck < 0.24:
                expire_overdue(db.session())
            else:
                late = [one for one in self.told if not one.closed][-6:] or self.told
                self.do(self.chance.choice(late), self.chance.choice(ACTS))

    def send(self) -> None:
        desk, chance = self.chance.choice(self.desks), self.chance
        here = [one for one in self.shelters if one.country == desk.country]
        asked = chance.sample(here, chance.randint(1, len(here)))
        service = "shelter" if chance.random() < 0.8 else "health"
        codes = tuple(one.code for one in asked) if service == "shelter" else ()
        priority = chance.choice(("tonight", "emergency_24h", "urgent_72h"))
        content = ReferralData(
            str(uuid4()), desk.code, "", codes, service, "", priority,
            (PersonCount("female", "age_25_59", chance.randint(1, 3)),), (), "spa", "", True, False,
        )  # fmt: skip
        sent = create_referral(db.session(), self.clerk, desk, content, ReferralOrigin())
        assert isinstance(sent, ReferralIntake), sent
        row = sent.referral
        self.told.append(Told(row.id, desk, service, self.now, row.deadline, len(codes)))
        self.told[-1].happened.append(("sent", self.now, ""))

    def do(self, one: Told, name: str) -> None:
        reason = self.chance.choice(REASONS)
        by = self.clerk
        if one.is_shelter() and name != "cancel":
            here = [each for each in self.shelters if each.country == one.desk.country]
            by = self.keepers[self.chance.choice(here).id]
        said = ActionInput(reason=reason if name == "decline" else "")
        if not isinstance(perform(db.session(), by, one.id, name, said), ActionResult):
            return
        getattr(self, f"after_{name.replace('-', '_')}")(one, by, reason)

    def after_seen(self, one: Told, _by: Principal, _reason: str) -> None:
        pass

    def after_waitlist(self, one: Told, _by: Principal, _reason: str) -> None:
        one.answered = one.answered or self.now

    def after_decline(self, one: Told, _by: Principal, reason: str) -> None:
        one.waits -= 1
        if one.waits == 0:
            one.answered = one.answered or self.now
            one.happened.append(("declined", self.now, reason))
            one.closed = True

    def after_accept(self, one: Told, by: Principal, _reason: str) -> None:
        before = (one.accepted, one.hold_until)
        one.accepted, one.hold_until = one.accepted or self.now, self.now + HOLD
        one.answered = one.answered or self.now
        if before == (None, None) and self.chance.random() < 0.3:
            with clock.frozen_at(self.now + timedelta(seconds=9)):
                assert isinstance(
                    perform(db.session(), by, one.id, "undo", ActionInput()), ActionResult
                )
            one.accepted = one.hold_until = one.answered = None
        elif self.chance.random() < 0.3:
            self.now += timedelta(minutes=5)
            with clock.frozen_at(self.now):
                assert isinstance(
                    perform(db.session(), by, one.id, "arrive", ActionInput()), ActionResult
                )
            self.after_arrive(one, by, "")

    def after_arrive(self, one: Told, _by: Principal, _reason: str) -> None:
        one.happened.append(("arrived", self.now, ""))

    def after_no_show(self, one: Told, _by: Principal, _reason: str) -> None:
        self.close(one, "no_show")

    def after_complete(self, one: Told, _by: Principal, _reason: str) -> None:
        self.close(one, "completed")

    def after_cancel(self, one: Told, _by: Principal, _reason: str) -> None:
        self.close(one, "cancelled")

    def close(self, one: Told, state: str) -> None:
        one.happened.append((state, self.now, ""))
        one.closed = True


def by_hand(world: World, month: str, where: str) -> dict[str, object]:
    """The figures of a country, a desk or the programme ("") as somebody with paper would reckon them."""
    mine = [one for one in world.told if where in ("", one.desk.country, one.desk.code)]
    lies = [
        (state, reason)
        for one in mine
        for state, moment, reason in one.lies(world.now)
        if one.month(moment) == month
    ]
    counts = Counter(state for state, _ in lies)
    declined = Counter(reason for state, reason in lies if state == "declined")
    cohort = [one for one in mine if one.is_shelter() and one.month(one.sent_at) == month]
    ends = Counter(
        state for one in cohort for state, _, _ in one.lies(world.now) if state != "sent"
    )
    decided = ends["accepted"] + ends["declined"] + ends["expired"]
    waited = [(one.answered - one.sent_at).total_seconds() for one in cohort if one.answered]
    names = ("sent", "accepted", "expired", "arrived", "no_show", "completed")
    return {name: counts[name] for name in names} | {
        "declined": dict(declined),
        "refused_no_places": declined["no_capacity"],
        "acceptance_pct": round(100 * ends["accepted"] / decided, 1) if decided else None,
        "median_answer_hours": round(median(waited) / 3600, 1) if waited else None,
    }


def beds_by_hand(world: World, month: str, country: str) -> dict[str, object]:
    """Beds from the history of every change: what stood at the end of every day."""
    first = Month.parse(month)
    here = {desk.time_zone for desk in world.desks if country in ("", desk.country)}
    here |= {one.time_zone for code, one in programme().items() if country in ("", code)}
    today = max(clock.day_at(world.now, zone) for zone in here)
    days = [day for day in first.days if day <= today]
    zones = {s.id: s.time_zone for s in world.shelters if country in ("", s.country)}
    changes = db.session.execute(
        select(BedChange.__table__).order_by(BedChange.__table__.c.id)
    ).all()
    usable = occupied = 0
    shares = []
    for day in days:
        stands = {
            (row.shelter_id, row.category): row
            for row in changes
            if row.shelter_id in zones and clock.day_at(row.at, zones[row.shelter_id]) <= day
        }
        usable = sum(row.capacity - row.blocked for row in stands.values())
        occupied = sum(row.occupied for row in stands.values())
        shares += [100 * occupied / usable] if usable else []
    occupancy = round(fmean(shares), 1) if shares else None
    return {"beds_available": usable if days else 0, "occupancy_pct": occupancy}


def shown(scope: Scope, now: datetime, **said: str) -> dict[str, object]:
    """The figures of referrals as the JSON tells them."""
    with clock.frozen_at(now):
        asked = forms.read_query(scope, said, 1)
        assert not isinstance(asked, int), (asked, said)
        figures, _, _ = get_figures(db.session(), scope, asked)
        db.session.rollback()
    return dict(to_json(figures)["referrals"])


def compare(world: World) -> None:
    """Everything shown against everything told, for every scope and month that has begun."""
    one, two = world.desks
    own = Scope(desks=frozenset({one.id}), home_country=one.country)
    boss = Scope(countries=frozenset({two.country}), home_country=two.country)
    latest = max(clock.day_at(world.now, desk.time_zone) for desk in world.desks)
    for month in (each for each in MONTHS if each <= f"{latest:%Y-%m}"):
        for scope, where, place in (
            (EVERYTHING, "", {}),
            (EVERYTHING, one.country, {"country": one.country}),
            (boss, two.country, {"country": two.country}),
            (boss, two.code, {"desk": two.code}),
            (own, one.code, {}),
        ):
            said = shown(scope, world.now, month=month, **place)
            assert said.keys() == KEYS
            beds = beds_by_hand(world, month, where[:3])
            assert said == by_hand(world, month, where) | beds, (month, where)
    db.session.rollback()


def make_world(seed: int) -> World:
    zones = {"HND": "America/Tegucigalpa", "MEX": "America/Tijuana"}
    desks = [make_desk(f"{code}-01", code, time_zone=zone) for code, zone in zones.items()]
    with clock.frozen_at(at("2026-02-20 12:00")):
        shelters = [
            make_shelter(
                code, {"women": n}, country=code[:3], time_zone=zones[code[:3]], mailbox=""
            )
            for code, n in (("HND-S1", 40), ("HND-S2", 6), ("MEX-S1", 30))
        ]
    clerk = make_account("ana", "desk_staff", tuple(desks))
    keepers = {}
    for place, shelter in enumerate(shelters):
        account_id = make_coordinator(f"cora{place}", shelter)
        keepers[shelter.id] = replace(
            clerk,
            account_id=account_id,
            role="shelter_coordinator",
            scope=Scope(shelters=frozenset({shelter.id})),
        )
    return World(Random(seed), desks, clerk, keepers, shelters)


@pytest.mark.parametrize("seed", range(1, 1 + ROUNDS))
def test_figures_are_those_told_by_hand_before_and_after_tidying(app, seed):
    world = make_world(seed)
    for step in range(240):
        world.step()
        if step == 150:
            compare(world)
    with clock.frozen_at(world.now), unit_of_work():
        for _ in range(4):
            world.send()
    world.now += timedelta(hours=80)
    compare(world)
    with clock.frozen_at(world.now), unit_of_work():
        tidied = expire_overdue(db.session())
    assert tidied.expired > 0
    compare(world)
    seen = Counter(state for one in world.told for state, _, _ in one.lies(world.now))
    states = {"sent", "accepted", "expired", "declined", "arrived", "no_show", "completed"}
    assert states <= seen.keys()


def test_a_month_ends_at_the_midnight_of_the_desk(app):
    world = make_world(3)
    world.desks = world.desks[:1]
    moments = {
        "2026-03-01 05:50": "send",
        "2026-03-01 06:10": "accept",
        "2026-03-01 06:30": "arrive",
    }
    for moment, what in moments.items():
        with clock.frozen_at(at(moment)), unit_of_work():
            if what == "send":
                world.shelters = world.shelters[:1]
                world.chance.random = lambda: 0.1
                world.send()
            else:
                keeper = world.keepers[world.shelters[0].id]
                done = perform(db.session(), keeper, world.told[0].id, what, ActionInput())
                assert isinstance(done, ActionResult)
    found = {
        month: shown(EVERYTHING, at("2026-03-02 12:00"), month=month, country="HND")
        for month in ("2026-02", "2026-03")
    }
    february, march = found["2026-02"], found["2026-03"]
    assert [february[name] for name in ("sent", "accepted", "arrived")] == [1, 0, 0]
    assert [march[name] for name in ("sent", "accepted", "arrived")] == [0, 1, 1]
    assert (february["acceptance_pct"], march["acceptance_pct"]) == (100.0, None)
    assert (february["median_answer_hours"], march["median_answer_hours"]) == (0.3, None)


def test_more_people_than_places_stay_above_a_hundred_and_a_closed_shelter_has_no_beds(app):
    make_desk()
    with clock.frozen_at(at("2026-03-01 18:00")):
        full = make_shelter("HND-S1", {"women": 10})
        make_shelter("HND-S2", {"men": 10}, closed_on=at("2026-03-10 12:00").date())
        make_shelter("MEX-S1", {"men": 500}, country="MEX")
        with unit_of_work():
            said = SaidOfBeds("women", occupied=15, reason="emergency")
            assert set_beds(db.session(), None, full, said) == []
    half = shown(EVERYTHING, at("2026-03-20 18:00"), month="2026-03", country="HND")
    assert half["beds_available"] == 10
    assert half["occupancy_pct"] == 112.5  # ten days of 15 in 20 places, ten of 15 in 10
    with clock.frozen_at(at("2026-03-21 18:00")), unit_of_work():
        said = SaidOfBeds("women", blocked=4, occupied=3)
        assert set_beds(db.session(), None, full, said) == []
    now = at("2026-03-22 18:00")
    assert shown(EVERYTHING, now, month="2026-03", country="HND")["beds_available"] == 6
    assert shown(EVERYTHING, now, month="2026-02", country="HND")["occupancy_pct"] is None


def test_the_page_tells_reasons_in_words_and_each_sees_their_own(app):
    world = make_world(4)
    with clock.frozen_at(at("2026-03-05 18:00")), unit_of_work():
        world.desks, world.now = world.desks[:1], clock.now()
        world.chance.random = lambda: 0.1
        world.shelters = world.shelters[:1]
        world.send()
        keeper = world.keepers[world.shelters[0].id]
        declined = perform(
            db.session(), keeper, world.told[0].id, "decline", ActionInput(reason="no_capacity")
        )
        assert isinstance(declined, ActionResult)
    make_account("boss", "supervisor", countries=("HND",))
    make_account("jefa", "supervisor", countries=("MEX",))
    make_account("regional", "regional")
    for name, address in (("ana", "desk=HND-01"), ("boss", "country=HND"), ("regional", "")):
        browser = sign_in(app, name)
        json = browser.get_json(f"/counts.json?month=2026-03&{address}").get_json()["referrals"]
        assert json.keys() == KEYS
        assert (json["sent"], json["declined"]) == (1, {"no_capacity": 1})
        page = in_new_context(
            browser.client.get,
            f"/counts?month=2026-03&{address}",
            headers={"Accept-Language": "en"},
        ).get_data(as_text=True)
        assert "Why shelters said no" in page
        assert "No capacity" in page
        assert "no_capacity" not in page
    other = sign_in(app, "jefa").get_json("/counts.json?month=2026-03&country=MEX").get_json()
    assert (other["referrals"]["sent"], other["referrals"]["declined"]) == (0, {})
    table = app.test_cli_runner().invoke(args=["counts", "show", "--month", "2026-03"]).output
    assert "refused for lack of places" in table
    assert "declined: No capacity" in table
