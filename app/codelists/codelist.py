"""Codelists: stored codes, each with the English source message of its label."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One entry of a codelist: the stored code and the source message of its label."""

    code: str
    label: str

    def __str__(self) -> str:
        return self.code


class Codelist:
    """An ordered, closed list of terms; `codelist[code]` is a Term."""

    def __init__(self, name: str, *terms: Term) -> None:
        self.name = name
        self._by_code = {term.code: term for term in terms}
        self._order = {code: position for position, code in enumerate(self._by_code)}

    def __iter__(self) -> Iterator[Term]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Term:
        return self._by_code[code]

    def __len__(self) -> int:
        return len(self._by_code)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._by_code)

    def position(self, code: str) -> int:
        """Return the position of a code in the list, for sorting."""
        return self._order[code]


def N_(message: str) -> str:
    """Mark a source message for extraction into the catalogues; return it unchanged."""
    return message
