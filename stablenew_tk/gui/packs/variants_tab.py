"""The Variants tab of Packs: the prompts with every choice made, the choices in colour."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from ...app.packs.kept_slots import KeptSlot
from ...app.packs.wording import variants_words
from ...app.wording import label, value_text
from ...domain.base.colour_roles import Role
from ...domain.prompts.variant import Expansion, Variant, choice_spans
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.controls import Segmented
from ..widgets.flow import pack_if
from ..widgets.scrollbar import TextScrollbar
from ..widgets.tooltips import tip
from .kept_note import KeptNote

Scope = Literal["prompt", "pack"]
# Colours of letters and ground of one choice after the other; from the fifth on they come again, underlined.
_PALETTE: Sequence[tuple[Role, Role]] = (
    ("accent_text", "selection"), ("info", "info_soft"), ("ok", "ok_soft"), ("warn", "warn_soft")
)  # fmt: skip
_COLOURS = 2 * len(_PALETTE)


class VariantsTab(Box):
    """The list. `expand(again)` is called when another scope was chosen, with True when the dice were pressed; for
    `take_back` see `KeptNote`.
    """

    def __init__(
        self, parent: tk.Misc, expand: Callable[[bool], object], take_back: Callable[[KeptSlot], object]
    ) -> None:
        super().__init__(parent, "surface")
        self._shown: Expansion | None = None
        self._highest = 0  # number in the list: the prompts stand beside the longest
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(12), theme.px(8)), pady=theme.px(6))
        self.scope = Segmented(head, (("prompt", "This prompt"), ("pack", "Whole pack")), lambda _scope: expand(False))
        self.scope.pack(side="left")
        self.dice = Button(head, "", lambda: expand(True), kind="quiet", icon="dice", height=theme.SMALL)
        self.dice.pack(side="right")
        tip(self.dice, "Draw anew. Only this preview; the run has its own seed.")
        self.summary = Label(self, "", size=12, ink="text2", wrap=True)
        self.summary.pack(fill="x", padx=theme.px(16), pady=(0, theme.px(8)))
        self.kept = KeptNote(self, take_back, lambda _on: expand(False))
        self._rule = Separator(self)
        self._rule.pack(fill="x")
        self.text = tk.Text(
            self,
            wrap="word",
            bd=0,
            highlightthickness=0,
            width=10,
            height=4,
            padx=theme.px(16),
            pady=theme.px(8),
            state="disabled",
            spacing1=theme.px(1),
            spacing2=theme.px(3),
            cursor="arrow",
            font=theme.font(12),
            takefocus=1,
        )
        TextScrollbar(self, self.text, "surface").pack(side="right", fill="y")
        self.text.pack(fill="both", expand=True)
        self._recolour_text()
        theme.on_change(self._recolour_text)

    def focus_set(self) -> None:
        """Put the keyboard on the choice of prompt or pack."""
        self.scope.focus_set()

    def wait(self) -> None:
        """Say that the variants are being worked out, if none are shown."""
        if self._shown is None:
            self.summary.show("Working the variants out…")

    def say(self, words: str) -> None:
        """Show no variants, and say why."""
        self._shown = None
        self.summary.show(words, "text2")
        self._fill([])

    def show_kept(self, kept: Sequence[KeptSlot]) -> None:
        """Show which texts are in use for slots of the pack."""
        pack_if(self.kept.show(kept), self.kept, fill="x", before=self._rule)

    def show(self, expansion: Expansion) -> None:
        """Show these variants."""
        if expansion == self._shown:
            return
        self._shown = expansion
        self.summary.show(variants_words(expansion), "danger" if expansion.errors else "text2")
        self._fill(expansion.variants)

    @property
    def coloured(self) -> tuple[str, ...]:
        """The words that are in colour."""
        ranges = [self.text.tag_ranges(f"choice{number}") for number in range(_COLOURS)]
        return tuple(
            self.text.get(start, end) for found in ranges for start, end in zip(found[::2], found[1::2], strict=True)
        )

    def _fill(self, variants: Sequence[Variant]) -> None:
        text = self.text
        text.configure(state="normal")
        text.delete("1.0", "end")
        names = list(dict.fromkeys(name for one in variants for name in one.choices))
        tags = {name: f"choice{number % _COLOURS}" for number, name in enumerate(names)}
        self._highest = max((one.index + 1 for one in variants), default=0)
        self._recolour_text()
        before = ""
        for one in variants:
            if one.name != before:
                text.insert("end", f"{one.name}\n", "head")
                before = one.name
            self._put(one, tags)
        text.configure(state="disabled")
        text.yview("1.0")

    def _put(self, one: Variant, tags: Mapping[str, str]) -> None:
        text = self.text
        text.insert("end", f"{one.index + 1:,}\t", "number")
        at = 0
        for start, end, name in choice_spans(one.prompt, one.choices):
            text.insert("end", one.prompt[at:start], "prompt")
            text.insert("end", one.prompt[start:end], ("prompt", tags[name]))
            at = end
        text.insert("end", one.prompt[at:], "prompt")
        if one.overrides:
            told = " · ".join(f"{label(path)} {value_text(path, value)}" for path, value in one.overrides.items())
            text.insert("end", f"\n\t{told}", "note")
        text.insert("end", "\n", "prompt", "\n", "gap")

    def _recolour_text(self) -> None:
        text = self.text
        indent = max(theme.px(34), theme.font(11).measure(f"{self._highest:,}") + theme.px(10))
        text.configure(
            bg=theme.palette["surface"],
            fg=theme.palette["text"],
            selectbackground=theme.palette["selection"],
            selectforeground=theme.palette["text"],
            inactiveselectbackground=theme.palette["raised2"],
            tabs=(indent,),
        )
        text.tag_configure("head", font=theme.font(12, True), spacing1=theme.px(6), spacing3=theme.px(2))
        text.tag_configure("number", foreground=theme.palette["text3"], lmargin2=indent, font=theme.font(11))
        # Tk colours the space around lines as well, so what parts two variants is a small line of its own.
        text.tag_configure("gap", font=theme.font(4), spacing1=0, spacing3=0)
        text.tag_configure("prompt", lmargin2=indent)
        text.tag_configure("note", foreground=theme.palette["text3"], lmargin2=indent, font=theme.font(11))
        for number in range(_COLOURS):
            ink, ground = _PALETTE[number % len(_PALETTE)]
            text.tag_configure(
                f"choice{number}",
                foreground=theme.palette[ink],
                background=theme.palette[ground],
                underline=number >= len(_PALETTE),
                lmargin2=indent,
                lmargincolor=theme.palette["surface"],
            )
        text.tag_raise("sel")
