"""The pack in the editor: its draft, errors and warnings, variants; adding and deleting packs.

Main thread only. Slow work is done by the pack worker; the page shows the results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from ...domain.prompts.completion import slots_in
from ...domain.prompts.incremental import pieces, prompt_at, slots_of_text
from ...domain.prompts.pack import PackPrompt
from ...domain.prompts.settings import PackSettings
from ...pipeline.messages.base import Order
from ...pipeline.messages.packs import (
    AddPack,
    CheckPack,
    ExpandPrompts,
    LoadPack,
    NewPack,
    PackAdded,
    PackChecked,
    PackSaved,
    PackSettingsSaved,
    PromptsExpanded,
    TrashPack,
)
from ..controller import Controller
from .drafts import Drafts, PackDraft, PackSaving
from .kept_slots import KeptSlot, kept_texts
from .prompt_inventory import PromptInventory

PREVIEWED = 50  # variants of a preview
# A pack that runs at once.
NEW_TEXT = "name: First prompt\na red boat on a calm sea, evening light\nneg: text, watermark\n"


class BackgroundChecks:
    """Questions about a text while it is typed: what is wrong with it, and its variants. Only the newest answers count.

    `checked` is the answer to the last `check`; None while there is none about this pack.
    """

    def __init__(self, controller: Controller, inventory: PromptInventory) -> None:
        self._controller, self._inventory = controller, inventory
        self._check_number = self._preview_number = 0
        self._preview: tuple[object, ...] | None = None
        self._draft = PackDraft(path=Path())
        self._prompts: list[PackPrompt] = []
        self._unread: Iterator[tuple[PackPrompt, ...]] = iter(())
        self._seed: int | None = None
        self._kept: Sequence[KeptSlot] = ()
        self.checked: PackChecked | None = None

    def check(self, draft: PackDraft) -> None:
        """Have the text checked; PackChecked answers."""
        self._check_number = self._controller.packs.new_number()
        self._controller.ask(
            CheckPack(
                path=draft.path,
                text=draft.text,
                settings=draft.wanted,
                number=self._check_number,
                loras=self._inventory.loras(),
                embeddings=self._inventory.embeddings(),
            )
        )

    def is_newest_check(self, event: PackChecked) -> bool:
        """Whether this answers the last question; then it is kept as `checked`."""
        if event.number != self._check_number:
            return False
        self.checked = event
        return True

    def forget(self) -> None:
        """Drop what is known and what is still asked: another pack is edited now."""
        self._check_number = self._preview_number = 0
        self.checked, self._preview, self._seed, self._unread = None, None, None, iter(())

    def preview(self, draft: PackDraft, line: int, *, whole: bool, kept: Sequence[KeptSlot] = ()) -> bool:
        """Begin a preview of the prompt at a line (from 1) or of the `whole` pack, with the texts `kept` for slots; go
        on with `read_on`.

        False when it would be the same as the last one.
        """
        table = draft.path.suffix.lower() == ".tsv"
        prompts = () if whole else prompt_at(draft.text, line, table=table)
        preview = (draft.path, draft.text if whole else prompts, draft.wanted, self._seed, kept)
        if preview == self._preview:
            return False
        self._preview, self._draft, self._prompts, self._kept = preview, draft, list(prompts), kept
        self._unread = pieces(draft.text, table=table) if whole else iter(())
        return True

    def read_on(self) -> Literal["reading", "asked", "nothing"]:
        """Read one more piece of the text (about 2 ms). When all is read, ask; PromptsExpanded answers.

        "nothing": there is no prompt to show variants of.
        """
        piece = next(self._unread, None)
        if piece is not None:
            self._prompts += piece
            return "reading"
        self._preview_number = self._controller.packs.new_number()
        if not self._prompts:
            return "nothing"
        self._controller.ask(
            ExpandPrompts(
                path=self._draft.path,
                prompts=tuple(self._prompts),
                settings=self._draft.wanted,
                number=self._preview_number,
                slots=slots_of_text(self._draft.text),
                limit=PREVIEWED,
                seed=self._seed,
                kept=kept_texts(self._kept, [one.prompt_id for one in self._prompts]),
            )
        )
        return "asked"

    def draw(self) -> None:
        """Use another seed for the next preview."""
        # Only the preview uses it, so it need not be a good one.
        self._seed = (self._seed or 0) + 1

    def is_newest_preview(self, event: PromptsExpanded) -> bool:
        """Whether this answers the last question."""
        return event.number == self._preview_number


class OpenPack:
    """Which pack is edited. `path` is None while none is read; `slots` are the names of its slots at the last check."""

    def __init__(self, controller: Controller, inventory: PromptInventory) -> None:
        self._controller = controller
        self.drafts = Drafts()
        self.saving = PackSaving(controller, self.drafts)
        self.checks = BackgroundChecks(controller, inventory)
        self.path: Path | None = None
        self.slots: tuple[str, ...] = ()
        self._checked: tuple[str, PackSettings | None] = ("", None)
        self._adding: AddPack | NewPack | None = None
        self._trashing: dict[Path, TrashPack] = {}

    @property
    def draft(self) -> PackDraft | None:
        """The open pack as it was at the last pause in typing."""
        return self.drafts.of(self.path) if self.path is not None else None

    def load(self, path: Path | None) -> None:
        """Close the open pack and have another one read; set `path` once it is. Drafts stay."""
        self.checks.forget()
        self.path, self._checked = None, ("", None)
        if path is not None:
            self._controller.ask(LoadPack(path=path))

    def check(self) -> None:
        """Have the text checked if it or the settings have changed since the last time."""
        draft = self.draft
        if draft is not None and (draft.text, draft.wanted) != self._checked:
            self._checked = (draft.text, draft.wanted)
            self.slots = slots_in(draft.text)
            self.checks.check(draft)

    def listed(self, paths: Collection[Path]) -> tuple[PackDraft, ...]:
        """Take in which pack files there are. Returns drafts whose files have vanished."""
        for path in [one for one in self._trashing if one not in paths]:
            del self._trashing[path]
            self._forget(path)
        return self.drafts.vanished(paths)

    def saved(self, event: PackSaved | PackSettingsSaved) -> Path | None:
        """Take in what is on disk. Returns the new path of the open pack: a predecessor's JSON is saved as text."""
        self.saving.saved(event)
        moved = isinstance(event, PackSaved) and event.path != self.path == event.path.with_suffix(".json")
        return event.path if moved else None

    def make(self, name: str, text: str = NEW_TEXT) -> None:
        """Have a new pack made; PackAdded answers, see `is_wanted`."""
        self._adding = NewPack(name=name, text=text)
        self._controller.ask(self._adding)

    def add(self, path: Path) -> None:
        """Have a pack file copied among the own packs; PackAdded answers, see `is_wanted`."""
        self._adding = AddPack(path=path)
        self._controller.ask(self._adding)

    def is_wanted(self, event: PackAdded) -> bool:
        """Whether this is the pack that was last made or added here, so that it is to be opened."""
        wanted = event.order is self._adding
        if wanted:
            self._adding = None
        return wanted

    def trash(self, path: Path) -> None:
        """Have a pack put into the trash. What was typed in it is kept until it is there."""
        if self._controller.packs.find(path) is None:
            self._forget(path)  # its file is gone already
        else:
            self._trashing[path] = TrashPack(path=path)
            self._controller.ask(self._trashing[path])

    def failed(self, order: Order | None) -> None:
        """Stop waiting for the answer to an order that could not be carried out."""
        if order is not None and order is self._adding:
            self._adding = None
        self._trashing = {path: one for path, one in self._trashing.items() if one is not order}

    def _forget(self, path: Path) -> None:
        self.drafts.forget(path)
        if path == self.path:
            self.path = None
