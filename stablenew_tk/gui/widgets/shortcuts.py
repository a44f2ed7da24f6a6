"""Keys of a page: single ones are silent while a text field has the focus, the others are heard there, too.

All of them are heard through one binding for any key. Tk hears only the most exact binding of a window: one by name,
say for Esc on one page, would hide Esc from every other page. And a key into a text must cost little: while another
thread is at work each call from Tk into Python, or back, may wait for it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from .keys import KeyPress, key_press, typing_in

# Answers a key press, True when it meant something.
Answer = Callable[[KeyPress], bool]


class Shortcuts:
    """Listens on the window for keys meant for one page; other pages are out of sight then.

    `answer` is asked while the focus is on the page and not in a text; `always` before it, wherever the focus is.
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
