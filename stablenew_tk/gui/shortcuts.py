"""Keys of a page: single ones are silent while a text field has the focus, the others are heard there, too.

All of them are heard through one binding for any key. Tk hears only the most exact binding of a window: one by name,
say for Esc on one page, would hide Esc from every other page.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

from .keys import KeyPress, key_press, typing_in

# Answers a key press, True when it meant something.
Answer = Callable[[KeyPress], bool]


class Shortcuts:
    """Listens on the window for keys meant for one page; other pages are out of sight then.

    `answer` is asked while the focus is on the page and not in a text; `always` before it, wherever the focus is.
    """

    def __init__(self, page: tk.Misc, answer: Answer, always: Answer = lambda _press: False) -> None:
        self._page, self._answer, self._always = page, answer, always
        page.winfo_toplevel().bind("<Key>", self._key, add="+")

    def _key(self, event: tk.Event[tk.Misc]) -> str | None:
        if not self._page.winfo_exists() or not self._page.winfo_ismapped():
            return None
        if self._always(key_press(event)):
            return "break"
        focus = self._page.focus_get()
        inside = focus is not None and str(focus).startswith(f"{self._page}.")
        if not inside and focus is not self._page.winfo_toplevel():
            return None
        if typing_in(focus):
            return None
        return "break" if self._answer(key_press(event)) else None


def act_on(actions: Mapping[str, Callable[[], object]], name: str) -> bool:
    """Do what a table says for this name; False when it says nothing."""
    action = actions.get(name)
    if action is None:
        return False
    action()
    return True
