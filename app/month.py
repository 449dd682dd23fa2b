"""Calendar months and reporting years."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering


@total_ordering
@dataclass(frozen=True)
class Month:
    """A calendar month; `int()` is the stored form yyyymm, `str()` the written form `YYYY-MM`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 12 and 1 <= self.year <= 9999):
            raise ValueError("not a month")

    @classmethod
    def containing(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month of a `YYYY-MM` text; raises ValueError if it is not one."""
        year, dash, number = text.partition("-")
        digits = year.isascii() and number.isascii() and year.isdecimal() and number.isdecimal()
        if not (dash and digits and len(year) == 4 and len(number) == 2):
            raise ValueError("not a month")
        return cls(int(year), int(number))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def __int__(self) -> int:
        return self.year * 100 + self.number

    def __lt__(self, other: "Month") -> bool:
        return int(self) < int(other)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return self.plus(1).first_day - timedelta(days=1)

    def plus(self, months: int) -> "Month":
        """Return the month `months` later, or earlier if negative."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def reporting_year_start(self, start: int) -> "Month":
        """Return the first month of the reporting year of this month; `start` is a month from 1 to 12."""
        return Month(self.year if self.number >= start else self.year - 1, start)

    @property
    def days(self) -> list[date]:
        return [self.first_day + timedelta(days=n) for n in range(self.last_day.day)]


def months_between(first: Month, last: Month) -> list[Month]:
    """Return every month from first to last, both included; empty if last is before first."""
    count = (last.year - first.year) * 12 + last.number - first.number + 1
    return [first.plus(n) for n in range(count)]
