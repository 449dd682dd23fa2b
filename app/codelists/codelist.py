"""A closed list of the field: stored codes with the English sentence that translators turn into labels."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One entry of a closed list: the code that is stored and the source message that is shown."""

    code: str
    label: str

    def __str__(self) -> str:
        return self.code


class Terms:
    """A closed list in its fixed order; looks up a Term by its code."""

    def __init__(self, name: str, *terms: Term) -> None:
        self.name = name
        self._by_code = {term.code: term for term in terms}
        self._order = {code: place for place, code in enumerate(self._by_code)}

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

    def place(self, code: str) -> int:
        """The position of a code in the list, for sorting as the list does."""
        return self._order[code]


def N_(message: str) -> str:
    """Marks a source message for the catalogues and returns it unchanged."""
    return message
