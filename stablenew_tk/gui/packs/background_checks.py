"""Asking what is wrong with a text and what comes of it, while it is being written; only the newest answer counts."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator

from ...app.controller import Controller
from ...app.pack_drafts import PackDraft
from ...app.prompt_inventory import PromptInventory
from ...domain.prompts.incremental import pieces, prompt_at, slots_of_text
from ...domain.prompts.pack import PackPrompt
from ...pipeline.messages.packs import CheckPack, ExpandPrompts, PackChecked, PromptsExpanded
from .variants_tab import SHOWN

_PIECE_MS = 2


class BackgroundChecks:
    """Numbers what is asked; answers to older questions are thrown away."""

    def __init__(self, page: tk.Misc, controller: Controller, stock: PromptInventory) -> None:
        self._page, self._controller, self._stock = page, controller, stock
        self._checking = self._expanding = 0
        self._reading = ""
        self._seed: int | None = None
        self._asked: tuple[object, ...] | None = None
        self.checked: PackChecked | None = None

    def check(self, draft: PackDraft) -> None:
        """Have the text looked through."""
        self._checking += 1
        self._controller.ask(
            CheckPack(
                path=draft.path,
                text=draft.text,
                settings=draft.wanted,
                number=self._checking,
                loras=self._stock.loras(),
                embeddings=self._stock.embeddings(),
            )
        )

    def is_newest_check(self, event: PackChecked) -> bool:
        """Whether this answers the last question; then it is kept."""
        if event.number != self._checking:
            return False
        self.checked = event
        return True

    def forget(self) -> None:
        """Another pack: nothing is known about it, and what is on its way is about the other one."""
        self._checking += 1
        self._expanding += 1
        self.checked, self._asked, self._seed = None, None, None
        self._stop_reading()

    def expand(self, draft: PackDraft, line: int, *, whole: bool, nothing: Callable[[], object]) -> None:
        """Have the variants worked out, of the prompt at a line or of all; `nothing()` where there is no prompt.

        The same question again is not asked.
        """
        table = draft.path.suffix.lower() == ".tsv"
        prompts = () if whole else prompt_at(draft.text, line, table=table)
        asked = (draft.path, draft.text if whole else prompts, draft.wanted, self._seed)
        if asked == self._asked:
            return
        self._asked = asked
        self._stop_reading()
        if whole:
            self._read(draft, pieces(draft.text, table=table), [], nothing)
        else:
            self._ask(draft, prompts, nothing)

    def draw(self) -> None:
        """The next question is asked with another seed."""
        # Only what is looked at differs, so it need not be a good one.
        self._seed = (self._seed or 0) + 1

    def is_newest_expansion(self, event: PromptsExpanded) -> bool:
        """Whether this answers the last question."""
        return event.number == self._expanding

    def _read(
        self,
        draft: PackDraft,
        left: Iterator[tuple[PackPrompt, ...]],
        found: list[PackPrompt],
        nothing: Callable[[], object],
    ) -> None:
        piece = next(left, None)
        if piece is None:
            self._reading = ""
            self._ask(draft, tuple(found), nothing)
            return
        found += piece
        self._reading = self._page.after(_PIECE_MS, self._read, draft, left, found, nothing)

    def _ask(self, draft: PackDraft, prompts: tuple[PackPrompt, ...], nothing: Callable[[], object]) -> None:
        self._expanding += 1
        if not prompts:
            nothing()
            return
        self._controller.ask(
            ExpandPrompts(
                path=draft.path,
                prompts=prompts,
                settings=draft.wanted,
                number=self._expanding,
                slots=slots_of_text(draft.text),
                limit=SHOWN,
                seed=self._seed,
            )
        )

    def _stop_reading(self) -> None:
        if self._reading:
            self._page.after_cancel(self._reading)
            self._reading = ""


class Pause:
    """Does something once nothing has happened for a while. `stir` is cheap enough for every key."""

    def __init__(self, page: tk.Misc, wait_ms: int, deed: Callable[[], object]) -> None:
        self._page, self._wait_ms, self._deed = page, wait_ms, deed
        self._later, self._again = "", False

    def stir(self) -> None:
        """Something happened."""
        # A new timer for each key costs two calls into Tcl; one that looks again costs none.
        self._again = bool(self._later)
        if not self._later:
            self._later = self._page.after(self._wait_ms, self._look)

    @property
    def is_waiting(self) -> bool:
        """Whether something is still to be done."""
        return bool(self._later)

    def now(self) -> None:
        """Do at once what is to be done, if anything is."""
        if self._later:
            self.cancel()
            self._deed()

    def cancel(self) -> None:
        """Do not do it."""
        if self._later:
            self._page.after_cancel(self._later)
            self._later = ""

    def _look(self) -> None:
        if self._again:
            self._again = False
            self._later = self._page.after(self._wait_ms, self._look)
            return
        self._later = ""
        self._deed()
