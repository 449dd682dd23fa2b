"""The ring of card keys: one key a reporting year, in a file; an unsafe file stops the start with one sentence."""

import json
import secrets

import pytest

from app.people.rules.card_codes import find_reporting_year, generate_card_code
from config import UnsafeSettings, read_settings
from tests.production.settings import production_environment

KEY = "a-card-key-of-the-test-that-is-long-enough"
OTHER = "another-card-key-of-the-test-that-is-long"
SAFE = production_environment(CARD_KEYS=None)


def read(tmp_path, text, **environ):
    path = tmp_path / "card_keys.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
    path.chmod(0o600)
    return read_settings({**environ, "CARD_KEYS": str(path)})


def test_the_ring_is_read_by_year(tmp_path):
    settings = read(tmp_path, {"2025": KEY, "2026": OTHER}, **SAFE)
    assert dict(settings.card_keys) == {2025: KEY.encode(), 2026: OTHER.encode()}
    assert KEY not in repr(settings)


def test_the_ring_cannot_be_changed_while_the_app_runs(tmp_path):
    with pytest.raises(TypeError):
        read(tmp_path, {"2026": KEY}).card_keys[2027] = b"x"


def test_development_has_a_key_for_every_year_near_and_no_two_the_same():
    keys = read_settings({}).card_keys
    assert list(keys) == list(range(2010, 2041))
    assert len(set(keys.values())) == len(keys)
    assert all(len(key) >= 32 for key in keys.values())


def test_a_code_identifies_its_year_among_years_31_apart(tmp_path):
    keys = read(tmp_path, {"2010": KEY, "2041": OTHER}).card_keys
    for year in keys:
        assert find_reporting_year(generate_card_code(year, secrets.randbelow), keys) == year


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        "7",
        '"2026"',
        {"2026": 7},
        {"2026": None},
        {"2026": {"key": KEY}},
        {"2026": "short"},
        {"2026": KEY, "next": OTHER},
        {"26": KEY},
        {"2010": KEY, "2042": OTHER},
        {"2025": KEY, "2026": KEY},
        f'{{"2026": "{KEY}", "2026": "{OTHER}"}}',
    ],
)
@pytest.mark.parametrize("environ", [{}, SAFE])
def test_a_ring_that_is_unsafe_or_unreadable_stops_the_start_in_one_sentence(
    tmp_path, text, environ
):
    with pytest.raises(UnsafeSettings) as refused:
        read(tmp_path, text, **environ)
    sentence = str(refused.value)
    assert "CARD_KEYS" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert KEY not in sentence


@pytest.mark.parametrize("environ", [{}, SAFE])
def test_a_file_that_is_not_there_stops_the_start(tmp_path, environ):
    with pytest.raises(UnsafeSettings, match="CARD_KEYS"):
        read_settings({**environ, "CARD_KEYS": str(tmp_path / "none.json")})
    with pytest.raises(UnsafeSettings, match="CARD_KEYS"):
        read_settings({**environ, "CARD_KEYS": str(tmp_path)})


def test_production_does_not_start_without_a_ring():
    with pytest.raises(UnsafeSettings, match="CARD_KEYS"):
        read_settings(SAFE)


@pytest.mark.parametrize("name", ["SECRET_KEY", "AUDIT_KEY"])
def test_production_refuses_a_card_key_that_is_another_secret(tmp_path, name):
    with pytest.raises(UnsafeSettings, match="CARD_KEYS"):
        read(tmp_path, {"2025": KEY, "2026": SAFE[name]}, **SAFE)
