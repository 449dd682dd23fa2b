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
PLACEHOLDERS = re.compile(r"%\(\w+\)s|\{\w+\}")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "N_": None,
}


@pytest.fixture(scope="module")
def messages() -> set[str]:
    """Return every source message of code, templates and scripts, a plural by its singular."""
    with (ROOT / ".babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    folders = ("app", "templates")
    source_messages = set()
    for folder in folders:
        own_methods = [
            (p.removeprefix(f"{folder}/"), m) for p, m in methods if p.startswith(folder)
        ]
        own_options = {
            p.removeprefix(f"{folder}/"): o for p, o in options.items() if p.startswith(folder)
        }
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder, own_methods, own_options, KEYWORDS
        ):
            source_messages.add(message[0] if isinstance(message, tuple) else message)
    assert len(source_messages) > 200
    return source_messages


def catalogue(locale: str) -> Catalog:
    """Return the catalogue of a language; an empty one if it has none yet."""
    path = ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes() if path.exists() else b""), locale=locale)


def texts_of(message: object) -> list[str]:
    """Return the texts of a catalogue's entry: one, or one for each plural form."""
    string = message.string
    return list(string) if isinstance(string, (tuple, list)) else [string]


@pytest.mark.parametrize("locale", [code for code in LOCALES if code != "en"])
def test_every_message_is_translated(messages, locale):
    translated = {
        (m.id[0] if isinstance(m.id, (tuple, list)) else m.id)
        for m in catalogue(locale)
        if m.id and not m.fuzzy and all(texts_of(m))
    }
    missing = sorted(messages - translated)
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
        placeholders = {
            placeholder for text in sources for placeholder in PLACEHOLDERS.findall(text or "")
        }
        for text in texts_of(m):
            if text and not set(PLACEHOLDERS.findall(text)) <= placeholders:
                wrong.append((m.id, text))
            if text and len(sources) == 1 and set(PLACEHOLDERS.findall(text)) != placeholders:
                wrong.append((m.id, text))
    assert wrong == []


def test_english_is_the_source_itself():
    entries = [m for m in catalogue("en") if m.id and not isinstance(m.id, (tuple, list))]
    assert [m.id for m in entries if m.string not in ("", m.id)] == []


def test_the_languages_that_can_be_set_are_those_that_there_are():
    assert tuple(LOCALES) == SETTABLE
