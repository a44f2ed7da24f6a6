"""Keys: which page hears a press, and how keys are shown to the user.

All keys of a page are heard through one binding for any key. Tk hears only the most exact binding of a window: one by
name, say for Esc on one page, would hide Esc from every other page. And a key into a text must cost little: while
another thread is at work each call from Tk into Python, or back, may wait for it.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from ...domain.base.colour_roles import Role
from ...domain.base.key_press import KeyPress
from . import icons, theme
from .basics import Box, Label
from .entries import commit_typed
from .painting import Painting
from .popups import Popup

_SHIFT, _CONTROL, _COMMAND, _WINDOWS_ALT = 0x1, 0x4, 0x8, 0x20000
_X11_ALT = 0x20008  # as keyboards send it, and Tk's own bit
# With Ctrl they act on the whole page: what is typed in a field counts first.
_ON_THE_WHOLE = frozenset(("return", "kp_enter", "s", "n", "g"))
_TEXT_FIELDS = frozenset(("Entry", "TEntry", "Text", "Spinbox", "TSpinbox", "TCombobox"))


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


# Answers a key press, True when it meant something.
Answer = Callable[[KeyPress], bool]


def leave_gold(widget: tk.Misc) -> None:
    """Leave Ctrl+Enter to the page, which presses its gold button: to a widget that binds Return it would be Return."""
    for key in ("<Control-Return>", "<Control-KP_Enter>"):
        widget.bind(key, lambda _event: None)


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
        press = key_press(event)
        if press.control and press.name.lower() in _ON_THE_WHOLE:
            commit_typed(event.widget)
        if self._always(press):
            return True
        if isinstance(event.widget, (tk.Text, tk.Entry)) and typing_in(event.widget):
            return False
        focus = self._page.focus_get()
        inside = focus is not None and str(focus).startswith(f"{self._page}.")
        if not inside and focus is not self._page.winfo_toplevel():
            return False
        return not typing_in(focus) and self._answer(press)

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


_ROWS = 14  # more than these stand in a second column


class KeyHelp(Popup):
    """A list of keys and what they do. F1, Esc or a click elsewhere closes it."""

    def __init__(self) -> None:
        super().__init__()
        self.window.bind("<F1>", lambda _event: self.close())

    def open(self, anchor: tk.Misc, title: str, keys: Sequence[tuple[str, str]]) -> None:
        """Show the keys under `anchor`, in the order given."""
        close = self._begin(title)
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
        self._fit(anchor, close, width)


# What a click on a hint presses. Keys that stand for several, such as 1–5, have no one meaning.
_PRESSES = {
    "Space": "<space>",
    "C": "<Key-c>",
    "P": "<Key-p>",
    "Esc": "<Escape>",
    "0": "<Key-0>",
    "Ctrl Z": "<Control-z>",
}


class KeyHints(Painting):
    """Keys as little boxes with words, as many as fit. A click on one does what its key does."""

    def __init__(self, parent: tk.Misc, hints: Sequence[tuple[str, str]], ground: Role = "surface") -> None:
        self._hints = tuple(hints)
        self._places: list[tuple[int, int, str]] = []  # left and right edge of a hint, and the key a click presses
        super().__init__(parent, ground, height=theme.px(22))
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<Motion>", self._pointed)
        self.bind("<ButtonRelease-1>", self._released)
        theme.on_change(self._draw)

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Other keys."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self._draw()

    def _draw(self) -> None:
        self.clear()
        self._places = []
        small, plain, x, middle = theme.font(11), theme.font(12), 1, self.winfo_height() // 2
        for key, words in self._hints:
            wide = small.measure(key) + theme.px(10)
            if x + wide + theme.px(5) + plain.measure(words) > self.winfo_width():
                break
            left = x
            box = icons.box(wide, theme.px(20), fill="raised", outline="edge", ground=self.ground, radius=4)
            self.picture(x, middle, box, "w")
            self.words(x + wide // 2, middle, key, size=11, ink="text2", anchor="center")
            x += wide + theme.px(5)
            x += self.words(x, middle, words, size=12, ink="text2")
            self._places.append((left, x, _PRESSES.get(key, "")))
            x += theme.px(14)

    def _press_at(self, x: int) -> str:
        return next((press for left, right, press in self._places if left <= x <= right), "")

    def _pointed(self, event: tk.Event[tk.Misc]) -> None:
        wanted = "hand2" if self._press_at(event.x) else ""
        if str(self["cursor"]) != wanted:
            self.configure(cursor=wanted)

    def _released(self, event: tk.Event[tk.Misc]) -> None:
        if press := self._press_at(event.x):
            self.event_generate(press)


class HintLine(Box):
    """The line below the pictures: key hints, or a sentence in their place for as long as it matters.

    `side` is the room left and right of them.
    """

    def __init__(self, parent: tk.Misc, hints: Sequence[tuple[str, str]], side: int = 0) -> None:
        super().__init__(parent, "surface", height=theme.px(theme.HINT_BAR))
        self.pack_propagate(False)
        self._hints, self._message, self._side = KeyHints(self, hints), Label(self, "", size=12), side
        self.say("")

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in place of the keys; "" brings the keys back."""
        self._message.show(sentence, ink)
        shown, other = (self._message, self._hints) if sentence else (self._hints, self._message)
        if not shown.winfo_manager():
            other.pack_forget()
            shown.pack(side="left", fill="x", expand=True, padx=theme.px(self._side))

    @property
    def message(self) -> str:
        """The sentence in sight, or ""."""
        return str(self._message.cget("text")) if self._message.winfo_manager() else ""
