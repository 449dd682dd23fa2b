"""Builds the demo programme: desks, shelters, accounts, and what was recorded there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.demo.actions.accounts import Crew, hire, hire_at_shelters
from app.demo.actions.batches import Batch, number_cards_on
from app.demo.actions.returns import Returns
from app.demo.actions.shelters import Houses, open_shelters
from app.demo.programme.calendar import share_out
from app.demo.programme.cards import Press
from app.demo.programme.consultations import DeskStory, Telling
from app.demo.programme.distributions import chance_of
from app.demo.programme.onward_travel import Roads, along_the_way
from app.demo.programme.places import DemoDesk, Period, demo_desks
from app.demo.programme.returning_visitors import Pool
from app.demo.programme.shelters import demo_shelters
from app.month import Month
from app.places.actions import open_desk
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Scope


@dataclass(frozen=True)
class Wish:
    """What is asked of the demo: the seed, how many months up to now, how many consultations."""

    seed: int
    months: int
    consultations: int


@dataclass(frozen=True)
class Built:
    """How many desks and person lines were written."""

    desks: int
    persons: int


def build(session: Session, wish: Wish, done: Callable[[int], None]) -> Built:
    """Writes the programme into a database without desks; `done` hears of progress."""
    period = period_of(wish.months)
    plans = demo_desks(period)
    for plan in plans:
        wrong = open_desk(session, None, plan.fields)
        if wrong:
            raise ValueError(f"{plan.code}: {wrong[0].field} {wrong[0].code}")
    desks = {desk.code: desk for desk in list_desks(session, Scope(programme=True))}
    crew = hire(session, plans, desks)
    batch = Batch(session)
    houses = _house(session, wish, plans, crew, batch)
    returns = Returns(crew, batch.take)
    for plan in plans:
        houses.open(plan, desks[plan.code], period)
        returns.open(plan, desks[plan.code])
    for desk, telling in tell(wish, plans, desks, period):
        batch.add(telling, desk, crew)
        houses.desks[desk.code].hear(telling)
        returns.desks[desk.code].hear(telling)
        if batch.is_full:
            done(batch.write())
    done(batch.write())
    houses.finish(batch.write)
    number_cards_on(session)
    record_audit(None, "demo_built", f"demo:{wish.seed}")
    return Built(len(desks), batch.persons)


def _house(session: Session, wish: Wish, plans: list[DemoDesk], crew: Crew, batch: Batch) -> Houses:
    shelters = demo_shelters(plans)
    rows = open_shelters(session, shelters)
    hire_at_shelters(session, shelters, rows, crew)
    return Houses((shelters, rows), crew, wish.seed, batch.take)


def period_of(months: int) -> Period:
    """The days of that many months up to today, wherever it is still yesterday."""
    today = min(clock.today_at(country.time_zone) for country in programme().values())
    return Period(Month.of(today).plus(1 - months).first_day, today)


def tell(
    wish: Wish, plans: list[DemoDesk], desks: dict[str, DeskRow], period: Period
) -> Iterator[tuple[DeskRow, Telling]]:
    """Every consultation of the demo with its desk, desk after desk and day after day.

    Memory holds only who may come again.
    """
    settings, now = current_settings(), clock.now()
    on_the_way = along_the_way(plans)
    roads = Roads(on_the_way, period.last)
    press = Press(settings.card_keys, settings.reporting_year_start)
    shares = share_out(wish.seed, wish.consultations, on_the_way, period)
    for code, days in groupby(shares, key=lambda share: share[0].code):
        chance = chance_of(wish.seed, code)
        story = DeskStory(desks[code], now, Pool(desks[code], roads, chance), press, chance)
        for _, day, many in days:
            for telling in story.tell(day, many):
                yield desks[code], telling
