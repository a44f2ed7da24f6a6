"""When pictures were rated: what the filter offers, the days that the user types, and their bounds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from ...domain.base.errors import InvalidInput

ANY, BETWEEN = "", "between"
CHOICES = (
    (ANY, "Rated any time"),
    ("1", "Rated today"),
    ("7", "Rated in 7 days"),
    ("30", "Rated in 30 days"),
    ("365", "Rated in a year"),
)


class RatedBetween(Struct, frozen=True):
    """Whole days of the calendar here, both included."""

    first: date
    last: date

    @property
    def words(self) -> str:
        """As the filter names them."""
        one, other = self.first.isoformat(), self.last.isoformat()
        return f"Rated {one}" if one == other else f"Rated {one} – {other}"

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """From when and before when, in ms since 1970."""
        return _ms(self.first), _ms(self.last + timedelta(days=1))


def last_days(days: int, today: date) -> RatedBetween:
    """So many days up to today."""
    return RatedBetween(today - timedelta(days=days - 1), today)


def typed_days(first: str, last: str, today: date) -> RatedBetween:
    """Two days as typed, year-month-day; an empty one is today. Raises InvalidInput."""
    found = RatedBetween(_day(first, today), _day(last, today))
    if found.first > found.last:
        raise InvalidInput(f"{found.first} comes after {found.last}: write the earlier day first.")
    return found


def _day(text: str, today: date) -> date:
    wanted = text.strip()
    try:
        found = date.fromisoformat(wanted) if wanted else today
    except ValueError:
        raise InvalidInput(f"{wanted!r} is no day: write it like {today.isoformat()}.") from None
    if not 1970 < found.year < 9999:
        raise InvalidInput(f"{wanted!r} is no day that a picture can have been rated on.")
    return found


def _ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day).astimezone().timestamp() * 1000)
