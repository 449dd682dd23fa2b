"""The permission matrix: every route × every role × own and foreign object; a route that is not in the table fails."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.cases.actions.referrals import refer
from app.db.session import Base, db, unit_of_work
from app.places.queries import DeskRow
from app.referrals.schemas.bodies import parse_referral as read_referral
from app.returns.queries.requests import RequestRow
from app.returns.rules.references import format_reference, generate_reference
from app.staff import queries as staff
from app.staff.vocabulary import ROLES
from app.sync.models import Envelope
from app.web.access import Principal
from app.web.outcomes import Accepted
from tests.factories.records import (
    JSON,
    Browser,
    consultation_json,
    in_new_context,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)
from tests.factories.returns import make_return, record_action, return_json
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.sync.tablet import make_tablet

pytestmark = pytest.mark.both_databases

EVERYBODY, SIGNED_IN = "everybody", "signed_in"
DESK, SUPERVISOR, REGIONAL, ADMIN = "desk_staff", "supervisor", "regional", "admin"
COORDINATOR = "shelter_coordinator"
NOWHERE = "00000000-0000-4000-8000-000000000000"
_numbers = count(1)


@dataclass(frozen=True)
class Route:
    """The roles that may call an endpoint on an object of their own, and others' objects that answer like missing ones.

    `{own}` and `{foreign}` are consultations; `ok` is the status of the page for the allowed roles, except the
    roles in `otherwise`.
    """

    own: str
    roles: tuple[str, ...] | str
    ok: int = 200
    foreign: tuple[str, ...] = ()
    missing: str = ""
    form: Callable[[str], dict[str, Any]] | None = None
    json: Callable[[str], dict[str, Any]] | None = None
    otherwise: Mapping[str, int] = field(default_factory=dict)


def no_fields(own: str) -> dict[str, Any]:
    return {}


def every_envelope(own: str) -> dict[str, Any]:
    return {"last": "2000000000"}


def new_desk(own: str) -> dict[str, Any]:
    return {
        "code": f"HND-{next(_numbers) + 50}",
        "country": "HND",
        "name": "Ventanilla",
        "organisation": "Municipality",
        "adm1": "HN01",
        "time_zone": "",
        "modality": "informational",
        "opened_on": "2026-01-01",
    }


def changed_desk(own: str) -> dict[str, Any]:
    return {
        **{k: v for k, v in new_desk(own).items() if k not in ("code", "country")},
        "version": "1",
    }


def closing_date(own: str) -> dict[str, Any]:
    return {"closed_on": "2030-01-01", "version": "2"}


def invitation(own: str) -> dict[str, Any]:
    name = f"new.{next(_numbers)}"
    return {"username": name, "role": "desk_staff", "desks": "HND-01", "locale": "es"}


def redrawn_form(own: str) -> dict[str, Any]:
    return {"id": own, "version": "1"}


def bad_password(own: str) -> dict[str, Any]:
    return {"current": "wrong", "password": "wrong", "repeated": "wrong"}


def correction(own: str) -> dict[str, Any]:
    return {**consultation_json(), "id": own, "reason": "slip", "version": 1}


def voiding(own: str) -> dict[str, Any]:
    return {"reason": "slip"}


def new_consultation(own: str) -> dict[str, Any]:
    return consultation_json()


def card_order(own: str) -> dict[str, Any]:
    return {"desk": "HND-01", "n": 1}


def mistyped_card(own: str) -> dict[str, Any]:
    return {"card": "WRONG", "desk": "HND-01"}


def mistyped_cards(own: str) -> dict[str, Any]:
    return {"lost": "WRONG", "replacement": "WRONG"}


def new_shelter(own: str) -> dict[str, Any]:
    numbers = {"hold_minutes": "90", "reply_minutes": "30"}
    shared_fields = {
        name: new_desk(own)[name] for name in ("code", "country", "name", "organisation")
    }
    return {**shared_fields, **numbers, "type": "family_house", "adm1": "HN01", "sexes": "female"}


def changed_shelter(own: str) -> dict[str, Any]:
    fields = {k: v for k, v in new_shelter(own).items() if k not in ("code", "country")}
    return {**fields, "version": "1"}


def bed_capacity(own: str) -> dict[str, Any]:
    return {"category": "families", "capacity": "4", "reason": ""}


def bed_count(own: str) -> dict[str, Any]:
    return {"category": "women", "occupied": 1, "confirmed": True}


def new_referral(own: str) -> dict[str, Any]:
    return referral_json()


def no_changes(own: str) -> dict[str, Any]:
    return {}


def acceptance(own: str) -> dict[str, Any]:
    return {"accepting": True}


def new_tablet(own: str) -> dict[str, Any]:
    return {"desk": "HND-01", "name": f"Tablet {next(_numbers)}"}


def another_desk(own: str) -> dict[str, Any]:
    return {"desk": "HND-03"}


def new_return(own: str) -> dict[str, Any]:
    return return_json()


MISSING_RETURN = f"/returns/{format_reference(generate_reference(Random(7).randrange))}"
RETURN, FOREIGN_RETURN = "/returns/{return_}", "/returns/{foreign_return}"
REFERRAL, FOREIGN_REFERRAL = "/referrals/{referral}", "/referrals/{foreign_referral}"
MISSING_REFERRAL = f"/referrals/{NOWHERE}"
FOLLOWERS = (DESK, COORDINATOR, SUPERVISOR)
CASES, FIGURES = (DESK, SUPERVISOR), (DESK, SUPERVISOR, REGIONAL)
OWN, FOREIGN, MISSING = (
    "/consultations/{own}",
    "/consultations/{foreign}",
    f"/consultations/{NOWHERE}",
)
TABLE: dict[str, Route] = {
    "static": Route("/static/style.css", EVERYBODY),
    "ops.healthz": Route("/healthz", EVERYBODY),
    "ops.readyz": Route("/readyz", EVERYBODY),
    "ops.openapi": Route("/openapi.json", EVERYBODY),
    "ops.probe": Route("/setup/probe", EVERYBODY, ok=404),  # it answers `setup check` alone
    "staff.home": Route("/", EVERYBODY, 302),
    "staff.sign_in": Route("/sign-in", EVERYBODY),
    "staff.token": Route("/sync/token", EVERYBODY),
    "staff.invitation": Route("/invitations/unknown", EVERYBODY, 404),
    "staff.accept_invitation": Route("/invitations/unknown", EVERYBODY, 404, form=bad_password),
    "staff.preferences": Route("/preferences", EVERYBODY, 302, form=no_fields),
    "staff.sign_in_post": Route("/sign-in", EVERYBODY, 401, form=bad_password),
    "cases.current_account": Route("/sync/me", SIGNED_IN),
    "staff.account": Route("/account", SIGNED_IN),
    "staff.change_password": Route("/account/password", SIGNED_IN, 422, form=bad_password),
    "consultations.new": Route(
        "/consultations/new",
        (DESK,),
        foreign=("/consultations/new?desk=GTM-01",),
        missing="/consultations/new?desk=GTM-99",
    ),
    "consultations.redraw_form": Route("/consultations/new", CASES, form=redrawn_form),
    "consultations.record": Route("/consultations", (DESK,), 201, json=new_consultation),
    "consultations.detail": Route(OWN, CASES, foreign=(FOREIGN,), missing=MISSING),
    "consultations.correction_form": Route(
        f"{OWN}/correct",
        CASES,
        foreign=(f"{FOREIGN}/correct",),
        missing=f"{MISSING}/correct",
    ),
    "consultations.correct": Route(
        f"{OWN}/correct",
        CASES,
        foreign=(f"{FOREIGN}/correct",),
        missing=f"{MISSING}/correct",
        json=correction,
    ),
    "consultations.void": Route(
        f"{OWN}/void",
        CASES,
        foreign=(f"{FOREIGN}/void",),
        missing=f"{MISSING}/void",
        json=voiding,
    ),
    "cases.today": Route(
        "/today", CASES, foreign=("/today?desk=GTM-01",), missing="/today?desk=GTM-99"
    ),
    "people.print_form": Route("/cards", (SUPERVISOR,)),
    "people.issue": Route("/cards", (SUPERVISOR,), 201, json=card_order),
    "people.replace_form": Route("/cards/replace", (DESK,)),
    "people.replace": Route("/cards/replace", (DESK,), 422, json=mistyped_cards),
    "people.look_up": Route("/cards/lookup", (DESK,), 422, json=mistyped_card),
    "consultations.import_form": Route("/consultations/import", (SUPERVISOR,)),
    "consultations.import_spreadsheet": Route(
        "/consultations/import", (SUPERVISOR,), 422, form=no_fields
    ),
    "consultations.template_xlsx": Route("/consultations/import/template.xlsx", (SUPERVISOR,)),
    "consultations.template_csv": Route("/consultations/import/template.csv", (SUPERVISOR,)),
    "counts.figures": Route("/counts?country=HND", FIGURES),
    "counts.figures_json": Route("/counts.json?country=HND", FIGURES),
    "places.desks": Route("/desks", (ADMIN,)),
    "places.new": Route("/desks/new", (ADMIN,)),
    "places.open_new": Route("/desks/new", (ADMIN,), 302, form=new_desk),
    "places.desk": Route("/desks/HND-03", (ADMIN,), foreign=("/desks/GTM-99",), missing="/desks/X"),
    "places.change": Route("/desks/HND-03", (ADMIN,), 302, form=changed_desk),
    "places.close": Route("/desks/HND-03/close", (ADMIN,), 302, form=closing_date),
    "shelters.list": Route("/shelters", (ADMIN,)),
    "shelters.new": Route("/shelters/new", (ADMIN,)),
    "shelters.open_new": Route("/shelters/new", (ADMIN,), 302, form=new_shelter),
    "shelters.detail": Route(
        "/shelters/HND-S3", (ADMIN,), foreign=("/shelters/GTM-S9",), missing="/shelters/X"
    ),
    "shelters.change": Route("/shelters/HND-S3", (ADMIN,), 302, form=changed_shelter),
    "shelters.close": Route("/shelters/HND-S3/close", (ADMIN,), 302, form=closing_date),
    "shelters.set_capacity": Route("/shelters/HND-S3/categories", (ADMIN,), 302, form=bed_capacity),
    "shelters.change_coordinators": Route(
        "/shelters/HND-S3/coordinators", (ADMIN,), 302, form=no_fields
    ),
    "shelters.shelters_json": Route(
        "/shelters.json?country=HND",
        (DESK, COORDINATOR, SUPERVISOR),
        foreign=("/shelters.json?country=GTM",),
        missing="/shelters.json?country=ZZZ",
    ),
    "shelters.set_beds": Route(
        "/shelters/HND-S1/beds",
        (COORDINATOR,),
        foreign=("/shelters/GTM-S1/beds", "/shelters/HND-S3/beds"),
        missing="/shelters/X/beds",
        json=bed_count,
    ),
    "shelters.confirm": Route(
        "/shelters/HND-S1/confirm",
        (COORDINATOR,),
        302,
        foreign=("/shelters/GTM-S1/confirm", "/shelters/HND-S3/confirm"),
        missing="/shelters/X/confirm",
        form=no_fields,
    ),
    "shelters.set_accepting": Route(
        "/shelters/HND-S1/accepting",
        (COORDINATOR,),
        foreign=("/shelters/GTM-S1/accepting", "/shelters/HND-S3/accepting"),
        missing="/shelters/X/accepting",
        json=acceptance,
    ),
    "cases.new_referral": Route(
        "/referrals/new",
        CASES,
        foreign=("/referrals/new?desk=GTM-01", "/referrals/new?consultation={foreign}"),
        missing=f"/referrals/new?consultation={NOWHERE}",
    ),
    "cases.redraw_referral": Route("/referrals/new", CASES, form=no_fields),
    "cases.send_referral": Route("/referrals", CASES, 201, json=new_referral),
    "cases.next_shelter": Route(
        f"{REFERRAL}/next",
        CASES,
        409,
        foreign=(f"{FOREIGN_REFERRAL}/next",),
        missing=f"{MISSING_REFERRAL}/next",
        json=no_changes,
    ),
    "cases.timeline": Route(
        "/cases/{own}", CASES, foreign=("/cases/{foreign}",), missing=f"/cases/{NOWHERE}"
    ),
    "referrals.inbox": Route("/referrals/inbox", (COORDINATOR,)),
    "referrals.arrivals": Route("/referrals/arrive", (COORDINATOR,)),
    "referrals.detail": Route(
        REFERRAL, FOLLOWERS, foreign=(FOREIGN_REFERRAL,), missing=MISSING_REFERRAL
    ),
    "referrals.perform_action": Route(
        f"{REFERRAL}/seen",
        FOLLOWERS,
        otherwise=dict.fromkeys(CASES, 404),
        foreign=(
            f"{FOREIGN_REFERRAL}/seen",
            f"{FOREIGN_REFERRAL}/accept",
            f"{FOREIGN_REFERRAL}/cancel",
        ),
        missing=f"{MISSING_REFERRAL}/seen",
        json=no_changes,
    ),
    "referrals.slip": Route(
        f"{REFERRAL}/slip",
        FOLLOWERS,
        foreign=(f"{FOREIGN_REFERRAL}/slip",),
        missing=f"{MISSING_REFERRAL}/slip",
    ),
    "referrals.public_card": Route("/v/{referral}", EVERYBODY, otherwise={COORDINATOR: 302}),
    "cases.new_return": Route(
        "/returns/new",
        (DESK,),
        foreign=("/returns/new?desk=GTM-01", "/returns/new?consultation={foreign}"),
        missing=f"/returns/new?consultation={NOWHERE}",
    ),
    "cases.redraw_return": Route("/returns/new", (DESK,), form=no_fields),
    "cases.open_return": Route("/returns", (DESK,), 201, json=new_return),
    "returns.list": Route(
        "/returns", CASES, foreign=("/returns?desk=GTM-01",), missing="/returns?desk=GTM-99"
    ),
    "returns.find": Route("/returns/find?reference={return_}", CASES, 302),
    "returns.read": Route(RETURN, CASES, foreign=(FOREIGN_RETURN,), missing=MISSING_RETURN),
    "returns.step": Route(
        f"{RETURN}/withdraw",
        CASES,
        foreign=(f"{FOREIGN_RETURN}/withdraw",),
        missing=f"{MISSING_RETURN}/withdraw",
    ),
    "returns.redraw_step": Route(
        f"{RETURN}/stop/again",
        CASES,
        foreign=(f"{FOREIGN_RETURN}/stop/again",),
        missing=f"{MISSING_RETURN}/stop/again",
        form=no_fields,
    ),
    "returns.record_action": Route(
        "/returns/{another}/withdraw",
        CASES,
        foreign=(f"{FOREIGN_RETURN}/withdraw", f"{FOREIGN_RETURN}/close"),
        missing=f"{MISSING_RETURN}/withdraw",
        json=no_changes,
    ),
    "returns.consent_sheet": Route(
        "/returns/{consented}/consent-sheet",
        CASES,
        foreign=(f"{FOREIGN_RETURN}/consent-sheet",),
        missing=f"{MISSING_RETURN}/consent-sheet",
    ),
    "returns.hand_over_sheet": Route(
        "/returns/{consented}/hand-over-sheet",
        CASES,
        foreign=(f"{FOREIGN_RETURN}/hand-over-sheet",),
        missing=f"{MISSING_RETURN}/hand-over-sheet",
    ),
    "staff.accounts_list": Route("/accounts", (SUPERVISOR, ADMIN)),
    "staff.invite_page": Route("/accounts/new", (SUPERVISOR, ADMIN)),
    "staff.invite": Route("/accounts/new", (SUPERVISOR, ADMIN), form=invitation),
    "staff.reset": Route(
        "/accounts/colleague/reset",
        (SUPERVISOR, ADMIN),
        foreign=("/accounts/stranger/reset", "/accounts/the.admin/reset"),
        missing="/accounts/nobody/reset",
        form=no_fields,
    ),
    "staff.close": Route(
        "/accounts/colleague/close",
        (SUPERVISOR, ADMIN),
        302,
        foreign=("/accounts/stranger/close", "/accounts/the.admin/close"),
        missing="/accounts/nobody/close",
        form=no_fields,
    ),
    "staff.audit_log": Route("/audit", (SUPERVISOR, ADMIN)),
    "staff.moved_audit_log": Route("/trail", (SUPERVISOR, ADMIN), 302),
    "staff.security_log": Route("/security", (ADMIN,)),
    "staff.sign_out": Route("/sign-out", SIGNED_IN, 302, form=no_fields),
    "staff.sign_out_everywhere": Route(
        "/account/sign-out-everywhere", SIGNED_IN, 302, form=no_fields
    ),
}
DEVICE = "/devices/{device}"
ENVELOPE, FOREIGN_ENVELOPE, MISSING_ENVELOPE = (
    "/quarantine/{aside}",
    "/quarantine/{foreign_aside}",
    "/quarantine/9",
)
TABLE |= {
    "staff.set_pin": Route(
        "/account/pin",
        SIGNED_IN,
        422,
        form=no_fields,
        otherwise=dict.fromkeys((SUPERVISOR, COORDINATOR, REGIONAL, ADMIN), 403),
    ),
    "staff.remove_pin": Route("/account/pin/remove", SIGNED_IN, 302, form=no_fields),
    "sync.devices": Route("/devices", (SUPERVISOR, ADMIN)),
    "sync.add": Route("/devices", (ADMIN,), 201, json=new_tablet),
    "sync.renew_code": Route(f"{DEVICE}/again", (ADMIN,), form=no_fields),
    "sync.move": Route(f"{DEVICE}/move", (ADMIN,), 302, form=another_desk),
    "sync.revoke": Route(f"{DEVICE}/revoke", (ADMIN,), 302, form=no_fields),
    "sync.enrol_page": Route("/enrol", EVERYBODY),
    "sync.worker": Route("/sw.js", EVERYBODY),
    "sync.manifest": Route("/manifest.webmanifest", EVERYBODY),
    "sync.offline": Route("/offline", EVERYBODY),
    "sync.lock_page": Route("/lock", EVERYBODY),
    "sync.quarantine": Route("/quarantine", CASES),
    "sync.envelope": Route(ENVELOPE, CASES, foreign=(FOREIGN_ENVELOPE,), missing=MISSING_ENVELOPE),
    "sync.resolve_page": Route(
        f"{ENVELOPE}/resolve",
        CASES,
        foreign=(f"{FOREIGN_ENVELOPE}/resolve",),
        missing=f"{MISSING_ENVELOPE}/resolve",
    ),
    "sync.moved_resolve_page": Route(f"{ENVELOPE}/mend", CASES, 302),
    "sync.resolve": Route(
        f"{ENVELOPE}/resolve",
        CASES,
        422,
        foreign=(f"{FOREIGN_ENVELOPE}/resolve",),
        missing=f"{MISSING_ENVELOPE}/resolve",
        json=no_changes,
    ),
    "sync.void": Route(
        "/quarantine/{another_aside}/void",
        CASES,
        302,
        otherwise={SUPERVISOR: 409},
        foreign=(f"{FOREIGN_ENVELOPE}/void",),
        missing=f"{MISSING_ENVELOPE}/void",
        form=no_fields,
    ),
    "sync.void_all": Route(
        "/quarantine/tablets/{device}/void",
        (SUPERVISOR,),
        302,
        foreign=("/quarantine/tablets/{foreign_device}/void",),
        missing=f"/quarantine/tablets/{NOWHERE}/void",
        form=every_envelope,
    ),
    "sync.queue_import_page": Route("/quarantine/import", (SUPERVISOR,)),
    "sync.moved_queue_import_page": Route("/quarantine/file", (SUPERVISOR,), 302),
    "sync.import_queue": Route("/quarantine/import", (SUPERVISOR,), 422, form=no_fields),
}
for _last in (
    "staff.sign_out",
    "staff.sign_out_everywhere",
):  # they end the session that the others need
    TABLE[_last] = TABLE.pop(_last)
BY_CREDENTIAL = {
    "sync.enrol": "enrolling",
    "sync.envelopes": "enrolled_device",
    "sync.contact": "enrolled_device",
    "sync.shell": "enrolled_device",
    "sync.take_over": "enrolled_device",
    "sync.lock": "enrolled_device",
    "ops.metrics": "scrape_metrics",
}
"""Routes with a credential of their own: no role may, no session helps (tests/contracts/test_tablet_routes)."""
EVERYTHING_IS_OWN = {("staff.reset", ADMIN), ("staff.close", ADMIN)}
"""An admin manages every account; desks have no owner but the admin."""


@pytest.fixture
def matrix_world(app: Flask) -> dict[str, str]:
    """Return the objects by name that the table's addresses contain."""
    return make_world(app)


def make_world(app: Flask) -> dict[str, str]:
    """Insert two countries with a desk and its staff each, and one consultation at each desk."""
    hnd, gtm = make_desk("HND-01"), make_desk("GTM-01", "GTM")
    make_desk("HND-03")
    desk = make_account("the.desk_staff", DESK, (hnd,))
    stranger = make_account("stranger", DESK, (gtm,))
    make_coordinator("the.shelter_coordinator", make_shelter("HND-S1"))
    make_shelter("HND-S3")
    make_shelter("GTM-S1", country="GTM")
    make_account("the.supervisor", SUPERVISOR, countries=("HND",))
    make_account("the.regional", REGIONAL)
    make_account("the.admin", ADMIN)
    make_account("colleague", DESK, (hnd,))
    own = make_consultation(desk, "HND-01")["id"]
    tablets = quarantine_two(app, hnd, "the.desk_staff") | {
        f"foreign_{name}": number for name, number in quarantine_two(app, gtm, "stranger").items()
    }
    referrals = {
        "referral": send_referral(desk),
        "foreign_referral": send_referral(stranger, "GTM-01", "GTM-S1"),
    }
    returns = {
        "return_": make_return(desk).display_reference,
        "foreign_return": make_return(stranger, "GTM-01").display_reference,
        "another": make_return(desk).display_reference,
        "consented": make_consented_return(desk).display_reference,
    }
    return {
        "own": own,
        "foreign": make_consultation(stranger, "GTM-01")["id"],
        **referrals,
        **returns,
        **tablets,
    }


def quarantine_two(app: Flask, desk: DeskRow, author: str) -> dict[str, str]:
    """Return a tablet of the desk, and the numbers of two quarantined records of the author."""
    admin = staff.find_account(db.session(), "the.admin")
    assert admin is not None
    tablet = make_tablet(app, Principal(admin.id, "the.admin", ADMIN, frozenset()), desk)
    invalid = [tablet.seal(tablet.consultation(author, topics=["retired"])) for _ in range(2)]
    assert {result["result"] for result in tablet.send(*invalid)} == {"quarantined"}
    statement = select(Envelope.number).where(Envelope.desk_id == desk.id).order_by(Envelope.number)
    numbers = [str(number) for number in db.session.execute(statement).scalars()]
    db.session.rollback()
    return {"device": tablet.enrolment["device"], "aside": numbers[0], "another_aside": numbers[1]}


def make_consented_return(principal: Principal) -> RequestRow:
    """Return a return request that may be handed over next."""
    request = make_return(principal)
    for action in ("counselling", "consent_recorded", "voluntariness_vulnerability_check"):
        request = record_action(request, principal, action)
    return request


def send_referral(principal: Principal, desk: str = "HND-01", shelter: str = "HND-S1") -> str:
    """Send a referral; return its id."""
    content, _ = read_referral(referral_json(desk, shelters=[shelter]))
    with unit_of_work():
        assert isinstance(refer(db.session(), principal, content), Accepted)
    db.session.remove()
    return content.id


def browser_of(app: Flask, role: str) -> Browser:
    return Browser(app.test_client()) if role == "anonymous" else sign_in(app, f"the.{role}")


def may(route: Route, role: str) -> bool:
    if route.roles in (EVERYBODY, SIGNED_IN):
        return route.roles == EVERYBODY or role != "anonymous"
    return role in route.roles


def call(
    browser: Browser, route: Route, path: str, matrix_world: dict[str, str], **options: Any
) -> Any:
    path = path.format(**matrix_world)
    if route.json:
        return browser.post(path, route.json(matrix_world["own"]), **options)
    if route.form:
        return browser.post_form(path, route.form(matrix_world["own"]), **options)
    return browser.get(path, buffered=True, **options)


KEPT_BY_REFUSALS = {"rate_limit", "security_event"}


def everything_stored() -> dict[str, list[Any]]:
    """Return every row of every table except those that a refusal keeps: counters and the security log."""
    stored = {}
    for table in Base.metadata.sorted_tables:
        if table.name in KEPT_BY_REFUSALS:
            continue
        rows = db.session.execute(select(table).order_by(*table.primary_key.columns))
        stored[table.name] = [tuple(row) for row in rows]
    db.session.rollback()
    return stored


def comparable_body(answer: Any, path: str) -> str:
    """Return the body without the parts that always differ: the token of the form, and the address to return to."""
    body = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return re.sub(r'name="next" value="[^"]*"', "", body)


def endpoints(app: Flask) -> list[str]:
    return sorted({rule.endpoint for rule in app.url_map.iter_rules()})


def test_every_route_is_in_the_table(app: Flask) -> None:
    assert endpoints(app) == sorted({*TABLE, *BY_CREDENTIAL})


def test_every_route_states_the_permission_that_the_table_expects(app: Flask) -> None:
    from app.staff.vocabulary import ROLE_PERMISSIONS

    for endpoint, view in app.view_functions.items():
        if endpoint == "static":
            continue
        stated = view.permission  # type: ignore[attr-defined]
        if endpoint in BY_CREDENTIAL:
            assert stated == BY_CREDENTIAL[endpoint], endpoint
            continue
        expected = TABLE[endpoint].roles
        if stated in ("public", "signed_in"):
            assert expected == {"public": EVERYBODY, "signed_in": SIGNED_IN}[stated], endpoint
        else:
            holders = {
                role for role, permissions in ROLE_PERMISSIONS.items() if stated in permissions
            }
            assert holders == set(expected), endpoint


def test_a_role_without_permission_is_refused_and_changes_nothing(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    for role in ("anonymous", *ROLES.codes):
        browser = browser_of(app, role)
        before = everything_stored()
        for endpoint, route in TABLE.items():
            if may(route, role):
                continue
            program = call(browser, route, route.own, matrix_world, headers=JSON)
            page = program if route.json else call(browser, route, route.own, matrix_world)
            case = (role, endpoint)
            assert program.status_code == (401 if role == "anonymous" else 403), case
            assert program.get_json().keys() == {"problem"}, case
            assert page.status_code == _page_status(role, route, endpoint), case
        assert everything_stored() == before, role


def _page_status(role: str, route: Route, endpoint: str) -> int:
    if role != "anonymous":
        return 403
    is_get = route.form is None and route.json is None
    is_json = route.own.startswith("/sync/") or ".json" in route.own
    return 302 if is_get and not is_json else 401


def test_a_foreign_object_answers_exactly_like_a_missing_one(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    compared = 0
    for role in ROLES.codes:
        browser = browser_of(app, role)
        before = everything_stored()
        for endpoint, route in TABLE.items():
            if (endpoint, role) in EVERYTHING_IS_OWN or not may(route, role):
                continue
            for foreign in route.foreign:
                for headers in (JSON, {"Accept": "text/html"}):
                    theirs = call(browser, route, foreign, matrix_world, headers=headers)
                    missing = call(browser, route, route.missing, matrix_world, headers=headers)
                    case = (role, endpoint, foreign)
                    assert (theirs.status_code, missing.status_code) == (404, 404), case
                    assert theirs.mimetype == missing.mimetype, case
                    assert comparable_body(theirs, foreign) == comparable_body(
                        missing, route.missing
                    ), case
                    compared += 1
        assert everything_stored() == before, role
    assert compared > 20


def test_recording_at_a_foreign_desk_answers_exactly_like_at_a_missing_one(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    browser = browser_of(app, DESK)
    before = everything_stored()

    foreign_answer = browser.post("/consultations", consultation_json("GTM-01"))
    missing_answer = browser.post("/consultations", consultation_json("GTM-99"))

    assert foreign_answer.status_code == missing_answer.status_code == 422
    assert foreign_answer.get_json() == missing_answer.get_json()
    assert everything_stored() == before


def test_foreign_figures_answer_exactly_like_those_of_no_country(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    for role in (DESK, SUPERVISOR):
        browser = browser_of(app, role)
        for argument in ("country={}", "desk={}-01"):
            for page in ("/counts", "/counts.json"):
                foreign_answer = browser.get_json(f"{page}?{argument.format('GTM')}")
                missing_answer = browser.get_json(f"{page}?{argument.format('ZZZ')}")
                assert foreign_answer.status_code in (403, 404), (role, page, argument)
                assert foreign_answer.status_code == missing_answer.status_code, (
                    role,
                    page,
                    argument,
                )
                assert foreign_answer.get_json() == missing_answer.get_json(), (
                    role,
                    page,
                    argument,
                )


def test_a_role_with_permission_is_answered(app: Flask, matrix_world: dict[str, str]) -> None:
    for role in ("anonymous", *ROLES.codes):
        browser = browser_of(app, role)
        if role in (SUPERVISOR, ADMIN):
            make_account(f"colleague.{role}", DESK, (make_desk(f"HND-1{len(role)}"),))
        if role in CASES:
            matrix_world = {**matrix_world, "own": _own_record(app, role)}
        for endpoint, route in TABLE.items():
            if not may(route, role) or endpoint == "staff.sign_out_everywhere":
                continue
            path = route.own.replace("colleague", f"colleague.{role}")
            answer = call(browser, route, path, matrix_world)
            expected = 302 if endpoint == "staff.sign_in" and role != "anonymous" else route.ok
            expected = route.otherwise.get(role, expected)
            assert answer.status_code == expected, (role, endpoint, answer.data[:300])
        if role != "anonymous":
            signed_in_again = browser_of(app, role)
            route = TABLE["staff.sign_out_everywhere"]
            assert call(signed_in_again, route, route.own, matrix_world).status_code == route.ok


def _own_record(app: Flask, role: str) -> str:
    author = sign_in(app, "the.desk_staff")
    content = consultation_json("HND-01")
    assert author.post("/consultations", content).status_code == 201
    return str(content["id"])


def test_a_program_is_never_redirected(app: Flask, matrix_world: dict[str, str]) -> None:
    for role in ("anonymous", ADMIN, DESK):
        browser = browser_of(app, role)
        for endpoint, route in TABLE.items():
            if endpoint in ("staff.sign_out", "staff.sign_out_everywhere", "static"):
                continue
            answer = call(browser, route, route.own, matrix_world, headers=JSON)
            assert answer.status_code // 100 != 3, (role, endpoint)


def test_a_change_without_its_token_is_refused_and_changes_nothing(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    for role in ("anonymous", *ROLES.codes):
        browser = browser_of(app, role)
        before = everything_stored()
        for endpoint, route in TABLE.items():
            if not (route.form or route.json) or not may(route, role):
                continue
            path = route.own.format(**matrix_world)
            body = route.json(matrix_world["own"]) if route.json else {}
            for headers in (JSON, {**JSON, "X-CSRFToken": "x" * 40}):
                answer = in_new_context(browser.client.post, path, json=body, headers=headers)
                assert answer.status_code == 400, (role, endpoint)
        assert everything_stored() == before, role
