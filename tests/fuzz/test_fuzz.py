"""Random requests to a real server on both databases: 0 x 5xx, 0 wrong permissions; and a faulty server."""

import pytest
from flask import Flask

from app.db.session import db
from app.places.queries import find_desk
from app.staff import queries as staff
from app.web.access import Principal, Scope
from tests.contracts.test_permissions import make_world
from tests.fuzz.runner import HttpClient, Report, fuzz
from tests.server import ROUNDS, serving
from tests.sync.tablet import make_tablet

pytestmark = pytest.mark.both_databases

N_REQUESTS = 250 if ROUNDS == 1 else 20_000  # as many over https, four times: tests/production
SEED = 12


def fuzzed_world(app: Flask) -> tuple[dict[str, str], str]:
    """Insert objects of every kind; return them by name, and the credential of a tablet."""
    world = make_world(app)
    admin = staff.find_account(db.session(), "the.admin")
    desk = find_desk(db.session(), Scope(programme=True), "HND-01")
    assert admin is not None and desk is not None
    principal = Principal(admin.id, "the.admin", "admin", frozenset())
    enrolment = make_tablet(app, principal, desk, "Tablet F").enrolment
    key = enrolment["keys"][0]
    world |= {"fuzzed": enrolment["device"], "key": key["id"], "public": key["public"]}
    db.session.remove()
    return world, enrolment["credential"]


def run(app: Flask, database_url: str, n: int, module: str) -> Report:
    """Send n requests to a server of that module; return the report."""
    world, credential = fuzzed_world(app)
    with serving(database_url, module=f"{module}:application") as server:
        report = fuzz(app, HttpClient("127.0.0.1", server.port), world, credential, n, SEED)
    print(dict(sorted(report.statuses.items())), f"{report.compared} compared")
    return report


def test_no_request_ends_in_a_fault_or_beyond_its_permission(app: Flask, database_url: str) -> None:
    report = run(app, database_url, N_REQUESTS, "tests.apps.no_rate_limits")
    for line in report.faults:
        print(line)
    assert report.faults == []
    assert report.compared > N_REQUESTS // 40
    assert report.statuses[200] + report.statuses[201] > N_REQUESTS // 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_without_permission_checks_is_caught(app: Flask, database_url: str) -> None:
    report = run(app, database_url, 250, "tests.mutants.no_permission_check")
    faults = {line.partition(":")[0] for line in report.faults}
    assert "status 500" in faults
    assert any(line.endswith("not [403]") for line in faults)
