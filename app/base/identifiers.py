"""Finds in a text what would identify a person, by the rules of one data file that the page reads too."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.base.text_limits import is_too_long
from app.base.words import N_, Term, Terms

Search = Callable[[str], object]

IDENTIFIERS = Terms(
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
"""The rules by name, with the sentence that says which one was met; the text itself is never repeated."""
DATA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "static" / "identifiers.json").read_text("utf-8")
)
MOST_IN_NOTE: int = DATA["most"]
"""So many characters a note may have."""
LONGEST_RAW = MOST_IN_NOTE * 4
"""So many characters a note may have as it is sent, blanks and line ends included."""


def find_identifier(text: str) -> str | None:
    """The name of the rule that a text about work meets, one of IDENTIFIERS, or None (domain.md §8.3, 1 to 3).

    Raises ValueError for a text longer than texts.LONGEST: whoever takes texts refuses a longer one first.
    """
    _refuse_longer(text)
    plain = BLANK.sub(" ", unicodedata.normalize("NFKC", _read(text)))
    return _first_met("work", {"text": plain, "digits": BETWEEN["work"].sub("", plain)})


def find_in_note(text: str) -> str | None:
    """The same for a note, by more rules; referral/identifiers.js answers the same."""
    _refuse_longer(text)
    raw = _read(text)
    plain = _fold(raw)
    small = plain.lower()
    views = {
        "raw": raw,
        "text": plain,
        "lower": small,
        "digits": BETWEEN["note"].sub("", CLOCK.sub("x", plain)),
        "numerals": _numerals(small),
        "names": PLACES.sub(",", WORD.sub(_marked, plain)),
    }
    return _first_met("note", views)


def _refuse_longer(text: str) -> None:
    if is_too_long(text):
        raise ValueError("The text is longer than the rules may look at.")


@dataclass(frozen=True)
class Rule:
    """One search of a rule: the view of the text that it reads, and the digits without which it is spared."""

    name: str
    view: str
    when: Search | None
    search: Search


def _first_met(texts: str, views: dict[str, str]) -> str | None:
    digits = views["digits"]
    for rule in _rules(texts):
        if (rule.when is None or rule.when(digits)) and rule.search(views[rule.view]):
            return rule.name
    return None


@cache
def _rules(texts: str) -> tuple[Rule, ...]:
    """The rules for one kind of text, `work` or `note`, in their order."""
    return tuple(
        Rule(rule["name"], rule["in"], _when(rule), _pattern(source).search)
        for rule in DATA["rules"]
        if texts in rule["texts"]
        for source in _sources(rule)
    )


def _when(rule: dict[str, Any]) -> Search | None:
    return _pattern(rule["when"]).search if "when" in rule else None


def _sources(rule: dict[str, Any]) -> list[str]:
    """The patterns of a rule, as one where they share their start."""
    patterns: list[str] = rule["patterns"]
    return [f"{rule['start']}(?:{'|'.join(patterns)})"] if "start" in rule else patterns


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(re.sub("%([a-z]+)%", lambda found: _part(found[1]), source))


def _part(name: str) -> str:
    """What stands for %name% in a pattern: a part as it is, or the words of a list."""
    if name in DATA["parts"]:
        return str(DATA["parts"][name])
    return "|".join(_words(DATA["lists"][name]))


def _words(lines: list[str]) -> list[str]:
    return " ".join(lines).split(" ")


def _read(text: str) -> str:
    """The text without format characters, the digits of all scripts as 0 to 9."""
    if text.isascii() or (max(text) < OTHER_SCRIPTS and SOFT_HYPHEN not in text):
        return text
    return DROP.sub("", text).translate(DIGITS)


def _fold(raw: str) -> str:
    """The text without accents, its signs folded, its blanks single."""
    plain = raw
    if not raw.isascii():
        plain = MARKS.sub("", unicodedata.normalize("NFKD", raw))
    if not plain.isascii():
        plain = plain.translate(SIGNS)
    return " ".join(plain.split())


def _marked(found: re.Match[str]) -> str:
    """A word as the rules for names read it: in small letters behind the mark of its kind, where it has one."""
    word, small = found[0], found[0].lower()
    kind = KINDS.get(small)
    if kind is None or (word == small and kind in ONLY_WITH_CAPITAL):
        return word
    return MARKS_OF[kind] + small


def _numerals(small: str) -> str:
    """One line for each language: n for its numerals, d for one or two digits, j for its "and", x for the rest."""
    signs = [
        NUMERALS.get(word) or ("d" if word.isdecimal() and len(word) < 3 else "x") * LANGUAGES
        for word in TOKEN.findall(small)
    ]
    return "\n".join(map("".join, zip(*signs, strict=True)))


def _digits() -> dict[int, int]:
    """The digits of all scripts, which begin at zero, and of circles, which begin at one."""
    zeros, ones = _words(DATA["normal"]["zeros"]), _words(DATA["normal"]["ones"])
    return {
        int(start, 16) + step: ord("0") + first + step
        for starts, first in ((zeros, 0), (ones, 1))
        for start in starts
        for step in range(10 - first)
    }


def _signs_of_numerals() -> dict[str, str]:
    lists = [dict.fromkeys(_words(entry["words"]), "n") | {} for entry in DATA["numerals"].values()]
    for signs, entry in zip(lists, DATA["numerals"].values(), strict=True):
        signs.setdefault(entry["between"], "j")
    words = {word for signs in lists for word in signs}
    return {word: "".join(signs.get(word, "x") for signs in lists) for word in words}


NORMAL, NUMBERS = DATA["normal"], DATA["numbers"]
DIGITS, SIGNS = _digits(), str.maketrans(NORMAL["signs"])
DROP, MARKS = re.compile(NORMAL["drop"]), re.compile(NORMAL["marks"])
BLANK = re.compile(NORMAL["blank"])
CLOCK = re.compile(NUMBERS["clock"])
BETWEEN = {
    texts: re.compile(f"(?<=[{NUMBERS['like']}]){signs}(?=[{NUMBERS['like']}])")
    for texts, signs in NUMBERS["between"].items()
}
OTHER_SCRIPTS, SOFT_HYPHEN = "\u0600", "\u00ad"
"""Below the first of them, nothing but the second is dropped and no digit but 0 to 9 exists."""
WORD, TOKEN = re.compile("[A-Za-z]+"), re.compile("[a-z]+|[0-9]+")
NUMERALS, LANGUAGES = _signs_of_numerals(), len(DATA["numerals"])
KINDS = {word: kind for kind, lines in DATA["words"].items() for word in _words(lines)}
MARKS_OF: dict[str, str] = {
    kind: DATA["parts"]["names" if kind == "titled" else kind] for kind in DATA["words"]
}
ONLY_WITH_CAPITAL = ("titled", "known")
PLACES = _pattern(DATA["places"])
