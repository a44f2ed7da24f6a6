"""Fields of Create whose value was learned since the page was last left: outlined until they are touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...domain.models.precedence import Resolved
from ..forms.form import FormField


class FreshValues:
    """Remembers which paths are fresh. `field(path)` gives the field of one, None while there is none."""

    def __init__(self, field: Callable[[str], FormField | None]) -> None:
        self._field = field
        self._fresh: set[str] = set()
        self._shown: set[str] = set()

    def learned(self, paths: Iterable[str]) -> None:
        """These were taken over just now; `show` follows."""
        self._fresh.update(paths)

    def touched(self, path: str) -> None:
        """The user did something with this field."""
        self._fresh.discard(path)

    def show(self, resolved: Resolved) -> None:
        """Outline the fields whose fresh value is in force, and no others."""
        wanted = {path for path in self._fresh if resolved.origins.get(path) == "learned"}
        for path in wanted ^ self._shown:
            field = self._field(path)
            if field is not None:
                field.point_out(path in wanted)
        self._shown = wanted

    def left(self) -> None:
        """The page went out of sight: what was seen is no longer fresh."""
        self._fresh.clear()
        for path in self._shown:
            field = self._field(path)
            if field is not None:
                field.point_out(False)
        self._shown = set()
