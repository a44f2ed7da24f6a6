"""The left side of the Create page: packs, the prompts of the chosen one, and the text of the prompt in sight."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

from ...app.controller import Controller
from ...app.create.pack_choice import PackChoice
from ...app.file_kinds import PACKS
from ...domain.base.file_wish import FileWish
from ...domain.prompts.pack import PackPrompt
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.packs import AddPack, PackLoaded, PackNotSaved, PackSettingsSaved, PacksListed
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ListRow, RowList
from ..widgets.text_field import TextField
from ..widgets.tooltips import tip
from .lora_hints import LoraHints

_WIDTH = 280  # px, until the page knows its own
_LOW = 660  # px: below this height the lists have fewer rows
LEARNING = (
    MenuEntry("", "As usual"),
    MenuEntry("off", "Off"),
    MenuEntry("passive", "Passive"),
    MenuEntry("active", "Active"),
    MenuEntry("locked", "Locked in"),
)


class PackPanel(Box):
    """Tells `on_change()` whenever what would be run has changed. Edited texts count for runs, the file stays."""

    FOLLOWS = (PacksListed, PackLoaded, PackSettingsSaved, PackNotSaved, LibraryChanged, ModelRead, BackendChecked)

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        choice: PackChoice,
        *,
        on_change: Callable[[], object],
        use_checkpoint: Callable[[str], object],
    ) -> None:
        super().__init__(parent, "surface", width=theme.px(_WIDTH))
        self.pack_propagate(False)
        self._controller, self.choice, self._on_change = controller, choice, on_change
        self._checkpoint = ""
        self.hints = LoraHints(self, controller, rewrite=self.rewrite, use_checkpoint=use_checkpoint)
        self._build_packs()
        self._build_prompts()
        self._build_text()
        self._is_low = False
        self.bind("<Configure>", self._resized)
        if controller.packs.files:
            self._filter("")

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Where there is little height, the lists give some of it to the text of the prompt."""
        low = event.height < theme.px(_LOW)
        if event.widget is self and low != self._is_low:
            self._is_low = low
            self._size_lists()

    def _size_lists(self) -> None:
        packs, prompts = len(self._controller.packs.files), len(self.choice.all_prompts)
        most = (3, 4) if self._is_low else (5, 6)
        for listing, count, rows in ((self.list, packs, most[0]), (self.prompts, prompts, most[1])):
            listing.canvas.configure(height=theme.px(theme.ROW) * min(max(count, 2), rows))

    # ---- what the page asks

    def go_with(self, checkpoint: str) -> None:
        """The checkpoint in force, in the backend's name: what is known about LoRAs may depend on it."""
        if checkpoint != self._checkpoint:
            self._checkpoint = checkpoint
            self._show_hints()

    def use_prompt(self, pack_id: str, prompt_id: str, positive: str, negative: str) -> None:
        """Choose this prompt alone, with these texts, if there is one of this id in a pack that is there."""
        self.choice.wanted_prompt = pack_id, PackPrompt(prompt_id, prompt_id, positive, negative, 0)
        self.choice.take(self.choice.pack)
        if self.choice.file is None or self.choice.file.pack_id != pack_id:
            self.choose(pack_id)
        self._show_prompts()

    def choose(self, pack_id: str) -> None:
        """Choose a pack by its id."""
        self.choice.wanted = pack_id
        self.search.set("")
        self._filter("")

    def choose_only(self, pack_id: str, prompts: Sequence[str]) -> None:
        """Choose a pack by its id and, where it is in sight already, these prompts alone (() = as they are)."""
        self.choose(pack_id)
        if prompts and self.choice.pack is not None and self.choice.pack.pack_id == pack_id:
            self.choice.choose_only(prompts)
            self._show_prompts()

    # ---- parts

    def _build_packs(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(16), theme.px(12)), pady=(theme.px(10), theme.px(4)))
        Label(head, "Packs", size=15, bold=True).pack(side="left")
        Button(head, "Add pack…", self.add_pack, kind="outline", height=theme.SMALL).pack(side="right")
        self.search = Entry(self, height=theme.SMALL, icon="search", placeholder="Find a pack", on_edit=self._filter)
        self.search.pack(fill="x", padx=theme.px(12))
        self.list = RowList(self, on_select=self._pick, rows=5)
        self.list.pack(fill="x", pady=(theme.px(4), theme.px(8)))
        Separator(self).pack(fill="x")

    def _build_prompts(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self._count = Label(head, "", size=12, ink="text3")
        self._count.pack(side="right")
        self._heading = ShortLabel(head, "Prompts", bold=True)
        self._heading.pack(side="left", fill="x", expand=True)
        self.prompts = RowList(self, on_select=self._show_prompt, on_check=self.turn, rows=6, empty="")
        self.prompts.pack(fill="x")
        choose = Box(self)
        choose.pack(fill="x", padx=theme.px(10), pady=(0, theme.px(4)))
        Button(choose, "All", lambda: self.choose_all(True), kind="link", height=24).pack(side="left")
        Button(choose, "None", lambda: self.choose_all(False), kind="link", height=24).pack(side="left")
        self.learning = ChoiceField(choose, LEARNING, self.choice.set_learning, width=116, height=24)
        self.learning.pack(side="right")
        tip(
            self.learning,
            "What learning may do for this pack. As usual: as for all packs. Locked in: nothing is varied.",
        )
        Separator(self).pack(fill="x")

    def _build_text(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(16), theme.px(12)), pady=(theme.px(8), 0))
        self._side = Segmented(
            head, (("positive", "Prompt"), ("negative", "Negative")), lambda _side: self._show_text()
        )
        self._side.pack(side="right")
        self._name = ShortLabel(head, bold=True)
        self._name.pack(side="left", fill="x", expand=True)
        self.notes = Label(self, "", size=12, ink="text3", wrap=True)
        self.notes.pack(side="bottom", fill="x", padx=theme.px(16), pady=(0, theme.px(10)))
        self.hints.pack(side="bottom", fill="x", padx=(theme.px(16), theme.px(12)))
        self._reset = Button(self, "Back to the pack's text", self.forget_edit, kind="link", height=24)
        self._idle, self._idle_negative = Label(self, "", size=12, ink="warn", wrap=True), ""
        self.text = TextField(self, on_edit=self._edited, fill=True)
        self.text.pack(fill="both", expand=True, padx=theme.px(12), pady=(0, theme.px(2)))

    # ---- packs

    def add_pack(self) -> None:
        """Ask for a pack file and copy it among the own packs."""
        choose_file(self, self._controller, FileWish(title="Add a pack", words="Packs", endings=PACKS), self._add)

    def _add(self, path: Path) -> None:
        self.choice.wanted = path.stem
        self._controller.ask(AddPack(path=path))

    def on_event(self, event: Event) -> None:
        """Packs were listed or read."""
        file = self.choice.file
        if isinstance(event, PacksListed):
            changed = self.choice.follow()
            self._filter(self.search.get())
            if changed:
                self._on_change()
        elif isinstance(event, PackLoaded) and file is not None and event.path == file.path:
            self._take(event)
        elif isinstance(event, PackSettingsSaved):
            self._show_learning()
            self._on_change()
        elif isinstance(event, PackNotSaved) and file is not None and event.path == file.path:
            self._show_learning()
            self.notes.show(event.message, "danger")
        elif isinstance(event, (LibraryChanged, ModelRead, BackendChecked)):
            self._show_hints()

    def _filter(self, text: str) -> None:
        place = self.choice.find(text)
        self.list.empty = self._controller.packs.empty_text
        rows = [
            ListRow(
                pack.title,
                str(pack.count) if not pack.problem else "",
                sign="warning" if pack.problem else "lock" if pack.settings.learning == "locked" else "",
            )
            for pack in self.choice.files
        ]
        self._size_lists()
        self.list.show_rows(rows, place)
        if place >= 0:
            self.list.see(place)
        self._show_learning()

    def _pick(self, place: int) -> None:
        self.choice.pick(place)
        self._show_learning()

    def _take(self, event: PackLoaded) -> None:
        self.choice.take(event.pack)
        self._heading.show(f"Prompts in {self.choice.file.title}" if self.choice.file is not None else "Prompts")
        warnings = event.pack.warnings if event.pack is not None else ()
        self.notes.show(
            event.problem or (f"Line {warnings[0].line}: {warnings[0].message}" if warnings else ""),
            "danger" if event.problem else "warn",
        )
        self._show_prompts()

    def _show_learning(self) -> None:
        self.learning.set(self.choice.learning)
        self.learning.set_dot("text2", "lock" if self.choice.learning == "locked" else "learn")

    # ---- prompts

    def _show_prompts(self) -> None:
        choice, prompts = self.choice, self.choice.all_prompts
        rows = [
            ListRow(p.name, "edited" if choice.is_edited(p) else "", checked=p.prompt_id in choice.chosen)
            for p in prompts
        ]
        # A short pack leaves its room to the text.
        self._size_lists()
        self.prompts.show_rows(rows, choice.place if rows else -1)
        self._count.show(f"{len(choice.chosen)} of {len(prompts)}" if prompts else "")
        self._show_text()
        self._on_change()

    def _show_prompt(self, place: int) -> None:
        self.choice.place = place
        self._show_text()

    def turn(self, place: int) -> None:
        """Choose a prompt or leave it out, as its check box does."""
        if self.choice.pack is not None:
            self.choice.turn(place)
            self._show_prompts()

    def choose_all(self, on: bool) -> None:
        """Choose all prompts of the pack or none."""
        self.choice.choose_only([prompt.prompt_id for prompt in self.choice.all_prompts] if on else ())
        self._show_prompts()

    # ---- text

    def _show_text(self) -> None:
        prompt = self.choice.current
        self._name.show(prompt.name if prompt is not None else "")
        words = getattr(prompt, self._side.value) if prompt is not None else ""
        self.text.set(words)
        self._show_idle()
        self._show_hints()
        if self.choice.is_edited(prompt):
            self._reset.pack(anchor="w", padx=theme.px(12), before=self.text)
        else:
            self._reset.pack_forget()

    def show_side(self, side: str) -> None:
        """Show the prompt ("positive") or the negative prompt ("negative")."""
        self._side.set(side)
        self._show_text()

    def tell_idle_negative(self, why: str) -> None:
        """Say why a negative prompt does nothing with the settings in force; "" where it does."""
        if why != self._idle_negative:
            self._idle_negative = why
            self._show_idle()

    def _show_idle(self) -> None:
        why = self._idle_negative if self._side.value == "negative" else ""
        self._idle.show(why, "warn")
        self.text.dim(bool(why))
        if not why:
            self._idle.pack_forget()
        elif not self._idle.winfo_manager():
            self._idle.pack(fill="x", padx=theme.px(16), before=self.text)

    def _edited(self, _text: str) -> None:
        prompt = self.choice.current
        words = " ".join(self.text.get().split("\n")).strip()
        if prompt is None or words == getattr(prompt, self._side.value):
            return
        self.choice.edit(**{self._side.value: words})
        cursor = self.text.field.index("insert")
        self._show_prompts()
        self.text.field.mark_set("insert", cursor)

    def rewrite(self, positive: str) -> None:
        """Put this in place of the text of the prompt in sight."""
        self.choice.edit(positive=positive)
        self._show_prompts()

    def _show_hints(self) -> None:
        prompt = self.choice.current
        self.hints.show(prompt.positive if prompt is not None else "", self._checkpoint)

    def forget_edit(self) -> None:
        """Show the text of the pack again."""
        self.choice.forget_edit()
        self._show_prompts()
