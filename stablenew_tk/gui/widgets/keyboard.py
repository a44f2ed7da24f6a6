"""Keys: what a press means where pictures are rated, which page hears it, and how keys are shown to the user.

All keys of a page are heard through one binding for any key. Tk hears only the most exact binding of a window: one by
name, say for Esc on one page, would hide Esc from every other page. And a key into a text must cost little: while
another thread is at work each call from Tk into Python, or back, may wait for it.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

from msgspec import Struct

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import Box, Button, Label, Separator
from .painting import Painting
from .popups import Popup

# The unshifted digit row of AZERTY keyboards, where a plain digit needs Shift.
_AZERTY = {"ampersand": 1, "eacute": 2, "quotedbl": 3, "apostrophe": 4, "parenleft": 5, "agrave": 0}
_SHIFT, _CONTROL, _COMMAND, _WINDOWS_ALT = 0x1, 0x4, 0x8, 0x20000
_X11_ALT = 0x20008  # as keyboards send it, and Tk's own bit
_TEXT_FIELDS = frozenset(("Entry", "TEntry", "Text", "Spinbox", "TSpinbox", "TCombobox"))
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


def key_press(event: tk.Event[tk.Misc]) -> KeyPress:
    """Take a Tk key event apart. Command on macOS counts as Control."""
    state = int(event.state)
    mac = sys.platform == "darwin"
    return KeyPress(
        event.keysym,
        event.keycode,
        bool(state & _SHIFT),
        bool(state & (_CONTROL | (_COMMAND if mac else 0))),
        bool(state & (_WINDOWS_ALT if sys.platform == "win32" else 0x10 if mac else _X11_ALT)),
    )


def typing_in(widget: tk.Misc | None) -> bool:
    """Whether this widget takes text, so that single keys belong to it."""
    if widget is None or widget.winfo_class() not in _TEXT_FIELDS:
        return False
    return str(widget.cget("state")) not in ("disabled", "readonly")


def _row_digit(code: int) -> int | None:
    if sys.platform == "darwin":
        return _MAC_ROW.get(code >> 24 & 0xFF)
    first = 49 if sys.platform == "win32" else 10  # the key "1"; "0" stands before it on Windows, after "9" on X11
    zero = 48 if sys.platform == "win32" else 19
    return 0 if code == zero else code - first + 1 if first <= code < first + 5 else None


# Answers a key press, True when it meant something.
Answer = Callable[[KeyPress], bool]


class Shortcuts:
    """Listens on the window for keys meant for one page; other pages are out of sight then.

    Single keys are silent while a text field has the focus: `answer` is asked while the focus is on the page and not in
    a text, `always` before it, wherever the focus is.
    """

    def __init__(self, page: tk.Misc, answer: Answer, always: Answer = lambda _press: False) -> None:
        self._page, self._answer, self._always = page, answer, always
        self._is_in_sight = bool(page.winfo_ismapped())
        page.bind("<Map>", self._mapped, add="+")
        for event in ("<Unmap>", "<Destroy>"):
            page.bind(event, self._unmapped, add="+")
        window = page.winfo_toplevel()
        if window not in _heard:
            _heard[window] = []
            window.bind("<Key>", _dispatch, add="+")
        _heard[window].append(self)

    @property
    def is_in_sight(self) -> bool:
        """Whether the page can be seen; kept here, for every key asks every page that was built."""
        return self._is_in_sight

    def key(self, event: tk.Event[tk.Misc]) -> bool:
        """Answer a key, True when it meant something."""
        if self._always(key_press(event)):
            return True
        if isinstance(event.widget, (tk.Text, tk.Entry)) and typing_in(event.widget):
            return False
        focus = self._page.focus_get()
        inside = focus is not None and str(focus).startswith(f"{self._page}.")
        if not inside and focus is not self._page.winfo_toplevel():
            return False
        return not typing_in(focus) and self._answer(key_press(event))

    def _mapped(self, event: tk.Event[tk.Misc]) -> None:
        self._is_in_sight = self._is_in_sight or event.widget is self._page

    def _unmapped(self, event: tk.Event[tk.Misc]) -> None:
        self._is_in_sight = self._is_in_sight and event.widget is not self._page
        if event.type == tk.EventType.Destroy and event.widget is self._page:
            for listeners in _heard.values():
                if self in listeners:
                    listeners.remove(self)


_heard: WeakKeyDictionary[tk.Misc, list[Shortcuts]] = WeakKeyDictionary()


def _dispatch(event: tk.Event[tk.Misc]) -> str | None:
    pages = _heard.get(event.widget.winfo_toplevel() if len(_heard) > 1 else next(iter(_heard)), ())
    return "break" if any(page.key(event) for page in tuple(pages) if page.is_in_sight) else None


def act_on(actions: Mapping[str, Callable[[], object]], name: str) -> bool:
    """Do what a table says for this name; False when it says nothing."""
    action = actions.get(name)
    if action is None:
        return False
    action()
    return True


_ROWS = 14  # more than these stand in a second column


class KeyHelp(Popup):
    """A list of keys and what they do. F1, Esc or a click elsewhere closes it."""

    def __init__(self) -> None:
        super().__init__()
        self.window.bind("<F1>", lambda _event: self.close())

    def open(self, anchor: tk.Misc, title: str, keys: Sequence[tuple[str, str]]) -> None:
        """Show the keys under `anchor`, in the order given."""
        for child in self.body.winfo_children():
            child.destroy()
        head = Box(self.body)
        head.pack(fill="x", padx=theme.px(10), pady=theme.px(4))
        Label(head, title, bold=True).pack(side="left", padx=theme.px(4))
        close = Button(head, "", self.close, kind="quiet", icon="cross", height=24)
        close.pack(side="right")
        Separator(self.body).pack(fill="x")
        table = Box(self.body)
        table.pack(fill="both", padx=theme.px(14), pady=theme.px(8))
        height = _ROWS if len(keys) <= _ROWS else (len(keys) + 1) // 2
        for number, (key, words) in enumerate(keys):
            column, row = divmod(number, height)
            left = theme.px(28) if column else 0
            Label(table, key, size=12, bold=True).grid(
                row=row, column=2 * column, sticky="w", padx=(left, theme.px(16)), pady=theme.px(3)
            )
            Label(table, words, size=12, ink="text2").grid(row=row, column=2 * column + 1, sticky="w")
        self.window.update_idletasks()
        width = max(theme.px(280), self.body.winfo_reqwidth() + 2)
        self._place(anchor, close, width=width, height=self.body.winfo_reqheight() + 2)


class KeyHints(Painting):
    """Keys as little boxes with words, as many as fit."""

    def __init__(self, parent: tk.Misc, hints: Sequence[tuple[str, str]], ground: Role = "surface") -> None:
        self._hints = tuple(hints)
        super().__init__(parent, ground, height=theme.px(22))
        self.bind("<Configure>", lambda _event: self._draw())
        theme.on_change(self._draw)

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Other keys."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self._draw()

    def _draw(self) -> None:
        self.clear()
        small, plain, x, middle = theme.font(11), theme.font(12), 1, self.winfo_height() // 2
        for key, words in self._hints:
            wide = small.measure(key) + theme.px(10)
            if x + wide + theme.px(5) + plain.measure(words) > self.winfo_width():
                break
            box = icons.box(wide, theme.px(20), fill="raised", outline="edge", ground=self.ground, radius=4)
            self.picture(x, middle, box, "w")
            self.words(x + wide // 2, middle, key, size=11, ink="text2", anchor="center")
            x += wide + theme.px(5)
            x += self.words(x, middle, words, size=12, ink="text2") + theme.px(14)
