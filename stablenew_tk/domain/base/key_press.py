"""A key press taken apart: which stars or letter it means, on the keyboards of all systems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from msgspec import Struct

# The unshifted digit row of AZERTY keyboards, where a plain digit needs Shift.
_AZERTY = {"ampersand": 1, "eacute": 2, "quotedbl": 3, "apostrophe": 4, "parenleft": 5, "agrave": 0}

# Number, by the physical key of the digit row.
_MAC_ROW = {18: 1, 19: 2, 20: 3, 21: 4, 23: 5, 29: 0}


class KeyPress(Struct, frozen=True):
    """A key press taken apart. `code` is the number of the physical key, which differs between systems."""

    name: str
    code: int = 0
    shift: bool = False
    control: bool = False
    alt: bool = False

    @property
    def stars(self) -> int | None:
        """0 to 5 when the key rates, else None. Number pad digits and AZERTY's unshifted row count, too."""
        if self.control or self.alt:
            return None
        digit = self.name.removeprefix("KP_")
        if digit in ("0", "1", "2", "3", "4", "5"):
            return int(digit)
        stars = _AZERTY.get(self.name)
        # On other keyboards these characters stand elsewhere or need Shift; there they must not rate.
        return stars if stars is not None and not self.shift and _row_digit(self.code) == stars else None

    @property
    def letter(self) -> str:
        """The small letter of a plain letter key, else ""."""
        single = len(self.name) == 1 and self.name.isalpha()
        return self.name.lower() if single and not self.control and not self.alt else ""


def _row_digit(code: int) -> int | None:
    if sys.platform == "darwin":
        return _MAC_ROW.get(code >> 24 & 0xFF)
    first = 49 if sys.platform == "win32" else 10  # the key "1"; "0" stands before it on Windows, after "9" on X11
    zero = 48 if sys.platform == "win32" else 19
    return 0 if code == zero else code - first + 1 if first <= code < first + 5 else None


def act_on(actions: Mapping[str, Callable[[], object]], name: str) -> bool:
    """Do what a table says for this name; False when it says nothing."""
    action = actions.get(name)
    if action is None:
        return False
    action()
    return True
