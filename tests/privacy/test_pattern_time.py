"""No rule reads a long text, and no pattern backtracks over the same characters."""

import re
import time
from collections.abc import Callable
from itertools import product

import pytest

from app.consultations.forms.spreadsheets import cell_reader, label_codes
from app.privacy import identifiers
from app.privacy.identifiers import find_identifier, find_identifier_in_note
from app.spreadsheets import cells, text, workbook
from app.text_limits import MAX_TEXT_LENGTH

CYCLES = (
    "a0", "a.", "a_", "A1", "A-", "A a ", "a@", "1", "1 ", "1.1 - ", "12:", "0O", "O", "|", " ", "-", "\n", "[", '"',
    "///a", "12 de enero de ", "tel no no ", "nacido ", "calle a ", "San ", "uno ", "n", "nd", "dj", "<mergeCell ",
    "\ue000a ", "\ue001a", "\ue002a ", "\ue003a. ", "\ue002a \ue001a", "casa de la ", "el su mi ", "1-1-", "E-", "<",
    "1°",
)  # fmt: skip
SHORT, LONG_ = 2000, 8000
NEGLIGIBLE = 0.003
"""Seconds too short to measure growth: a backtracking pattern takes a hundred times as long."""


def patterns() -> dict[str, Callable[[str], object]]:
    """Return every pattern that reads input, by its source."""
    searches: dict[str, Callable[[str], object]] = {}
    for rule in identifiers.DATA["rules"]:
        for source in identifiers._sources(rule):
            searches[source] = identifiers._pattern(source).search
    others = [
        *identifiers.BETWEEN.values(),
        *(identifiers.PLACES, identifiers.CLOCK, identifiers.DROP, identifiers.MARKS),
        *(label_codes.SPACES, label_codes.DASHES, cell_reader.SEPARATORS, text.QUOTED),
    ]
    searches |= {
        pattern.pattern: lambda text_, pattern=pattern: pattern.sub("", text_) for pattern in others
    }
    merged = cells.MERGED.search
    searches["MERGED"] = lambda text_: merged(text_.encode())
    return searches


def seconds(search: Callable[[str], object], text_: str) -> float:
    def measure() -> float:
        started_at = time.thread_time()
        search(text_)
        return time.thread_time() - started_at

    return min(measure() for _ in range(2))


def growth(search: Callable[[str], object], cycle: str) -> float:
    """Return how many times as long a pattern takes for four times the text; 1 if both take no time."""
    longer = seconds(search, (cycle * LONG_)[:LONG_])
    if longer < NEGLIGIBLE:
        return 1
    return longer / seconds(search, (cycle * SHORT)[:SHORT])


def test_every_pattern_takes_as_long_as_its_text_is() -> None:
    """Four times the text takes about four times as long; sixteen times is a pattern that backtracks.

    Such a pattern takes that long each time; a busy machine once.
    """
    slow = [
        (source[:60], cycle)
        for (source, search), cycle in product(patterns().items(), CYCLES)
        if all(growth(search, cycle) > 8 for _ in range(3))
    ]
    assert slow == []


@pytest.mark.parametrize(
    ("source", "cycle"),
    [
        (r"(?<![a-z])[a-z][a-z0-9._]* ?[(\[] ?(?:at|a)", "a0"),
        (r'"[^"]*"|\\.|\[[^\]]*\]', "["),
        (r"<(?:\w+:)?mergeCell\b[^>]*?\bref=", "<mergeCell "),
    ],
)
def test_the_measure_catches_a_backtracking_pattern(source: str, cycle: str) -> None:
    assert growth(re.compile(source).search, cycle) > 8


@pytest.mark.parametrize("find", [find_identifier, find_identifier_in_note])
def test_no_rule_reads_a_longer_text(find: Callable[[str], str | None]) -> None:
    find("a" * MAX_TEXT_LENGTH)
    with pytest.raises(ValueError, match="longer"):
        find("a" * (MAX_TEXT_LENGTH + 1))


@pytest.mark.parametrize("find", [find_identifier, find_identifier_in_note])
@pytest.mark.parametrize("piece", [*CYCLES[:20], "\u0315\u0300", "\ufdfa", "é "])
def test_the_longest_text_is_read_at_once(find: Callable[[str], str | None], piece: str) -> None:
    assert seconds(find, (piece * MAX_TEXT_LENGTH)[:MAX_TEXT_LENGTH]) < 0.03


def test_a_number_format_is_cut_before_a_pattern_reads_it() -> None:
    styles = workbook._NumberFormats()
    styles.start("numFmt", {"numFmtId": "1", "formatCode": "[" * 100_000})
    assert len(styles.custom["1"]) == workbook.MAX_FORMAT_LENGTH
