"""Builds the demo programme: desks, shelters, accounts, and their records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.demo.actions.accounts import DemoAccounts, create_accounts, create_shelter_accounts
from app.demo.actions.batches import Batch, advance_card_sequence
from app.demo.actions.returns import ReturnSimulation
from app.demo.actions.shelters import ReferralSimulation, open_shelters
from app.demo.programme.calendar import allocate_consultations
from app.demo.programme.cards import CardPrinter
from app.demo.programme.consultations import DemoConsultation, DeskSimulation
from app.demo.programme.distributions import seeded_random
from app.demo.programme.onward_travel import OnwardTravel, in_route_order
from app.demo.programme.places import DemoDesk, Period, demo_desks
from app.demo.programme.returning_visitors import VisitorPool
from app.demo.programme.shelters import demo_shelters
from app.month import Month
from app.places.actions import NewDeskFields, open_desk
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Scope
from app.web.outcomes import Accepted


@dataclass(frozen=True)
class DemoOptions:
    """The size of the demo: seed, number of months up to now, number of consultations."""

    seed: int
    months: int
    consultations: int


@dataclass(frozen=True)
class DemoResult:
    """The numbers of desks and person lines that were written."""

    desks: int
    persons: int


def build(session: Session, options: DemoOptions, on_progress: Callable[[int], None]) -> DemoResult:
    """Write the programme into a database without desks; call `on_progress` with each batch's consultations."""
    period = demo_period(options.months)
    plans = demo_desks(period)
    for plan in plans:
        outcome = open_desk(session, None, cast(NewDeskFields, plan.fields))
        if not isinstance(outcome, Accepted):
            raise ValueError(f"{plan.code}: {outcome}")
    desks = {desk.code: desk for desk in list_desks(session, Scope(programme=True))}
    accounts = create_accounts(session, plans, desks)
    batch = Batch(session)
    referrals = _referral_simulation(session, options, plans, accounts, batch)
    returns = ReturnSimulation(accounts, batch.add_row)
    for plan in plans:
        referrals.open(plan, desks[plan.code], period)
        returns.open(plan, desks[plan.code])
    for desk, consultation in generate_consultations(options, plans, desks, period):
        batch.add(consultation, desk, accounts)
        referrals.desks[desk.code].add_consultation(consultation)
        returns.desks[desk.code].add_consultation(consultation)
        if batch.is_full:
            on_progress(batch.write())
    on_progress(batch.write())
    referrals.finish(batch.write)
    advance_card_sequence(session)
    record_audit(None, "demo_built", f"demo:{options.seed}")
    return DemoResult(len(desks), batch.persons)


def _referral_simulation(
    session: Session,
    options: DemoOptions,
    plans: list[DemoDesk],
    accounts: DemoAccounts,
    batch: Batch,
) -> ReferralSimulation:
    shelters = demo_shelters(plans)
    rows = open_shelters(session, shelters)
    create_shelter_accounts(session, shelters, rows, accounts)
    return ReferralSimulation((shelters, rows), accounts, options.seed, batch.add_row)


def demo_period(months: int) -> Period:
    """Return the days of `months` months up to today in the country whose day begins last."""
    today = min(clock.today_at(country.time_zone) for country in programme().values())
    return Period(Month.containing(today).plus(1 - months).first_day, today)


def generate_consultations(
    options: DemoOptions, plans: list[DemoDesk], desks: dict[str, DeskRow], period: Period
) -> Iterator[tuple[DeskRow, DemoConsultation]]:
    """Yield every consultation of the demo with its desk, desk after desk and day after day.

    Memory holds only the parties that may come again.
    """
    settings, now = current_settings(), clock.now()
    on_the_way = in_route_order(plans)
    onward_travel = OnwardTravel(on_the_way, period.last)
    printer = CardPrinter(settings.card_keys, settings.reporting_year_start)
    shares = allocate_consultations(options.seed, options.consultations, on_the_way, period)
    for code, days in groupby(shares, key=lambda share: share[0].code):
        rng = seeded_random(options.seed, code)
        desk_simulation = DeskSimulation(
            desks[code], now, VisitorPool(desks[code], onward_travel, rng), printer, rng
        )
        for _, day, many in days:
            for consultation in desk_simulation.generate_consultations(day, many):
                yield desks[code], consultation
