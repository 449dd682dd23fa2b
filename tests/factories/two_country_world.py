"""Create two desks of one country and one of another; sign their people in when a test needs them."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, text

from app import clock
from app.consultations.models import Consultation, ConsultationVersion
from app.db.session import db
from app.people.models.lines import PersonLine
from app.places.queries import DeskRow
from app.web.access import Principal
from tests.factories.records import Browser, make_account, make_desk, sign_in

TABLES = (Consultation, ConsultationVersion, PersonLine)


@dataclass
class TwoCountryWorld:
    """The desks, the accounts by name, and a signed-in browser for each name."""

    app: Flask
    desks: dict[str, DeskRow]
    accounts: dict[str, Principal]
    _browsers: dict[str, Browser] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Browser:
        if name not in self._browsers:
            self._browsers[name] = sign_in(self.app, name)
        return self._browsers[name]

    def sign_in_again(self, name: str) -> Browser:
        """Sign an account in again, for a test that moved the clock."""
        self._browsers[name] = sign_in(self.app, name)
        return self._browsers[name]


def make_two_country_world(app: Flask) -> TwoCountryWorld:
    """Create Ana and Ben at HND-01, Eva at HND-02, Guille at GTM-01, their supervisors, regional, admin."""
    first, second, abroad = make_desk(), make_desk("HND-02"), make_desk("GTM-01", "GTM")
    accounts = [
        make_account("ana", "desk_staff", (first,)),
        make_account("ben", "desk_staff", (first,)),
        make_account("eva", "desk_staff", (second,)),
        make_account("guille", "desk_staff", (abroad,)),
        make_account("susana", "supervisor", countries=("HND",)),
        make_account("gabi", "supervisor", countries=("GTM",)),
        make_account("rita", "regional"),
        make_account("adela", "admin"),
        make_account("cora", "shelter_coordinator"),
    ]
    desks = {desk.code: desk for desk in (first, second, abroad)}
    return TwoCountryWorld(app, desks, {account.username: account for account in accounts})


class TwoCountryWorldCopies:
    """The two-country world in the file of a test's database: created once for each moment, then copied."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._made: dict[object, tuple[Path, TwoCountryWorld]] = {}

    def open(self, app: Flask) -> TwoCountryWorld:
        """Return a copy of the world, or a new one if a test has begun to fill the database."""
        if db.session.scalar(
            text("SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM desk)")
        ):
            return make_two_country_world(app)
        moment = clock._fixed.get()
        if moment not in self._made:
            world = make_two_country_world(app)
            self._disconnect()
            copy = self._database.with_name(f"world-{len(self._made)}.sqlite")
            shutil.copyfile(self._database, copy)
            self._made[moment] = (copy, world)
        else:
            self._disconnect()
            shutil.copyfile(self._made[moment][0], self._database)
        copied = self._made[moment][1]
        return TwoCountryWorld(app, dict(copied.desks), dict(copied.accounts))

    @staticmethod
    def _disconnect() -> None:
        db.session.remove()
        db.engine.dispose()


def row_counts() -> dict[str, int]:
    """Count the rows of every table that a consultation may touch, and its audit entries."""
    session = db.session()
    counts = {
        table.__tablename__: session.scalar(select(func.count()).select_from(table))
        for table in TABLES
    }
    counts["audit_entry"] = session.scalar(
        text("SELECT count(*) FROM audit_entry WHERE action IN ('recorded', 'corrected', 'voided')")
    )
    session.rollback()
    return counts
