"""What is known about the LoRAs of a prompt, as a list of hints below it.

Nothing is changed by itself: a click inserts the phrases, takes the weight, or chooses the checkpoint it goes with.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.controller import Controller
from ...app.create.lora_hints import LoraHint, lora_hints
from ...domain.base.wording import counted
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.popups import Popup
from ..widgets.tooltips import tip

_WIDTH = 360  # px
_MOST_SHOWN = 8  # hints; the others follow when some of these are done


class HintPopup(Popup):
    """Lists hints by LoRA, each with a button that closes the list and follows the hint."""

    def open(self, at: tk.Misc, hints: Sequence[LoraHint], follow: Callable[[LoraHint], object]) -> None:
        """Show them at a widget; the keyboard stands on the first button."""
        self._empty()
        buttons: list[Button] = []
        name = ""
        for hint in hints:
            if hint.name != name:
                name = hint.name
                title = theme.elide(f"LoRA {name}", theme.font(13, True), theme.px(_WIDTH - 28))
                Label(self.body, title, bold=True).pack(fill="x", padx=theme.px(14), pady=(theme.px(8), 0))
            buttons.append(self._row(hint, follow))
        Box(self.body, height=theme.px(8)).pack(fill="x")
        self._fit(at, buttons[0], theme.px(_WIDTH))

    def _row(self, hint: LoraHint, follow: Callable[[LoraHint], object]) -> Button:
        told, action = hint.words
        line = Box(self.body)
        line.pack(fill="x", padx=(theme.px(14), theme.px(6)), pady=(theme.px(6), theme.px(2)))
        button = Button(line, action, self._closing(lambda: follow(hint)), kind="outline", height=theme.SMALL)
        button.pack(side="right", anchor="n")
        for label in (Label(line, told), Label(line, hint.source, size=12, ink="text3")):
            label.configure(wraplength=theme.px(_WIDTH - 28) - button.winfo_reqwidth())
            label.pack(anchor="w")
        return button


class LoraHints(Box):
    """A button below the prompt that opens the list, hidden where there is nothing to say; call `show` after a change.

    `rewrite(prompt)` gets the changed prompt, `use_checkpoint(name)` the backend's name of a checkpoint.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        rewrite: Callable[[str], object],
        use_checkpoint: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._controller, self._rewrite, self._use = controller, rewrite, use_checkpoint
        self._prompt = ""
        self.hints: tuple[LoraHint, ...] = ()
        self.button = Button(self, "", self.open, kind="link", icon="info", height=24)
        tip(self.button, "What the files beside the LoRAs of this prompt recommend")

    def show(self, prompt: str, checkpoint: str) -> None:
        """Look at this prompt; `checkpoint` is the one in force. What is not read yet comes with ModelRead."""
        self._prompt = prompt
        hints = tuple(lora_hints(self._controller, prompt, checkpoint))
        if hints == self.hints:
            return
        self.hints = hints
        names = list(dict.fromkeys(hint.name for hint in hints))
        words = f"LoRA {names[0]}" if len(names) == 1 else counted(len(names), "LoRA")
        if hints:
            room = theme.px(150)
            self.button.set_text(f"{theme.elide(words, theme.font(12), room)}: {counted(len(hints), 'hint')}")
            self.button.pack(anchor="w")
        else:
            self.button.pack_forget()
            # A frame does not shrink by itself once its last child has gone.
            self.configure(height=1)

    def open(self) -> None:
        """Show the list."""
        HintPopup.shared().open(self.button, self.hints[:_MOST_SHOWN], self.follow)

    def follow(self, hint: LoraHint) -> None:
        """Do what a hint says."""
        if hint.checkpoint:
            self._use(hint.checkpoint)
        else:
            self._rewrite(hint.applied(self._prompt))
