"""Nobody is ever shown a stored code: pages speak the reader's language."""

import re

import pytest

from tests.factories.records import make_account, make_consultation, make_desk, sign_in
from tests.factories.returns import make_return, record_action
from tests.factories.shelters import make_shelter

PAGES = {
    "ana": (
        "/consultations/new",
        "/consultations/new?like=last",
        "/today",
        "/account",
        "RECORD",
        "/returns",
        "/returns/new",
        "RETURN",
        "RETURN/best_interests_process",
        "RETURN/hand-over-sheet",
    ),
    "eva": (
        "/consultations/import",
        "/counts?country=HND",
        "/today",
        "RECORD",
        "RECORD/correct",
        "/accounts",
        "/audit",
        "/returns",
        "RETURN/resume",
        "RETURN/close",
    ),
    "rita": ("/counts", "/account"),
    "otto": (
        "/desks",
        "/desks/HND-01",
        "/desks/new",
        "/shelters",
        "/shelters/HND-S1",
        "/shelters/new",
        "/accounts",
        "/accounts/new",
        "/audit",
        "/security",
    ),
}
CODE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


@pytest.fixture
def pages(app):
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    make_account("rita", "regional")
    make_account("otto", "admin")
    make_shelter(type="family_house", beds={"women_with_children": 2})
    fields = {"travel_group": "family_with_children", "flags": ["pregnant_lactating"]}
    record = f"/consultations/{make_consultation(ana, **fields)['id']}"
    return_request = make_return(ana, child_alone=True)
    for action in ("counselling", "consent_recorded", "voluntariness_vulnerability_check"):
        return_request = record_action(return_request, ana, action)
    record_action(return_request, ana, "best_interests_process", decision="yes")
    stopped = record_action(make_return(ana), ana, "stop", signs=["trafficking", "asylum_pending"])
    returns = {
        "ana": f"/returns/{return_request.display_reference}",
        "eva": f"/returns/{stopped.display_reference}",
    }
    browsers = {name: sign_in(app, name) for name in PAGES}

    def read(locale: str) -> dict[str, str]:
        texts = {}
        for name, paths in PAGES.items():
            browsers[name].client.set_cookie("locale", locale)
            for path in paths:
                answer = browsers[name].get(
                    path.replace("RECORD", record).replace("RETURN", returns.get(name, ""))
                )
                assert answer.status_code == 200, (name, path, answer.status_code)
                texts[f"{name} {path}"] = answer.get_data(as_text=True)
        return texts

    return read


@pytest.mark.parametrize("locale", ["es", "en", "ht"])
def test_no_stored_code_is_shown(pages, locale):
    codes_by_page = {
        page_name: CODE.findall(visible(page)) for page_name, page in pages(locale).items()
    }
    assert {page_name: codes for page_name, codes in codes_by_page.items() if codes} == {}


def test_a_code_in_a_page_is_found():
    assert CODE.findall(visible("<p title='x'>Her age is age_25_59.</p>")) == ["age_25_59"]
    assert CODE.findall(visible("<input name='age_25_59' value='in_transit'>")) == []
    assert CODE.findall(visible("<p aria-label='in_transit'></p>")) == ["in_transit"]


def visible(page: str) -> str:
    """Return what a person sees or a screen reader reads: text, titles and labels, without other attributes."""
    page = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.S)
    labels = re.findall(r"\b(?:aria-label|title|alt|placeholder)=(?:'([^']*)'|\"([^\"]*)\")", page)
    return re.sub(r"<[^>]*>", " ", page) + " ".join(
        single_quoted or double_quoted for single_quoted, double_quoted in labels
    )
