"""The scripts without a browser: their unit tests in Node, and the examples that scripts and server share."""

import json
import os
import re
import subprocess
import sys
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path

import pytest

from app import clock, create_app
from app.people.rules.card_codes import parse_card_code
from app.sync.rules.sealing import compute_receipt, decrypt, from_base64url
from app.web import scripts
from app.web.relative_time import UNITS, relative_time
from tests.conftest import settings_for

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "app" / "static"
BIN = Path(sys.executable).parent
NODE = [str(BIN / "node"), "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"]


def example(name: str):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def run_node(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FORCE_COLOR": "0"}
    return subprocess.run(
        [*NODE, *arguments], capture_output=True, text=True, input=text, env=env, timeout=120
    )


def test_the_unit_tests_of_the_scripts_pass():
    """`make` installs Node from the Python index and the packages of the tests with npm."""
    assert (HERE / "node_modules").is_dir(), "run `make tests/js/node_modules/installed`"
    files = sorted(str(path) for path in HERE.glob("*.test.js"))
    result = run_node("--test", "--test-force-exit", "--test-reporter=tap", *files)
    assert result.returncode == 0, result.stdout
    passed = re.search(r"^# pass (\d+)$", result.stdout, re.M)
    assert passed and int(passed[1]) > 40, result.stdout


def test_the_server_decrypts_envelopes_of_the_scripts():
    vector = example("seal_vector")
    sealed = from_base64url(vector["sealed"])
    assert sealed is not None and compute_receipt(sealed) == vector["receipt"]
    scalar = urlsafe_b64decode(vector["server"]["private"] + "=")
    content = decrypt(scalar, vector["id"], vector["server"]["id"], sealed)
    assert json.loads(content) == vector["content"]


def test_the_server_reads_the_codes_of_cards_that_the_scripts_check():
    codes = example("card_codes")
    assert len(codes) > 10 and [parse_card_code(code) for code in codes] == codes


def test_the_server_formats_times_as_the_scripts_do(monkeypatch):
    examples = example("spans")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    assert [vars(unit) for unit in UNITS] == examples["units"]
    for span in examples["spans"]:
        elapsed = relative_time(now + timedelta(seconds=span["seconds"]))
        assert (elapsed.n, elapsed.unit) == (span["n"], span["unit"]), span


SCRIPTS = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))


@pytest.fixture(scope="module")
def app():
    return create_app(settings_for("sqlite://"))


@pytest.fixture(scope="module")
def served(app):
    with app.test_request_context():
        return {name: scripts.text(name) for name in SCRIPTS}


@pytest.fixture(scope="module")
def worker(app):
    return app.test_client().get("/sw.js?tablet").text


def test_every_served_script_parses(app, served, worker):
    worker_without_tablet = app.test_client().get("/sw.js").text
    texts = json.dumps({**served, "sw.js?tablet": worker, "sw.js": worker_without_tablet})
    result = run_node("--experimental-vm-modules", str(HERE / "parse.js"), text=texts)
    assert result.returncode == 0, result.stderr


def test_a_served_script_names_the_version_of_what_it_imports(app, served):
    client = app.test_client()
    for name, text in served.items():
        for path, version in re.findall(r'"(\.{1,2}/[^"?]+)(?:\?v=(\w+))?"', text):
            imported = os.path.normpath(os.path.join(os.path.dirname(name), path))
            assert imported in served and version, (name, path)
            answer = client.get(f"/static/{imported}?v={version}")
            assert answer.text == served[imported]
            assert answer.headers["Cache-Control"] == "public, max-age=31536000"


def test_a_script_of_another_version_is_not_cached_for_ever(app):
    answer = app.test_client().get("/static/lib/dom.js?v=another")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache"


def test_signing_in_does_not_invalidate_cached_files(app):
    for path in ("lib/dom.js", "style.css"):
        with app.test_client().get(f"/static/{path}") as answer:
            assert "Cookie" not in answer.headers.get("Vary", "")


def test_comments_are_not_sent(served):
    for name, text in served.items():
        lines = text.splitlines()
        assert not [line for line in lines if line.lstrip().startswith(("//", "/*"))], name


def test_the_worker_of_a_tablet_is_one_classic_script_with_all_that_it_imports(worker):
    assert not re.search(r"^(?:import|export)\b", worker, re.M)
    for name in ("tablet/store.js", "tablet/sync_queue.js", "tablet/backoff.js"):
        assert f'modules["{name}"] = ' in worker


def test_a_tablet_keeps_every_script_that_a_page_may_load(worker):
    build = worker.partition("\n")[0].removeprefix("const BUILD = ").rstrip(";")
    assets = json.loads(build)["assets"]
    cached = {path.partition("?")[0].removeprefix("/static/") for path in assets}
    workers = {"tablet/worker.js", "tablet/offline_page_worker.js"}
    assert set(SCRIPTS) - cached == workers


def test_a_page_links_all_that_its_script_imports_once(app):
    with app.test_request_context():
        links = scripts.module("tablet/start.js") + scripts.module("consultation/form.js")
        for name in scripts.imports("consultation/form.js"):
            assert links.count(f'<link rel="modulepreload" href="{scripts.address(name)}">') == 1
