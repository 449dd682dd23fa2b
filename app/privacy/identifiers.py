"""Detection of personal identifiers in texts, by rules in one data file that the page's script reads too."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.codelists.codelist import N_, Codelist, Term
from app.text_limits import is_too_long

Search = Callable[[str], object]

IDENTIFIERS = Codelist(
    "identifier",
    Term("e_mail", N_("This looks like an e-mail address. Leave it out.")),
    Term("web", N_("This looks like a web address or the name of an account. Leave it out.")),
    Term("document", N_("This looks like the number of a document. Leave it out.")),
    Term("number", N_("This has six digits or more in a row, as phones and documents do.")),
    Term("phone", N_("This looks like a phone number. Leave it out.")),
    Term("date", N_("This looks like a full date, as of a birth. Write the weekday or the hour.")),
    Term("coordinates", N_("This looks like a point on the map. Leave it out.")),
    Term("number_words", N_("This looks like a long number written in words. Leave it out.")),
    Term("name", N_("This looks like a person's name. Leave it out.")),
    Term("address", N_("This looks like a street or a home. Leave it out.")),
    Term("script", N_("This has letters that cannot be checked here. Use Latin letters.")),
)
"""The rules by name, each with the message that a match shows; the text itself is never repeated."""
DATA_FILE = Path(__file__).parents[1] / "static" / "identifiers.json"
DATA: dict[str, Any] = json.loads(DATA_FILE.read_text("utf-8"))
MAX_NOTE_LENGTH: int = DATA["most"]
"""Characters of a note."""
MAX_RAW_NOTE_LENGTH = MAX_NOTE_LENGTH * 4
"""Characters of a note as it is sent, spaces and line ends included."""


def find_identifier(text: str) -> str | None:
    """Return the first rule that a text about work matches, a code of IDENTIFIERS, or None (domain.md §8.3, 1 to 3).

    Raises ValueError for a text longer than MAX_TEXT_LENGTH, which callers must refuse before.
    """
    _refuse_longer(text)
    plain = SPACE.sub(" ", unicodedata.normalize("NFKC", _read(text)))
    return _first_match("work", {"text": plain, "digits": BETWEEN["work"].sub("", plain)})


def find_identifier_in_note(text: str) -> str | None:
    """Return the same for a note, by more rules; referral/identifiers.js gives the same result."""
    _refuse_longer(text)
    raw = _read(text)
    plain = _fold(raw)
    lowered = plain.lower()
    views = {
        "raw": raw,
        "text": plain,
        "lower": lowered,
        "digits": BETWEEN["note"].sub("", CLOCK.sub("x", plain)),
        "numerals": _numerals(lowered),
        "names": PLACES.sub(",", WORD.sub(_marked, plain)),
    }
    return _first_match("note", views)


def _refuse_longer(text: str) -> None:
    if is_too_long(text):
        raise ValueError("The text is longer than the rules accept.")


@dataclass(frozen=True)
class Rule:
    """One pattern of a rule, the view of the text that it searches, and a cheap precondition on the digits."""

    name: str
    view: str
    precondition: Search | None
    search: Search


def _first_match(kind: str, views: dict[str, str]) -> str | None:
    digits = views["digits"]
    for rule in _rules(kind):
        if (rule.precondition is None or rule.precondition(digits)) and rule.search(
            views[rule.view]
        ):
            return rule.name
    return None


@cache
def _rules(kind: str) -> tuple[Rule, ...]:
    """Return the rules for one kind of text, `work` or `note`, in their order."""
    return tuple(
        Rule(rule["name"], rule["in"], _precondition(rule), _pattern(source).search)
        for rule in DATA["rules"]
        if kind in rule["texts"]
        for source in _sources(rule)
    )


def _precondition(rule: dict[str, Any]) -> Search | None:
    return _pattern(rule["when"]).search if "when" in rule else None


def _sources(rule: dict[str, Any]) -> list[str]:
    """Return the patterns of a rule, joined into one if they share their start."""
    patterns: list[str] = rule["patterns"]
    return [f"{rule['start']}(?:{'|'.join(patterns)})"] if "start" in rule else patterns


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(re.sub("%([a-z]+)%", lambda match: _part(match[1]), source))


def _part(name: str) -> str:
    """Return the expansion of %name% in a pattern: a part as it is, or the words of a list."""
    if name in DATA["parts"]:
        return str(DATA["parts"][name])
    return "|".join(_words(DATA["lists"][name]))


def _words(lines: list[str]) -> list[str]:
    return " ".join(lines).split(" ")


def _read(text: str) -> str:
    """Return the text without format characters, with the digits of all scripts as 0 to 9."""
    if text.isascii() or (max(text) < OTHER_SCRIPTS and SOFT_HYPHEN not in text):
        return text
    return DROP.sub("", text).translate(DIGITS)


def _fold(raw: str) -> str:
    """Return the text without accents, with similar characters folded and runs of spaces joined."""
    plain = raw
    if not raw.isascii():
        plain = MARKS.sub("", unicodedata.normalize("NFKD", raw))
    if not plain.isascii():
        plain = plain.translate(FOLDED)
    return " ".join(plain.split())


def _marked(match: re.Match[str]) -> str:
    """Return a word for the name rules: in lower case behind the mark of its kind, if it has a kind."""
    word, lowered = match[0], match[0].lower()
    kind = KINDS.get(lowered)
    if kind is None or (word == lowered and kind in ONLY_CAPITALIZED):
        return word
    return MARKS_OF[kind] + lowered


def _numerals(lowered: str) -> str:
    """Return one line per language: n for its numerals, d for one or two digits, j for its "and", x for the rest."""
    columns = [
        NUMERALS.get(word) or ("d" if word.isdecimal() and len(word) < 3 else "x") * LANGUAGES
        for word in TOKEN.findall(lowered)
    ]
    return "\n".join(map("".join, zip(*columns, strict=True)))


def _digits() -> dict[int, int]:
    """Return the digits of all scripts, which begin at zero, and circled ones, which begin at one, by code point."""
    zeros, ones = _words(DATA["normal"]["zeros"]), _words(DATA["normal"]["ones"])
    return {
        int(start, 16) + step: ord("0") + first + step
        for starts, first in ((zeros, 0), (ones, 1))
        for start in starts
        for step in range(10 - first)
    }


def _classes_of_numerals() -> dict[str, str]:
    """Return one class per language for each word of a numeral."""
    languages = [dict.fromkeys(_words(entry["words"]), "n") for entry in DATA["numerals"].values()]
    for classes, entry in zip(languages, DATA["numerals"].values(), strict=True):
        classes.setdefault(entry["between"], "j")
    words = {word for classes in languages for word in classes}
    return {word: "".join(classes.get(word, "x") for classes in languages) for word in words}


NORMAL, NUMBERS = DATA["normal"], DATA["numbers"]
DIGITS, FOLDED = _digits(), str.maketrans(NORMAL["signs"])
DROP, MARKS = re.compile(NORMAL["drop"]), re.compile(NORMAL["marks"])
SPACE, CLOCK = re.compile(NORMAL["blank"]), re.compile(NUMBERS["clock"])
BETWEEN = {
    kind: re.compile(f"(?<=[{NUMBERS['like']}]){separators}(?=[{NUMBERS['like']}])")
    for kind, separators in NUMBERS["between"].items()
}
OTHER_SCRIPTS, SOFT_HYPHEN = "\u0600", "\u00ad"
"""Below the first, only the second is dropped and there are no digits but 0 to 9."""
WORD, TOKEN = re.compile("[A-Za-z]+"), re.compile("[a-z]+|[0-9]+")
NUMERALS, LANGUAGES = _classes_of_numerals(), len(DATA["numerals"])
KINDS = {word: kind for kind, lines in DATA["words"].items() for word in _words(lines)}
MARKS_OF: dict[str, str] = {
    kind: DATA["parts"]["names" if kind == "titled" else kind] for kind in DATA["words"]
}
ONLY_CAPITALIZED = ("titled", "known")
PLACES = _pattern(DATA["places"])
