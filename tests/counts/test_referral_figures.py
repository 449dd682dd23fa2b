"""Figures of referrals and beds equal a count by hand, expired or not, in the month of the desk."""

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
from app.referrals.actions.create import create_referral
from app.referrals.actions.expire import expire_overdue
from app.referrals.actions.perform import perform
from app.referrals.rules.referral_data import ReferralData, ReferralOrigin
from app.shelters.actions.beds import BedUpdate, set_beds
from app.shelters.models import BedChange
from app.shelters.queries.shelters import ShelterRow
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted
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
RANDOM_ACTIONS = (
    ("accept",) * 6 + ("decline",) * 4 + ("arrive",) * 4 + ("no-show", "complete", "complete")
    + ("waitlist", "seen", "cancel")
)  # fmt: skip


@dataclass
class ReferralModel:
    """The expected state of one referral."""

    id: UUID
    desk: DeskRow
    service: str
    sent_at: datetime
    deadline: datetime
    pending_offers: int
    events: list[tuple[str, datetime, str]] = field(default_factory=list)
    accepted_at: datetime | None = None
    hold_until: datetime | None = None
    answered_at: datetime | None = None
    is_closed: bool = False

    def month(self, moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self.desk.time_zone)).strftime("%Y-%m")

    def is_shelter(self) -> bool:
        return self.service == "shelter"

    def events_at(self, now: datetime) -> list[tuple[str, datetime, str]]:
        """Return all events at a moment, including the ends that follow from time alone."""
        all_events = list(self.events)
        if self.accepted_at:
            all_events.append(("accepted", self.accepted_at, ""))
        if self.is_closed or not self.is_shelter():
            return all_events
        if self.accepted_at is None and now >= self.deadline:
            all_events.append(("expired", self.deadline, ""))
        arrived = any(state == "arrived" for state, _, _ in all_events)
        if self.hold_until and not arrived and now >= self.hold_until + DAY:
            all_events.append(("no_show", self.hold_until + DAY, ""))
        return all_events


@dataclass
class ReferralWorld:
    """Two desks, three shelters, the expected referrals; a clock that only goes forward."""

    rng: Random
    desks: list[DeskRow]
    clerk: Principal
    coordinators: dict[int, Principal]
    shelters: list[ShelterRow]
    now: datetime = BEGIN
    referrals: list[ReferralModel] = field(default_factory=list)

    def step(self) -> None:
        """Take one random action, which may be refused."""
        self.now += timedelta(minutes=self.rng.choice((1, 3, 8, 20, 55, 180, 600)))
        with clock.frozen_at(self.now), unit_of_work():
            luck = self.rng.random()
            if luck < 0.22 or not self.referrals:
                self.send()
            elif luck < 0.24:
                expire_overdue(db.session())
            else:
                still_open = [referral for referral in self.referrals if not referral.is_closed]
                referral = self.rng.choice(still_open[-6:] or self.referrals)
                self.take_action(referral, self.rng.choice(RANDOM_ACTIONS))

    def send(self) -> None:
        desk, rng = self.rng.choice(self.desks), self.rng
        shelters = [shelter for shelter in self.shelters if shelter.country == desk.country]
        chosen = rng.sample(shelters, rng.randint(1, len(shelters)))
        service = "shelter" if rng.random() < 0.8 else "health"
        codes = tuple(shelter.code for shelter in chosen) if service == "shelter" else ()
        priority = rng.choice(("tonight", "emergency_24h", "urgent_72h"))
        referral_data = ReferralData(
            str(uuid4()), desk.code, "", codes, service, "", priority,
            (PersonCount("female", "age_25_59", rng.randint(1, 3)),), (), "spa", "", True, False,
        )  # fmt: skip
        intake = create_referral(db.session(), self.clerk, desk, referral_data, ReferralOrigin())
        assert isinstance(intake, Accepted), intake
        row = intake.value.referral
        self.referrals.append(
            ReferralModel(row.id, desk, service, self.now, row.deadline, len(codes))
        )
        self.referrals[-1].events.append(("sent", self.now, ""))

    def take_action(self, referral: ReferralModel, action: str) -> None:
        reason = self.rng.choice(REASONS)
        principal = self.clerk
        if referral.is_shelter() and action != "cancel":
            shelters = [
                shelter for shelter in self.shelters if shelter.country == referral.desk.country
            ]
            principal = self.coordinators[self.rng.choice(shelters).id]
        action_input = ActionInput(reason=reason if action == "decline" else "")
        if not isinstance(
            perform(db.session(), principal, referral.id, action, action_input), Accepted
        ):
            return
        getattr(self, f"after_{action.replace('-', '_')}")(referral, principal, reason)

    def after_seen(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        pass

    def after_waitlist(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        referral.answered_at = referral.answered_at or self.now

    def after_decline(self, referral: ReferralModel, _principal: Principal, reason: str) -> None:
        referral.pending_offers -= 1
        if referral.pending_offers == 0:
            referral.answered_at = referral.answered_at or self.now
            referral.events.append(("declined", self.now, reason))
            referral.is_closed = True

    def after_accept(self, referral: ReferralModel, principal: Principal, _reason: str) -> None:
        before = (referral.accepted_at, referral.hold_until)
        referral.accepted_at = referral.accepted_at or self.now
        referral.hold_until = self.now + HOLD
        referral.answered_at = referral.answered_at or self.now
        if before == (None, None) and self.rng.random() < 0.3:
            with clock.frozen_at(self.now + timedelta(seconds=9)):
                assert isinstance(
                    perform(db.session(), principal, referral.id, "undo", ActionInput()),
                    Accepted,
                )
            referral.accepted_at = referral.hold_until = referral.answered_at = None
        elif self.rng.random() < 0.3:
            self.now += timedelta(minutes=5)
            with clock.frozen_at(self.now):
                assert isinstance(
                    perform(db.session(), principal, referral.id, "arrive", ActionInput()),
                    Accepted,
                )
            self.after_arrive(referral, principal, "")

    def after_arrive(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        referral.events.append(("arrived", self.now, ""))

    def after_no_show(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        self.close(referral, "no_show")

    def after_complete(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        self.close(referral, "completed")

    def after_cancel(self, referral: ReferralModel, _principal: Principal, _reason: str) -> None:
        self.close(referral, "cancelled")

    def close(self, referral: ReferralModel, state: str) -> None:
        referral.events.append((state, self.now, ""))
        referral.is_closed = True


def expected_figures(world: ReferralWorld, month: str, place: str) -> dict[str, object]:
    """Return the figures of a country, a desk or the programme (""), counted by hand."""
    referrals = [
        referral
        for referral in world.referrals
        if place in ("", referral.desk.country, referral.desk.code)
    ]
    events = [
        (state, reason)
        for referral in referrals
        for state, moment, reason in referral.events_at(world.now)
        if referral.month(moment) == month
    ]
    n_events = Counter(state for state, _ in events)
    declined = Counter(reason for state, reason in events if state == "declined")
    sent_referrals = [
        referral
        for referral in referrals
        if referral.is_shelter() and referral.month(referral.sent_at) == month
    ]
    end_states = Counter(
        state
        for referral in sent_referrals
        for state, _, _ in referral.events_at(world.now)
        if state != "sent"
    )
    decided = end_states["accepted"] + end_states["declined"] + end_states["expired"]
    waiting_seconds = [
        (referral.answered_at - referral.sent_at).total_seconds()
        for referral in sent_referrals
        if referral.answered_at
    ]
    names = ("sent", "accepted", "expired", "arrived", "no_show", "completed")
    return {name: n_events[name] for name in names} | {
        "declined": dict(declined),
        "refused_no_places": declined["no_capacity"],
        "acceptance_pct": round(100 * end_states["accepted"] / decided, 1) if decided else None,
        "median_answer_hours": round(median(waiting_seconds) / 3600, 1)
        if waiting_seconds
        else None,
    }


def expected_beds(world: ReferralWorld, month: str, country: str) -> dict[str, object]:
    """Return the figures of beds from the history of changes: the state at the end of every day."""
    first = Month.parse(month)
    zones_of_country = {desk.time_zone for desk in world.desks if country in ("", desk.country)}
    zones_of_country |= {
        programme_country.time_zone
        for code, programme_country in programme().items()
        if country in ("", code)
    }
    today = max(clock.day_at(world.now, zone) for zone in zones_of_country)
    days = [day for day in first.days if day <= today]
    zones = {s.id: s.time_zone for s in world.shelters if country in ("", s.country)}
    changes = db.session.execute(
        select(BedChange.__table__).order_by(BedChange.__table__.c.id)
    ).all()
    usable = occupied = 0
    shares = []
    for day in days:
        last_changes = {
            (change.shelter_id, change.category): change
            for change in changes
            if change.shelter_id in zones
            and clock.day_at(change.at, zones[change.shelter_id]) <= day
        }
        usable = sum(change.capacity - change.blocked for change in last_changes.values())
        occupied = sum(change.occupied for change in last_changes.values())
        shares += [100 * occupied / usable] if usable else []
    occupancy = round(fmean(shares), 1) if shares else None
    return {"beds_available": usable if days else 0, "occupancy_pct": occupancy}


def read_figures(scope: Scope, now: datetime, **parameters: str) -> dict[str, object]:
    """Return the figures of referrals as the JSON shows them."""
    with clock.frozen_at(now):
        query = forms.read_query(scope, parameters, 1)
        assert not isinstance(query, int), (query, parameters)
        figures, _, _ = get_figures(db.session(), scope, query)
        db.session.rollback()
    return dict(to_json(figures)["referrals"])


def assert_figures_equal(world: ReferralWorld) -> None:
    """Compare the shown with the expected figures, for every scope and month that has begun."""
    first_desk, second_desk = world.desks
    desk_scope = Scope(desks=frozenset({first_desk.id}), home_country=first_desk.country)
    country_scope = Scope(
        countries=frozenset({second_desk.country}), home_country=second_desk.country
    )
    latest = max(clock.day_at(world.now, desk.time_zone) for desk in world.desks)
    for month in (month_code for month_code in MONTHS if month_code <= f"{latest:%Y-%m}"):
        for scope, place, parameters in (
            (EVERYTHING, "", {}),
            (EVERYTHING, first_desk.country, {"country": first_desk.country}),
            (country_scope, second_desk.country, {"country": second_desk.country}),
            (country_scope, second_desk.code, {"desk": second_desk.code}),
            (desk_scope, first_desk.code, {}),
        ):
            figures = read_figures(scope, world.now, month=month, **parameters)
            assert figures.keys() == KEYS
            beds = expected_beds(world, month, place[:3])
            assert figures == expected_figures(world, month, place) | beds, (month, place)
    db.session.rollback()


def make_world(seed: int) -> ReferralWorld:
    zones = {"HND": "America/Tegucigalpa", "MEX": "America/Tijuana"}
    desks = [make_desk(f"{code}-01", code, time_zone=zone) for code, zone in zones.items()]
    with clock.frozen_at(at("2026-02-20 12:00")):
        shelters = [
            make_shelter(code, {"women": n}, country=code[:3], time_zone=zones[code[:3]], email="")
            for code, n in (("HND-S1", 40), ("HND-S2", 6), ("MEX-S1", 30))
        ]
    clerk = make_account("ana", "desk_staff", tuple(desks))
    coordinators = {}
    for number, shelter in enumerate(shelters):
        account_id = make_coordinator(f"cora{number}", shelter)
        coordinators[shelter.id] = replace(
            clerk,
            account_id=account_id,
            role="shelter_coordinator",
            scope=Scope(shelters=frozenset({shelter.id})),
        )
    return ReferralWorld(Random(seed), desks, clerk, coordinators, shelters)


@pytest.mark.parametrize("seed", range(1, 1 + ROUNDS))
def test_figures_are_those_counted_by_hand_before_and_after_expiring(app, seed):
    world = make_world(seed)
    for step in range(240):
        world.step()
        if step == 150:
            assert_figures_equal(world)
    with clock.frozen_at(world.now), unit_of_work():
        for _ in range(4):
            world.send()
    world.now += timedelta(hours=80)
    assert_figures_equal(world)
    with clock.frozen_at(world.now), unit_of_work():
        expiry = expire_overdue(db.session())
    assert expiry.expired > 0
    assert_figures_equal(world)
    seen_states = Counter(
        state for referral in world.referrals for state, _, _ in referral.events_at(world.now)
    )
    states = {"sent", "accepted", "expired", "declined", "arrived", "no_show", "completed"}
    assert states <= seen_states.keys()


def test_a_month_ends_at_the_midnight_of_the_desk(app):
    world = make_world(3)
    world.desks = world.desks[:1]
    moments = {
        "2026-03-01 05:50": "send",
        "2026-03-01 06:10": "accept",
        "2026-03-01 06:30": "arrive",
    }
    for moment, action in moments.items():
        with clock.frozen_at(at(moment)), unit_of_work():
            if action == "send":
                world.shelters = world.shelters[:1]
                world.rng.random = lambda: 0.1
                world.send()
            else:
                coordinator = world.coordinators[world.shelters[0].id]
                result = perform(
                    db.session(), coordinator, world.referrals[0].id, action, ActionInput()
                )
                assert isinstance(result, Accepted)
    figures = {
        month: read_figures(EVERYTHING, at("2026-03-02 12:00"), month=month, country="HND")
        for month in ("2026-02", "2026-03")
    }
    february, march = figures["2026-02"], figures["2026-03"]
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
            update = BedUpdate("women", occupied=15, reason="emergency")
            assert set_beds(db.session(), None, full, update) == Accepted(None)
    half = read_figures(EVERYTHING, at("2026-03-20 18:00"), month="2026-03", country="HND")
    assert half["beds_available"] == 10
    assert half["occupancy_pct"] == 112.5  # ten days of 15 in 20 places, ten of 15 in 10
    with clock.frozen_at(at("2026-03-21 18:00")), unit_of_work():
        update = BedUpdate("women", blocked=4, occupied=3)
        assert set_beds(db.session(), None, full, update) == Accepted(None)
    now = at("2026-03-22 18:00")
    assert read_figures(EVERYTHING, now, month="2026-03", country="HND")["beds_available"] == 6
    assert read_figures(EVERYTHING, now, month="2026-02", country="HND")["occupancy_pct"] is None


def test_the_page_shows_reasons_in_words_and_each_sees_their_own(app):
    world = make_world(4)
    with clock.frozen_at(at("2026-03-05 18:00")), unit_of_work():
        world.desks, world.now = world.desks[:1], clock.now()
        world.rng.random = lambda: 0.1
        world.shelters = world.shelters[:1]
        world.send()
        coordinator = world.coordinators[world.shelters[0].id]
        declined = perform(
            db.session(),
            coordinator,
            world.referrals[0].id,
            "decline",
            ActionInput(reason="no_capacity"),
        )
        assert isinstance(declined, Accepted)
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
