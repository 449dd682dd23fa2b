"""The slip: what it shows and what it never does, when there is none, and what a stranger sees who scans it."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
import time_machine

from app import clock
from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.referrals.forms.slip import catalogue_locale, printable_languages
from app.web.qr_codes import QUIET_ZONE, draw_qr_code
from tests.factories.records import JSON, Browser, consultation_json, in_new_context, sign_in
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

ENGLISH = {"headers": {"Accept-Language": "en"}}
SECRETS = {"name": "Casa Secreta", "address": "Calle Oculta 7", "directions": "Behind the hill"}
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The text of a page is the same on both databases."""
GROUP = [
    {"sex": "female", "age_band": "age_25_59", "n": 2},
    {"sex": "male", "age_band": "age_5_11", "n": 3},
]


def text_of(answer):
    page = answer.get_data(as_text=True)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def slip_world(world):
    """Create two shelters with coordinators, one of them protected, and a consultation of a family from Haiti."""
    shelter = make_shelter("HND-S1", {"families": 9}, opens_at="16:00", closes_at="21:00")
    protected_shelter = make_shelter(
        "HND-K7", {"families": 9}, is_protected=True, meeting_point="Main square", **SECRETS
    )
    make_coordinator("coro", shelter)
    make_coordinator("carlos", protected_shelter)
    [group] = consultation_json()["groups"]
    family = [{**group, "nationality": "HTI", "persons": GROUP}]
    consultation = consultation_json(groups=family, language="hat")
    assert world["ana"].post("/consultations", consultation).status_code == 201
    world.consultation = consultation["id"]
    return world


def send_referral(slip_world, **fields):
    defaults = {"from_consultation": slip_world.consultation, "persons": GROUP, "language": "hat"}
    flags = {"flags": ["disability", "lgbtiq"], "note": "They come by bus"}
    answer = slip_world["ana"].post("/referrals", referral_json(**{**defaults, **flags, **fields}))
    assert answer.status_code == 201, answer.data
    return answer.get_json()


@sqlite_only
def test_a_slip_says_where_and_until_when_and_nothing_of_who(slip_world):
    referral = send_referral(slip_world)
    path = f"/referrals/{referral['id']}/slip"
    waiting = text_of(slip_world["ana"].get(path, **ENGLISH))
    assert "Sin confirmar" in waiting and "Lugares reservados" not in waiting
    coro = sign_in(slip_world.app, "coro")
    assert coro.post(f"/referrals/{referral['id']}/accept", {}).status_code == 200
    for locale in ("en", "es"):
        slip_world["ana"].client.set_cookie("locale", locale)
        page = slip_world["ana"].get(path)
        slip = page.text[page.text.index('<article class="slip">') : page.text.index("</article>")]
        text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", slip)))
        for shown in ("Casa San José", "Avenida Central 12", "bus station", "2222-1111", "16:00"):
            assert shown in text, shown
        assert " ".join(referral["code"]) in text and re.search(r"\b5\b", text)
        assert re.findall(r'lang="(\w+)"', slip) == ["es", "ht"]
        for terms in (SEXES, AGE_BANDS):
            assert not any(term.label in text or term.code in slip for term in terms)
        for never in ("HTI", "Hait", "bus by", "They come", "disab", "LGBT", "25–59", "5–11"):
            assert never not in text, never
        assert slip_world.consultation not in slip and "ana" not in text.split()


@sqlite_only
def test_there_is_no_slip_if_it_would_send_them_for_nothing(slip_world):
    def text_of_no_slip(referral_id):
        page = slip_world["ana"].get(f"/referrals/{referral_id}/slip", **ENGLISH)
        assert page.status_code == 200 and 'class="slip"' not in page.text
        return text_of(page)

    several = send_referral(slip_world, shelters=["HND-S1", "HND-K7"])["id"]
    assert "The slip names the one that accepts first." in text_of_no_slip(several)
    coro = sign_in(slip_world.app, "coro")
    declined = send_referral(slip_world)["id"]
    coro.post(f"/referrals/{declined}/decline", {"reason": "no_capacity"})
    assert "would send them for nothing" in text_of_no_slip(declined)
    used = send_referral(slip_world)["id"]
    assert coro.post(f"/referrals/{used}/accept", {}).status_code == 200
    assert coro.post(f"/referrals/{used}/arrive", {"persons": 4}).status_code == 200
    assert "the slip was used" in text_of_no_slip(used)
    expired_hold = send_referral(slip_world)["id"]
    assert coro.post(f"/referrals/{expired_hold}/accept", {}).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=91), tick=False):
        slip_world.sign_in_again("ana")
        assert "The places are no longer held." in text_of_no_slip(expired_hold)
    slip_world.sign_in_again("ana")
    service = send_referral(slip_world, shelters=[], service="health", priority="normal_14d")["id"]
    assert slip_world["ana"].get(f"/referrals/{service}/slip").status_code == 404
    for name in ("eva", "guille"):
        assert slip_world[name].get(f"/referrals/{expired_hold}/slip").status_code == 404


@sqlite_only
def test_a_protected_shelter_has_neither_name_nor_place_on_any_page_of_the_desk(slip_world):
    referral = send_referral(slip_world, shelters=["HND-K7"])
    stranger = Browser(slip_world.app.test_client())
    pages = [
        slip_world["ana"].get(path, **ENGLISH)
        for path in (
            f"/referrals/new?consultation={slip_world.consultation}",
            f"/referrals/{referral['id']}",
            f"/referrals/{referral['id']}/slip",
            f"/cases/{slip_world.consultation}",
            "/today",
        )
    ]
    pages.append(slip_world["ana"].get_json(f"/referrals/{referral['id']}"))
    pages.append(stranger.get(f"/v/{referral['id']}", **ENGLISH))
    for page in pages:
        assert page.status_code == 200
        assert not any(secret in page.text for secret in (*SECRETS.values(), "Pastoral")), page
    for page in (pages[0], pages[2], pages[6]):
        assert "Main square" in page.text and "2222-1111" in page.text
        assert "Reserved shelter" in page.text or "Refugio reservado" in page.text


@sqlite_only
def test_a_stranger_sees_the_shelters_card_and_nothing_of_the_group(slip_world):
    referral = send_referral(slip_world)
    stranger = Browser(slip_world.app.test_client())
    before = text_of(stranger.get(f"/v/{referral['id']}", **ENGLISH))
    assert "Casa San José" in before and "16:00–21:00" in before
    for never in (referral["code"], referral["id"], "Sent", "5 people", "They come", "women"):
        assert never not in before, never
    slip_world["ana"].post(f"/referrals/{referral['id']}/cancel", {})
    assert text_of(stranger.get(f"/v/{referral['id']}", **ENGLISH)) == before
    for name in ("ana", "guille"):
        shown = text_of(slip_world[name].get(f"/v/{referral['id']}", **ENGLISH))
        assert "Casa San José" in shown and referral["code"] not in shown

    several = send_referral(slip_world, shelters=["HND-S1", "HND-K7"])["id"]
    service = send_referral(slip_world, shelters=[], service="health", priority="normal_14d")["id"]
    missing = stranger.get(f"/v/{uuid4()}")
    for referral_id in (several, service):
        answer = stranger.get(f"/v/{referral_id}")
        assert (answer.status_code, text_of(answer)) == (missing.status_code, text_of(missing))
    assert missing.status_code == 404
    assert stranger.get("/v/nonsense").status_code == 404


@sqlite_only
def test_the_shelters_own_people_come_from_the_code_to_the_arrival(slip_world):
    referral = send_referral(slip_world)
    coro = sign_in(slip_world.app, "coro")
    answer = coro.get(f"/v/{referral['id']}")
    assert (answer.status_code, answer.location) == (
        302,
        f"/referrals/arrive?code={referral['code']}",
    )
    other = sign_in(slip_world.app, "carlos").get(f"/v/{referral['id']}")
    assert other.status_code == 200 and referral["code"] not in text_of(other)
    by_json = in_new_context(coro.client.get, f"/v/{referral['id']}", headers=JSON)
    assert by_json.status_code == 200 and not by_json.location


def test_the_code_of_an_address_is_drawn_whole_with_its_quiet_zone():
    drawing = draw_qr_code("https://ventanilla.example.org/v/6f0c5a3e-1f7b-4f6e-9a55-0a6f1c2d3e4f")
    darkest = [int(y) for y in re.findall(r"M\d+ (\d+)h", drawing.path)]
    assert min(darkest) == QUIET_ZONE and max(darkest) == drawing.side - QUIET_ZONE - 1
    assert 29 <= drawing.side - 2 * QUIET_ZONE <= 41


def test_a_slip_is_printed_in_the_six_languages_and_spanish_otherwise():
    languages = ("spa", "eng", "fra", "hat", "nld", "por")
    assert [catalogue_locale(code) for code in languages] == ["es", "en", "fr", "ht", "nl", "pt"]
    assert catalogue_locale("cab") == catalogue_locale("") == catalogue_locale("xyz") == "es"
    assert set(printable_languages("")) == set(languages)
    assert set(printable_languages("cab")) == {*languages, "cab"}
