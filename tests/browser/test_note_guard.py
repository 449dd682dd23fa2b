"""The guard of the note in a real browser: the server's own verdict on every text, before anything is sent."""

import random

import pytest
from flask import render_template_string
from flask_babel import gettext
from playwright.sync_api import Page, expect

from app import create_app
from app.privacy.identifiers import IDENTIFIERS, find_identifier_in_note
from tests.browser.conftest import Open, Site
from tests.conftest import settings_for
from tests.privacy.note_vectors import EXACT, IDENTIFYING
from tests.privacy.test_note_guard import HARMLESS

ALL_NOTES = [note for notes in HARMLESS.values() for note in notes]
VECTORS = [*IDENTIFYING, *(text for texts in EXACT.values() for text in texts)]
CHARACTERS = (
    "0123456789OolI|.-_/()·,;: +@<#'’`´áéñçèøßİı１２٣४①❶½º°⅓™\u200b\u00ad\u00a0\u2003\u0301\u20e3\ufe0f😀字Яא\x1c\n"
    "ABMabm\U0001ccf3\U0001ccd6\ua7f1\u0897"
)
FIND_ALL = """async ([texts, rules]) => {
    const { loadRules } = await import("/static/referral/identifiers.js");
    const find = await loadRules(rules);
    return texts.map(find);
}"""
FIELD = """
{% from "referrals/note.html" import note_field with context %}
<form method="post" action="/nowhere">{{ note_field("note", "", sentences) }}<button>Send</button></form>
"""


def generate_texts() -> list[str]:
    """Return texts of odd characters, mixed notes in odd cases with an identifier, and all characters in use."""
    chance = random.Random(4)
    odd = ["".join(chance.choices(CHARACTERS, k=chance.randint(1, 30))) for _ in range(400)]
    mixed = []
    for _ in range(400):
        words = chance.choice(ALL_NOTES).split()[:6] + chance.choice(ALL_NOTES).split()[2:]
        words.insert(chance.randint(0, len(words)), chance.choice(VECTORS))
        mixed.append(" ".join(w.title() if chance.random() < 0.2 else w for w in words))
    every = [chr(n) for n in (*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200))]
    rows = ["".join(every[n : n + 137]) for n in range(0, len(every), 137)]
    return odd + mixed + rows + [f"12{character}34{character}56" for character in every[0x80:0x500]]


def test_page_and_server_find_the_same_in_every_text(open_page: Open) -> None:
    page = open_page("/sign-in", username=None)
    texts = [*VECTORS, *ALL_NOTES, *generate_texts()]
    page_results = page.evaluate(FIND_ALL, [texts, "/static/identifiers.json"])
    wrong = [
        (t, here, there)
        for t, there in zip(texts, page_results, strict=True)
        if (here := find_identifier_in_note(t)) != there
    ]
    print(f"{len(texts)} texts, {sum(code is not None for code in page_results)} refused")
    assert wrong == []
    assert set(IDENTIFIERS.codes) <= set(page_results)


@pytest.fixture(scope="module")
def field() -> str:
    """Return the field of the note as a form draws it."""
    with create_app(settings_for("sqlite://")).test_request_context(
        headers={"Cookie": "locale=en"}
    ):
        sentences = {rule.code: gettext(rule.label) for rule in IDENTIFIERS}
        return render_template_string(FIELD, sentences=sentences)


PUT = """(html) => {
  const made = ventanilla.trusted.page(html);
  document.querySelector("main").replaceChildren(...made.body.childNodes);
}"""


def draw(page: Page, field: str) -> list[str]:
    """Put the form into the page and start its script; what it sends is listed, not answered."""
    bodies: list[str] = []
    page.route(
        "**/nowhere",
        lambda route: (bodies.append(route.request.post_data or ""), route.fulfill(status=204)),
    )
    page.evaluate(PUT, f"<!doctype html>{field}")
    page.evaluate("() => import('/static/referral/note_guard.js')")
    return bodies


def test_a_note_that_identifies_is_reported_at_the_field_and_never_sent(
    open_page: Open, field: str
) -> None:
    page = open_page("/sign-in", username=None)
    bodies = draw(page, field)
    note, problem = page.locator("#f-note"), page.locator("#p-note")
    note.fill("con María López 9912 3456")
    page.click("main form button")
    expect(problem).to_be_visible()
    expect(problem).to_have_attribute("role", "alert")
    expect(problem).to_have_text(IDENTIFIERS["number"].label)
    expect(note).to_have_attribute("aria-invalid", "true")
    expect(note).to_be_focused()
    expect(page.locator("#n-note")).to_have_text("115 characters left")
    assert bodies == []
    note.fill("Llegan a las 18:00, mujer + 2 niños")
    expect(problem).to_be_hidden()
    page.click("main form button")
    page.wait_for_timeout(200)
    assert len(bodies) == 1 and "18" in bodies[0]


def test_the_first_tap_on_send_waits_for_the_rules(open_page: Open, field: str, site: Site) -> None:
    page = open_page("/sign-in", username=None)
    bodies = draw(page, field)
    page.evaluate("() => { document.querySelector('#f-note').value = 'se llama Ana'; }")
    page.evaluate("() => document.querySelector('main form').requestSubmit()")
    expect(page.locator("#p-note")).to_have_text(IDENTIFIERS["name"].label)
    assert bodies == []
