"""Recording a consultation by JSON: new, same, different, and what is refused."""

from datetime import date

import pytest

from tests.factories.records import consultation_json, make_account, make_desk, sign_in

pytestmark = pytest.mark.both_databases


def test_a_consultation_is_new_once_and_the_same_afterwards(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    ana = sign_in(app, "ana")
    content = consultation_json()
    first = ana.post("/consultations", content)
    assert (first.status_code, first.get_json()) == (
        201,
        {"id": content["id"], "arrival": "new", "version": 1},
    )
    second = ana.post("/consultations", content)
    assert (second.status_code, second.get_json()["arrival"]) == (200, "same")
    other = ana.post("/consultations", {**content, "topics": ["health"]})
    assert (other.status_code, other.get_json()) == (
        409,
        {"id": content["id"], "arrival": "different"},
    )


def test_a_closed_desk_says_so_and_offers_its_last_day(app):
    desk = make_desk(closed_on=date(2026, 3, 31))
    make_account("ana", "desk_staff", (desk,))
    text = sign_in(app, "ana").get("/consultations/new", headers={"Accept-Language": "en"}).text
    assert "This desk closed on 31 Mar 2026." in text
    assert 'name="held_on" value="2026-03-31" max="2026-03-31"' in text
