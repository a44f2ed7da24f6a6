"""What a node made over the last hour, in intervals of two minutes."""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

INTERVAL_S = 120
INTERVALS = 30


class Interval(Struct, frozen=True):
    """Pictures made within two minutes, how many of them are suspect, and whether the node did not answer."""

    made: int = 0
    suspect: int = 0
    away: bool = False


class Activity:
    """Counts pictures. Times are seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self._made: defaultdict[int, int] = defaultdict(int)
        self._suspect: defaultdict[int, int] = defaultdict(int)
        self._away: list[tuple[float, float | None]] = []

    def note(self, now_s: float, made: int, suspect: int = 0) -> None:
        """Pictures were made, some of them suspect."""
        place = int(now_s // INTERVAL_S)
        self._made[place] += made
        self._suspect[place] += suspect
        for old in [one for one in self._made if one <= place - INTERVALS]:
            del self._made[old]
            self._suspect.pop(old, None)

    def set_away(self, now_s: float, away: bool) -> None:
        """The node stops answering, or answers again."""
        is_away = bool(self._away) and self._away[-1][1] is None
        if away and not is_away:
            self._away = [*self._away[-INTERVALS:], (now_s, None)]
        elif is_away and not away:
            self._away[-1] = (self._away[-1][0], now_s)

    @property
    def away_since(self) -> float | None:
        """Since when it does not answer, None while it does."""
        return self._away[-1][0] if self._away and self._away[-1][1] is None else None

    def intervals(self, now_s: float) -> tuple[Interval, ...]:
        """The last hour, the oldest first."""
        last = int(now_s // INTERVAL_S)
        return tuple(
            Interval(self._made.get(one, 0), self._suspect.get(one, 0), self._was_away(one, now_s))
            for one in range(last - INTERVALS + 1, last + 1)
        )

    def _was_away(self, place: int, now_s: float) -> bool:
        begins, ends = place * INTERVAL_S, (place + 1) * INTERVAL_S
        return any(
            since < ends and (until if until is not None else now_s) >= begins and since <= now_s
            for since, until in self._away
        )
