"""Reads and validates the fields of a JSON body one by one, collecting errors."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import AGE_BANDS, SEXES, languages
from app.composition import PersonCount
from app.text_limits import is_too_long

PERSON_COUNT_FIELDS = frozenset({"sex", "age_band", "n"})


class JsonReader:
    """Reads field after field; `errors` are pairs of a field's path and the code of the error.

    A text longer than MAX_TEXT_LENGTH is an error at once and the only one of its field: no rule reads it.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.too_long = frozenset(name for name, value in raw.items() if is_too_long(value))
        self.raw: dict[str, Any] = {
            name: "" if name in self.too_long else value for name, value in raw.items()
        }
        self.errors = [(name[:80], "too_long") for name in sorted(self.too_long)]

    def add_error(self, path: str, code: str) -> None:
        if path not in self.too_long:
            self.errors.append((path, code))

    def refuse_unknown_fields(
        self, fields: dict[str, Any], allowed: frozenset[str], prefix: str
    ) -> None:
        unknown = {name[:80] for name in fields.keys() - allowed}
        if not prefix:
            self.errors = [error for error in self.errors if error[0] not in unknown]
        self.errors += [(f"{prefix}{name}", "unknown_field") for name in sorted(unknown)]

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if value in (None, ""):
            self.add_error(name, "required")
        elif not isinstance(value, str):
            self.add_error(name, "unreadable")
        return value if isinstance(value, str) else ""

    def uuid(self) -> str:
        text = self.text("id").lower()
        try:
            is_valid = not text or (str(UUID(text)) == text and UUID(text).version == 4)
        except ValueError:
            is_valid = False
        if not is_valid:
            self.add_error("id", "not_a_uuid")
        return text

    def choice(
        self,
        fields: dict[str, Any],
        name: str,
        terms: Codelist,
        default: str | None,
        prefix: str = "",
    ) -> str:
        value = fields.get(name)
        if value is None or value == "":
            if default is None:
                self.add_error(f"{prefix}{name}", "required")
            return default or ""
        if not isinstance(value, str) or value not in terms:
            self.add_error(f"{prefix}{name}", "unknown_code")
            return ""
        return value

    def language(self) -> str:
        value = self.raw.get("language")
        if value in (None, ""):
            return ""
        if not isinstance(value, str) or value not in languages():
            self.add_error("language", "unknown_code")
            return ""
        return value

    def codes(self, name: str, terms: Codelist, *, required: bool) -> tuple[str, ...]:
        value = self.raw.get(name)
        if value is None or value == []:
            if required:
                self.add_error(name, "required")
            return ()
        if not isinstance(value, list):
            self.add_error(name, "unreadable")
            return ()
        if len(value) > len(terms):
            self.add_error(name, "duplicate")
            return ()
        return self.each_code(name, terms, value)

    def each_code(self, name: str, terms: Codelist, values: list[Any]) -> tuple[str, ...]:
        codes: list[str] = []
        for index, code in enumerate(values):
            if not isinstance(code, str) or code not in terms:
                self.add_error(f"{name}.{index}", self.code_error(name, code))
            elif code in codes:
                self.add_error(f"{name}.{index}", "duplicate")
            else:
                codes.append(code)
        return tuple(codes)

    def persons(self, value: Any, prefix: str) -> tuple[PersonCount, ...]:
        if value is None or value == []:
            self.add_error(f"{prefix}persons", "no_people")
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add_error(f"{prefix}persons", "unreadable")
            return ()
        if len(value) > len(SEXES) * len(AGE_BANDS):
            self.add_error(f"{prefix}persons", "duplicate")
            return ()
        counts: list[PersonCount] = []
        for index, fields in enumerate(value):
            count = self.person_count(fields, f"{prefix}persons.{index}")
            groups = [(c.sex, c.age_band) for c in counts if c.sex and c.age_band]
            if (count.sex, count.age_band) in groups:
                self.add_error(f"{prefix}persons.{index}", "duplicate")
            counts.append(count)
        return tuple(counts)

    def person_count(self, fields: dict[str, Any], path: str) -> PersonCount:
        self.refuse_unknown_fields(fields, PERSON_COUNT_FIELDS, f"{path}.")
        sex = self.choice(fields, "sex", SEXES, None, f"{path}.")
        age_band = self.choice(fields, "age_band", AGE_BANDS, None, f"{path}.")
        return PersonCount(sex, age_band, self.number_of_persons(fields.get("n"), f"{path}.n"))

    def number_of_persons(self, n: Any, path: str) -> int:
        if n is None:
            self.add_error(path, "required")
        elif not isinstance(n, int) or isinstance(n, bool):
            self.add_error(path, "not_a_number")
        elif not 1 <= n <= 99:
            self.add_error(path, "out_of_range")
        else:
            return n
        return 0

    def code_error(self, name: str, code: Any) -> str:
        """Return the error of a value that is not a code of the field's list; for subclasses."""
        return "unknown_code"


def person_counts_from_form(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a form's counters, `persons-female-age_25_59` = n, in the shape of the JSON; unknown names included."""
    counts = []
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            text = form.get(f"persons-{sex}-{band}", "").strip()
            if text not in ("", "0"):
                is_number = text.isascii() and text.isdecimal() and len(text) < 4
                n: Any = int(text) if is_number else text
                counts.append({"sex": sex, "age_band": band, "n": n})
    unknown = [name for name in form if name.startswith("persons-") and not _is_counter(name)]
    return counts + [{name[8:88]: 1} for name in unknown]


def _is_counter(name: str) -> bool:
    _, _, rest = name.partition("-")
    sex, _, band = rest.partition("-")
    return sex in SEXES and band in AGE_BANDS
