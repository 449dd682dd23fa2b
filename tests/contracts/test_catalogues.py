"""Every message is translated in every language; nothing fuzzy, left over or broken."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from app.i18n.language import LOCALES
from config import LOCALES as SETTABLE

ROOT = Path(__file__).resolve().parents[2]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "N_": None,
}


@pytest.fixture(scope="module")
def messages() -> set[str]:
    """Every source message of code, templates and scripts, a plural by its singular."""
    with (ROOT / ".babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    folders = ("app", "templates")
    found = set()
    for folder in folders:
        inside = [(p.removeprefix(f"{folder}/"), m) for p, m in methods if p.startswith(folder)]
        kept = {p.removeprefix(f"{folder}/"): o for p, o in options.items() if p.startswith(folder)}
        for _, _, said, _, _ in extract_from_dir(ROOT / folder, inside, kept, KEYWORDS):
            found.add(said[0] if isinstance(said, tuple) else said)
    assert len(found) > 200
    return found


def catalogue(locale: str) -> Catalog:
    """The catalogue of a language; an empty one where it has none yet."""
    path = ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes() if path.exists() else b""), locale=locale)


def said(message: object) -> list[str]:
    """What a catalogue's entry says: one text, or one for each plural form."""
    string = message.string
    return list(string) if isinstance(string, (tuple, list)) else [string]


@pytest.mark.parametrize("locale", [code for code in LOCALES if code != "en"])
def test_every_message_is_translated(messages, locale):
    done = {
        (m.id[0] if isinstance(m.id, (tuple, list)) else m.id)
        for m in catalogue(locale)
        if m.id and not m.fuzzy and all(said(m))
    }
    missing = sorted(messages - done)
    assert missing == [], f"{locale}: {len(missing)} of {len(messages)} messages"


@pytest.mark.parametrize("locale", LOCALES)
def test_no_translation_is_fuzzy_or_left_over(messages, locale):
    entries = [m for m in catalogue(locale) if m.id]
    assert [m.id for m in entries if m.fuzzy] == []
    ids = {m.id[0] if isinstance(m.id, (tuple, list)) else m.id for m in entries}
    assert sorted(ids - messages) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_translation_loses_a_placeholder(locale):
    wrong = []
    for m in catalogue(locale):
        sources = list(m.id) if isinstance(m.id, (tuple, list)) else [m.id]
        wanted = {place for text in sources for place in PLACES.findall(text or "")}
        for text in said(m):
            if text and not set(PLACES.findall(text)) <= wanted:
                wrong.append((m.id, text))
            if text and len(sources) == 1 and set(PLACES.findall(text)) != wanted:
                wrong.append((m.id, text))
    assert wrong == []


def test_english_is_the_source_itself():
    entries = [m for m in catalogue("en") if m.id and not isinstance(m.id, (tuple, list))]
    assert [m.id for m in entries if m.string not in ("", m.id)] == []


def test_the_languages_that_can_be_set_are_those_that_there_are():
    assert tuple(LOCALES) == SETTABLE
