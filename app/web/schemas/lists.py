"""Types of the lists of bodies: codes of a list, objects, people by sex and age band; no item twice."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.composition import PersonCount
from app.web.schemas.errors import Location, error_of, errors_at, locate
from app.web.schemas.fields import CodeOf, WholeNumber

ItemError: TypeAlias = tuple[Location, str, Any]


class FieldType(Protocol):
    """The type of a field: a class of `fields` or of this file."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the field."""


def _unknown_code(_: Any) -> str:
    return "unknown_code"


@dataclass(frozen=True)
class CodesOf:
    """Codes of a list, each once, in the order in which they came; with `optional` there may be none.

    `code_error` returns the error code of a value that is no code of the list.
    """

    terms: Codelist
    optional: bool = False
    code_error: Callable[[Any], str] = _unknown_code

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        codes: CoreSchema = core_schema.list_schema(
            core_schema.literal_schema([*self.terms.codes]), max_length=len(self.terms), strict=True
        )
        if self.optional:
            codes = core_schema.nullable_schema(codes)
        schema = core_schema.no_info_wrap_validator_function(self._read, codes)
        return core_schema.with_default_schema(schema, default=()) if self.optional else schema

    def _read(self, value: Any, read: Callable[[Any], list[str] | None]) -> tuple[str, ...]:
        if self.optional and value in (None, []):
            return ()
        try:
            codes = read(value) or ()
        except ValidationError:
            codes = ()
        if not codes or len(set(codes)) != len(codes):
            raise errors_at(self._errors(value))
        return tuple(codes)

    def _errors(self, value: Any) -> Iterator[ItemError]:
        code = _list_error(value, "required", len(self.terms), "duplicate")
        if code:
            yield (), code, value
            return
        for index, item in enumerate(value):
            if not isinstance(item, str) or item not in self.terms:
                yield (index,), self.code_error(item), item
            elif item in value[:index]:
                yield (index,), "duplicate", item


def _list_error(value: Any, empty: str, most: int, too_many: str) -> str:
    """Return the error code of a list as a whole, empty if its items can be read."""
    if value is None or value == []:
        return empty
    if not isinstance(value, list):
        return "unreadable"
    return too_many if len(value) > most else ""


@dataclass(frozen=True)
class ListOf:
    """Objects of a frozen dataclass, at least one and at most `most`; `types` are the types of its fields."""

    item: type
    types: Mapping[str, FieldType]
    empty: str
    most: int
    too_many: str

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        items = object_schema(self.item, self.types, handler)
        objects = core_schema.list_schema(items, min_length=1, max_length=self.most)
        return core_schema.no_info_wrap_validator_function(self._read, objects)

    def _read(self, value: Any, read: Callable[[Any], list[Any]]) -> tuple[Any, ...]:
        code = _list_error(value, self.empty, self.most, self.too_many)
        if not code and not all(isinstance(item, dict) for item in value):
            code = "unreadable"
        if code:
            raise error_of(code)
        return self.read_items(value, read)

    def read_items(self, value: list[Any], read: Callable[[Any], list[Any]]) -> tuple[Any, ...]:
        """Return the items of a list of objects; for subclasses that compare items."""
        return tuple(read(value))


class PersonsOf(ListOf):
    """People by sex and age band, each pair once; at least one."""

    def read_items(self, value: list[Any], read: Callable[[Any], list[Any]]) -> tuple[Any, ...]:
        """Return the people, or raise the errors of all items, each that repeats an earlier pair included."""
        errors: list[ItemError] = []
        persons: list[PersonCount] = []
        try:
            persons = read(value)
        except ValidationError as error:
            errors = [*locate(error)]
        if errors or len({(count.sex, count.age_band) for count in persons}) != len(persons):
            raise errors_at([*errors, *_repeated_pairs(value)])
        return tuple(persons)


def _repeated_pairs(value: list[dict[str, Any]]) -> Iterator[ItemError]:
    pairs: list[tuple[Any, Any]] = []
    for index, item in enumerate(value):
        pair = item.get("sex"), item.get("age_band")
        if pair in pairs:
            yield (index,), "duplicate", item
        elif _is_code(pair[0], SEXES) and _is_code(pair[1], AGE_BANDS):
            pairs.append(pair)


def _is_code(value: Any, terms: Codelist) -> bool:
    return isinstance(value, str) and value in terms


def object_schema(
    item: type, types: Mapping[str, FieldType], handler: GetCoreSchemaHandler
) -> CoreSchema:
    """Return the schema of an object that is read into a frozen dataclass; unknown fields are errors."""
    names = [field.name for field in fields(item)]
    arguments = core_schema.dataclass_args_schema(
        item.__name__,
        [
            core_schema.dataclass_field(
                name, types[name].__get_pydantic_core_schema__(None, handler), kw_only=True
            )
            for name in names
        ],
    )
    config = core_schema.CoreConfig(extra_fields_behavior="forbid")
    return core_schema.dataclass_schema(item, arguments, names, config=config, frozen=True)


PERSONS = PersonsOf(
    PersonCount,
    {"sex": CodeOf(SEXES.codes), "age_band": CodeOf(AGE_BANDS.codes), "n": WholeNumber(1, 99)},
    empty="no_people",
    most=len(SEXES) * len(AGE_BANDS),
    too_many="duplicate",
)
Persons = Annotated[tuple[PersonCount, ...], PERSONS]
