"""Finds in a text about work what would identify a person: addresses, long numbers, documents, phones."""

import re
import unicodedata

from app.base.words import N_, Term, Terms

IDENTIFIERS = Terms(
    "identifier",
    Term("e_mail", N_("This looks like an e-mail address. Leave it out.")),
    Term("web", N_("This looks like a web address or the name of an account. Leave it out.")),
    Term("document", N_("This looks like the number of a document. Leave it out.")),
    Term("number", N_("This has six digits or more in a row, as phones and documents do.")),
    Term("phone", N_("This looks like a phone number. Leave it out.")),
)
"""The rules by name, with the sentence that says which one was met; the text itself is never repeated."""
E_MAIL = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]")
WEB = re.compile(r"https?:|www\.|\bwa\.me\b|\bt\.me\b|(?<!\w)@\w{3,}", re.I)
LETTERED = re.compile(
    r"<<|\b[A-Z]{4}\d{6}[A-Z0-9]{3,8}\b|\b[VE]-?\d{6,9}\b|\b[A-Z]{1,3}\d{5,}\b", re.I
)
CEDULA = re.compile(r"\b(?:1[0-3]|[1-9]|PE|E|N)-\d{1,4}-\d{1,6}\b", re.I)
PHONE = re.compile(r"\+\s*\(?\d")
LIKE_DIGIT = r"\dOolI|"
BETWEEN_DIGITS = re.compile(rf"(?<=[{LIKE_DIGIT}])[\s.\-_/()·]+(?=[{LIKE_DIGIT}])")
DIGIT_RUN = re.compile(r"\d{6,}")
LIKE_A_RUN = re.compile(rf"[{LIKE_DIGIT}]{{6,}}")


def find_identifier(text: str) -> str | None:
    """The name of the rule that a text meets, one of IDENTIFIERS, or None (domain.md §8.3, rules 1 to 3)."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    for name, pattern in (("e_mail", E_MAIL), ("web", WEB), ("document", LETTERED)):
        if pattern.search(plain):
            return name
    if _has_long_number(plain):
        return "number"
    return _shorter(plain)


def _has_long_number(plain: str) -> bool:
    """Whether six digits stand in a row, blanks and dashes and letters that look like digits notwithstanding."""
    joined = BETWEEN_DIGITS.sub("", plain)
    runs = LIKE_A_RUN.findall(joined)
    return bool(DIGIT_RUN.search(joined)) or any(_digits(run) >= 4 for run in runs)


def _digits(text: str) -> int:
    return sum(sign.isdecimal() for sign in text)


def _shorter(plain: str) -> str | None:
    if CEDULA.search(plain):
        return "document"
    return "phone" if PHONE.search(plain) else None
