"""The bar below the wizard's steps: what is amiss, Cancel, Back, Save for later, and the one main action."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...widgets import theme
from ...widgets.basics import Box, Button, Label, Separator
from ...widgets.tooltips import tip


class Verbs(Struct, frozen=True):
    """What the buttons do."""

    cancel: Callable[[], object]
    back: Callable[[], object]
    save: Callable[[], object]
    next: Callable[[], object]
    fold: Callable[[], object]


class WizardBar(Box):
    """Created after the steps, so that Tab comes to it last."""

    def __init__(self, parent: tk.Misc, verbs: Verbs) -> None:
        super().__init__(parent, "bg")
        self._trouble = Label(self, "", size=12, wrap=True)
        self._rule = Separator(self)
        self._rule.pack(side="top", fill="x")
        bar = Box(self, "surface", height=theme.px(theme.ACTION_BAR))
        bar.pack_propagate(False)
        bar.pack(side="bottom", fill="x")
        # In the order of Tab; the main action stands at the right end all the same.
        cancel = Button(bar, "Cancel", verbs.cancel, kind="quiet", height=theme.MAIN)
        cancel.pack(side="left", padx=(theme.px(10), 0))
        self._fold = Button(bar, "Overview", verbs.fold, kind="quiet", height=theme.MAIN)
        tip(self._fold, "Shows or hides what will be made (I)")
        right = Box(bar)
        right.pack(side="right", padx=(0, theme.px(24)))
        self.back = Button(right, "Back", verbs.back, kind="outline", height=theme.MAIN)
        self.later = Button(right, "Save for later", verbs.save, kind="outline", height=theme.MAIN)
        self.next = Button(right, "Next", verbs.next, kind="main", height=theme.MAIN)
        for button in (self.back, self.later, self.next):
            button.pack(side="left", padx=(theme.px(2), 0))

    @property
    def trouble(self) -> str:
        """The sentence in sight, or ""."""
        return str(self._trouble.cget("text")) if self._trouble.winfo_manager() else ""

    def say(self, sentence: str, *, wrong: bool = False) -> None:
        """What is still missing, or went `wrong`, and has no field to stand below; "" takes it away."""
        if sentence:
            self._trouble.show(sentence, "danger" if wrong else "text2")
            self._trouble.pack(
                side="top", fill="x", padx=theme.px(28), pady=theme.px(6), before=self.winfo_children()[1]
            )
        else:
            self._trouble.pack_forget()

    def offer_fold(self, on: bool) -> None:
        """Offer to fold the right panel, where there is not room for it all the time."""
        if on:
            self._fold.pack(side="left")
        else:
            self._fold.pack_forget()
