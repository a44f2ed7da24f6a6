"""What is known about the LoRAs of a prompt: phrases that wake them, a weight that suits, a checkpoint as partner.

Nothing is changed by itself: a click inserts the phrases, takes the weight, or chooses the checkpoint it goes with.
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import cast

from msgspec import Struct

from ...app.controller import Controller
from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted
from ...domain.models.profile import TIERS
from ...domain.models.recommendations import ModelSettings
from ...domain.prompts.pack import with_lora_weight
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.popups import Popup
from ..widgets.tooltips import tip

_WIDTH = 360  # px
_MOST_SHOWN = 8  # hints; the others follow when some of these are done
_LONGEST = 200  # letters of trigger phrases that are shown
_TAG = re.compile(r"<lora:([^:<>]{1,200})(?::([^:<>]{0,40}))?[^<>]{0,200}>")


class Hint(Struct, frozen=True):
    """One thing that could be done about a LoRA of the prompt: phrases to insert, a weight, or a checkpoint to use."""

    name: str
    source: str
    phrases: tuple[str, ...] = ()
    weight: float | None = None
    weight_now: str = ""
    checkpoint: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """What it says, and what its button says."""
        if self.phrases:
            return (
                f"Its trigger {'phrase' if len(self.phrases) == 1 else 'phrases'}: {', '.join(self.phrases)}",
                "Insert",
            )
        if self.weight is not None:
            return f"Recommended weight {self.weight:g}, now {self.weight_now}", f"Take {self.weight:g}"
        return f"Goes well with {self.checkpoint}", "Use it"


class HintPopup(Popup):
    """Lists hints by LoRA, each with a button that closes the list and follows the hint."""

    def open(self, owner: tk.Misc, hints: Sequence[tuple[Hint, Callable[[], object]]]) -> None:
        """Show them at `owner`; the keyboard stands on the first button."""
        for child in self.body.winfo_children():
            child.destroy()
        buttons: list[Button] = []
        name = ""
        for hint, follow in hints:
            if hint.name != name:
                name = hint.name
                title = theme.elide(f"LoRA {name}", theme.font(13, True), theme.px(_WIDTH - 28))
                Label(self.body, title, bold=True).pack(fill="x", padx=theme.px(14), pady=(theme.px(8), 0))
            buttons.append(self._row(hint, follow))
        Box(self.body, height=theme.px(8)).pack(fill="x")
        self.window.update_idletasks()
        self._place(owner, buttons[0], width=theme.px(_WIDTH), height=self.body.winfo_reqheight() + 2)

    def _row(self, hint: Hint, follow: Callable[[], object]) -> Button:
        def close_and_follow() -> None:
            self.close()
            follow()

        told, action = hint.words
        line = Box(self.body)
        line.pack(fill="x", padx=(theme.px(14), theme.px(6)), pady=(theme.px(6), theme.px(2)))
        button = Button(line, action, close_and_follow, kind="outline", height=theme.SMALL)
        button.pack(side="right", anchor="n")
        for text, size, ink in ((told, 13, "text"), (hint.source, 12, "text3")):
            label = Label(line, text, size=size, ink=cast(Role, ink))
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
        self.hints: tuple[Hint, ...] = ()
        self.button = Button(self, "", self.open, kind="link", icon="info", height=24)
        tip(self.button, "What the files beside the LoRAs of this prompt recommend")

    def show(self, prompt: str, checkpoint: str) -> None:
        """Look at this prompt; `checkpoint` is the one in force. What is not read yet comes with ModelRead."""
        self._prompt = prompt
        hints = tuple(self._found(prompt, checkpoint))
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
        HintPopup.shared().open(self.button, [(hint, partial(self.follow, hint)) for hint in self.hints[:_MOST_SHOWN]])

    def follow(self, hint: Hint) -> None:
        """Do what a hint says."""
        if hint.phrases:
            self._rewrite(", ".join([self._prompt.rstrip(" ,"), *hint.phrases]))
        elif hint.weight is not None:
            self._rewrite(with_lora_weight(self._prompt, hint.name, hint.weight))
        else:
            self._use(hint.checkpoint)

    def _found(self, prompt: str, checkpoint: str) -> Iterator[Hint]:
        for name, weight in dict(_TAG.findall(prompt)).items():
            entry = self._controller.models.find(name, "lora")
            known = self._controller.models.settings(entry.path) if entry is not None else None
            if known is not None:
                yield from self._hints(name, weight, known, prompt, checkpoint)

    def _hints(self, name: str, weight: str, known: ModelSettings, prompt: str, checkpoint: str) -> Iterator[Hint]:
        text = _plain(prompt)
        missing = tuple(phrase for phrase in known.trigger_phrases if _plain(phrase) not in text)
        if missing:
            yield Hint(name=name, source=known.trigger_source, phrases=missing)
        best = next((one for one in known.weights if one.rating != "bad"), None)
        if best is not None and f"{best.weight:g}" != _number(weight):
            yield Hint(name=name, source=best.source, weight=best.weight, weight_now=_number(weight))
        partner = self._partner(known, checkpoint)
        if partner:
            yield Hint(name=name, source="a pairing in its profile", checkpoint=partner)

    def _partner(self, known: ModelSettings, checkpoint: str) -> str:
        """The checkpoint it goes best with, when the backend has it and another one is chosen."""
        found, profile = self._controller.capabilities, known.lora_profile
        if found is None or profile is None:
            return ""
        good = [one for one in profile.recommended_pairings if TIERS.index(one.rating) > TIERS.index("neutral")]
        names = [
            self._controller.models.styles.resolve_alias(one.model, found.checkpoints)
            for one in sorted(good, key=lambda one: -TIERS.index(one.rating))
        ]
        return "" if checkpoint in names else next((name for name in names if name is not None), "")


def _plain(text: str) -> str:
    return " ".join(_TAG.sub(" ", text).casefold().split())


def _number(weight: str) -> str:
    try:
        return f"{float(weight or 1):g}"
    except ValueError:
        return weight
