"""Takes the fields of sent JSON one after the other, collecting what is wrong with each."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.codelists.codelist import Terms
from app.codelists.shared_codelists import AGE_BANDS, SEXES, languages
from app.composition import PersonCount
from app.text_limits import is_too_long

PERSONS_FIELDS = frozenset({"sex", "age_band", "n"})


class JsonReader:
    """Takes field after field, collecting pairs of a field's path and the code of a problem.

    A text longer than any field may hold is refused at once and nothing else is said of its field: no rule sees it.
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

    def refuse_unknown_fields(self, given: dict[str, Any], known: frozenset[str], where: str) -> None:
        unknown = {name[:80] for name in given.keys() - known}
        if not where:
            self.errors = [one for one in self.errors if one[0] not in unknown]
        self.errors += [(f"{where}{name}", "unknown_field") for name in sorted(unknown)]

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
            right = not text or (str(UUID(text)) == text and UUID(text).version == 4)
        except ValueError:
            right = False
        if not right:
            self.add_error("id", "not_a_uuid")
        return text

    def choice(
        self, given: dict[str, Any], name: str, terms: Terms, default: str | None, prefix: str = ""
    ) -> str:
        value = given.get(name)
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

    def codes(self, name: str, terms: Terms, *, required: bool) -> tuple[str, ...]:
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

    def each_code(self, name: str, terms: Terms, given: list[Any]) -> tuple[str, ...]:
        read: list[str] = []
        for place, code in enumerate(given):
            if not isinstance(code, str) or code not in terms:
                self.add_error(f"{name}.{place}", self.code_error(name, code))
            elif code in read:
                self.add_error(f"{name}.{place}", "duplicate")
            else:
                read.append(code)
        return tuple(read)

    def persons(self, value: Any, prefix: str) -> tuple[PersonCount, ...]:
        if value is None or value == []:
            self.add_error(f"{prefix}persons", "no_people")
            return ()
        if not isinstance(value, list) or not all(isinstance(some, dict) for some in value):
            self.add_error(f"{prefix}persons", "unreadable")
            return ()
        if len(value) > len(SEXES) * len(AGE_BANDS):
            self.add_error(f"{prefix}persons", "duplicate")
            return ()
        read: list[PersonCount] = []
        for place, given in enumerate(value):
            some = self.person_count(given, f"{prefix}persons.{place}")
            met = [(p.sex, p.age_band) for p in read if p.sex and p.age_band]
            if (some.sex, some.age_band) in met:
                self.add_error(f"{prefix}persons.{place}", "duplicate")
            read.append(some)
        return tuple(read)

    def person_count(self, given: dict[str, Any], path: str) -> PersonCount:
        self.refuse_unknown_fields(given, PERSONS_FIELDS, f"{path}.")
        sex = self.choice(given, "sex", SEXES, None, f"{path}.")
        age_band = self.choice(given, "age_band", AGE_BANDS, None, f"{path}.")
        return PersonCount(sex, age_band, self.number_of_persons(given.get("n"), f"{path}.n"))

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
        """Why a code is not taken in that field."""
        return "unknown_code"


def persons_of_form(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The counters of a page, `persons-female-age_25_59` = n, in the shape of the JSON; strange ones too."""
    read = []
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            said = form.get(f"persons-{sex}-{band}", "").strip()
            if said not in ("", "0"):
                n: Any = (
                    int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else said
                )
                read.append({"sex": sex, "age_band": band, "n": n})
    strange = [name for name in form if name.startswith("persons-") and not _is_counter(name)]
    return read + [{name[8:88]: 1} for name in strange]


def _is_counter(name: str) -> bool:
    _, _, rest = name.partition("-")
    sex, _, band = rest.partition("-")
    return sex in SEXES and band in AGE_BANDS
