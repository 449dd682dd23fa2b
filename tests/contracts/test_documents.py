"""Every link, path, test and command that the documents name is there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Group
from flask.cli import FlaskGroup, ScriptInfo

from tests.conftest import create_app, settings_for

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = "app|deploy|docs|migrations|templates|tests|translations"


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines()]


DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in _documents()}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()).strip() for title in titles)
    return {title.replace(" ", "-") for title in plain}


def _broken_links(name: str, text: str) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        if not path.exists() or (anchor and anchor not in _anchors(path.read_text("utf-8"))):
            yield link


def _code(text: str) -> Iterator[str]:
    blocks = re.findall(r"^(?: {4}|\t)(\S.*)$", text, re.M) + re.findall(r"`([^`\n]+)`", text)
    yield from blocks
    for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
        yield from block.splitlines()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    assert list(_broken_links(name, DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_is_there(name: str) -> None:
    named = {
        match[0]
        for code in _code(DOCUMENTS[name])
        for match in re.finditer(rf"(?<![\w/.-])(?:{FOLDERS})/[\w./-]*\w(?![\w*<…])", code)
        if "…" not in code and "*" not in code
    }
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_named_test_is_there(name: str) -> None:
    named = re.findall(r"`(?:tests/)?([\w/]+\.py)::(\w+)`", DOCUMENTS[name])
    files = {file: ROOT / "tests" / file for file, _ in named}
    assert [file for file, path in files.items() if not path.exists()] == []
    missing = [test for file, test in named if f"def {test}(" not in files[file].read_text("utf-8")]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_is_there(name: str) -> None:
    named = {m for code in _code(DOCUMENTS[name]) for m in re.findall(r"\bmake ([a-z]+)", code)}
    assert named - TARGETS == set()


@pytest.fixture(scope="module")
def commands() -> tuple[FlaskGroup, ScriptInfo]:
    """Return the commands of `flask --app wsgi`, those of plug-ins too."""
    return FlaskGroup(), ScriptInfo(create_app=lambda: create_app(settings_for("sqlite://")))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_is_there(name: str, commands: tuple[FlaskGroup, ScriptInfo]) -> None:
    named = {
        words.strip()
        for code in _code(DOCUMENTS[name])
        for words in re.findall(r"(?:--app wsgi|^ventanilla) ((?:[a-z][a-z-]+ ?){1,2})", code)
    }
    assert {words for words in named if not _is_command(*commands, words.split())} == set()


def _is_command(group: Group, info: ScriptInfo, words: list[str]) -> bool:
    with group.make_context("flask", [], obj=info, resilient_parsing=True) as context:
        for word in words:
            if not isinstance(group, Group):
                return True  # what follows a command is its argument
            subcommand = group.get_command(context, word)
            if subcommand is None:
                return False
            group = subcommand
    return True


def test_the_first_document_is_short() -> None:
    assert 3000 <= len(DOCUMENTS["README.md"].encode()) <= 4096
