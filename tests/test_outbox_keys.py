"""The ring of outbox keys: a command generates a new one, tablets seal to the last, an unsafe file stops the start."""

import json
from pathlib import Path

import pytest

from app.sync.rules.sealing import encode_public_key
from config import P256_ORDER, UnsafeSettings, read_settings
from tests.factories.records import in_new_context
from tests.production.settings import production_environment

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
OTHER = "IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def read(tmp_path: Path, text: object):
    path = tmp_path / "outbox_keys.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
    return read_settings({"OUTBOX_KEYS": str(path)})


def test_the_ring_keeps_its_order_and_is_shown_nowhere(tmp_path):
    settings = read(tmp_path, {"old": KEY, "new": OTHER})
    assert list(settings.outbox_keys) == ["old", "new"]
    assert settings.outbox_keys["old"] == bytes(range(32))
    assert "outbox_keys" not in repr(settings)
    with pytest.raises(TypeError):
        settings.outbox_keys["more"] = b"x" * 32


def test_development_has_a_key_of_its_own_and_production_none():
    assert len(encode_public_key(read_settings({}).outbox_keys["development"])) == 87
    safe = production_environment(OUTBOX_KEYS=None)
    with pytest.raises(UnsafeSettings, match="OUTBOX_KEYS must name the file"):
        read_settings(safe)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"a": 7}',
        {"a": KEY, "b": KEY},
        {"a": KEY[:-1]},
        {"a": KEY + "AA"},
        {"": KEY},
        {"a key": KEY},
        {"a" * 21: KEY},
        {"a": "A" * 43},
        {"a": "_" * 43},
        '{"a": "' + KEY + '", "a": "' + OTHER + '"}',
    ],
)
def test_an_invalid_ring_stops_the_start_with_one_sentence(tmp_path, text):
    with pytest.raises(UnsafeSettings, match="OUTBOX_KEYS must"):
        read(tmp_path, text)


def test_a_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(UnsafeSettings, match="OUTBOX_KEYS must name a readable"):
        read_settings({"OUTBOX_KEYS": str(tmp_path / "none.json")})


def test_the_command_makes_a_key_that_the_ring_takes(app, tmp_path):
    results = [
        in_new_context(app.test_cli_runner().invoke, args=["sync", name])
        for name in ("generate-key", "key")
    ]
    assert [result.exit_code for result in results] == [0, 0]
    first, second = (json.loads(result.output) for result in results)
    assert first != second
    (scalar,) = read(tmp_path, first).outbox_keys.values()
    assert 0 < int.from_bytes(scalar) < P256_ORDER
