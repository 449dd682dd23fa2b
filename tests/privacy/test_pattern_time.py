"""No rule looks at a long text, and no pattern goes over the same characters again and again."""

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
AT_ONCE = 0.003
"""Seconds that say nothing of growth: a pattern that goes back takes a hundred times as long."""


def patterns() -> dict[str, Callable[[str], object]]:
    """Every pattern that reads what was sent, by its source."""
    found: dict[str, Callable[[str], object]] = {}
    for rule in identifiers.DATA["rules"]:
        for source in identifiers._sources(rule):
            found[source] = identifiers._pattern(source).search
    others = [
        *identifiers.BETWEEN.values(),
        *(identifiers.PLACES, identifiers.CLOCK, identifiers.DROP, identifiers.MARKS),
        *(label_codes.SPACES, label_codes.DASHES, cell_reader.SEPARATORS, text.QUOTED),
    ]
    found |= {one.pattern: lambda said, one=one: one.sub("", said) for one in others}
    merged = cells.MERGED.search
    found["MERGED"] = lambda said: merged(said.encode())
    return found


def seconds(search: Callable[[str], object], said: str) -> float:
    def once() -> float:
        begun = time.thread_time()
        search(said)
        return time.thread_time() - begun

    return min(once() for _ in range(2))


def growth(search: Callable[[str], object], cycle: str) -> float:
    """How many times as long a pattern takes for four times the text; 1 where both take no time."""
    longer = seconds(search, (cycle * LONG_)[:LONG_])
    if longer < AT_ONCE:
        return 1
    return longer / seconds(search, (cycle * SHORT)[:SHORT])


def test_every_pattern_takes_as_long_as_its_text_is() -> None:
    """Four times the text takes about four times as long; sixteen times is a pattern that goes back.

    Such a pattern does so each time; a busy machine does so once.
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
def test_the_measure_catches_a_pattern_that_goes_back(source: str, cycle: str) -> None:
    assert growth(re.compile(source).search, cycle) > 8


@pytest.mark.parametrize("find", [find_identifier, find_identifier_in_note])
def test_no_rule_looks_at_a_longer_text(find: Callable[[str], str | None]) -> None:
    find("a" * MAX_TEXT_LENGTH)
    with pytest.raises(ValueError, match="longer"):
        find("a" * (MAX_TEXT_LENGTH + 1))


@pytest.mark.parametrize("find", [find_identifier, find_identifier_in_note])
@pytest.mark.parametrize("piece", [*CYCLES[:20], "\u0315\u0300", "\ufdfa", "é "])
def test_the_longest_text_is_read_at_once(find: Callable[[str], str | None], piece: str) -> None:
    assert seconds(find, (piece * MAX_TEXT_LENGTH)[:MAX_TEXT_LENGTH]) < 0.03


def test_a_format_of_numbers_is_cut_before_a_pattern_looks_at_it() -> None:
    styles = workbook._NumberFormats()
    styles.start("numFmt", {"numFmtId": "1", "formatCode": "[" * 100_000})
    assert len(styles.custom["1"]) == workbook.MAX_FORMAT_LENGTH
