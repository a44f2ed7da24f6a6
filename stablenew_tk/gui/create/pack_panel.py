"""The left side of the Create page: packs, the prompts of the chosen one, and the text of the prompt in sight."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog
from typing import cast

import msgspec

from ...app.controller import Controller
from ...domain.config.learning_mode import PackLearning
from ...domain.prompts.pack import PackPrompt, PromptPack, successors
from ...pipeline.messages.base import Event
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.packs import AddPack, LoadPack, PackLoaded, PackNotSaved, PackSettingsSaved, PacksListed
from ...storage.packs.pack_file import PackFile
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ListRow, RowList
from ..widgets.text_field import TextField
from ..widgets.tooltips import tip
from .lora_hints import LoraHints

KINDS = [("Packs", "*.txt *.tsv *.json"), ("All", "*")]
WIDTH, WIDTH_NARROW, WIDTH_WIDE = 280, 232, 320
LEARNING = (
    MenuEntry("", "Learning: as usual"),
    MenuEntry("off", "Learning: off"),
    MenuEntry("passive", "Learning: passive"),
    MenuEntry("active", "Learning: active"),
    MenuEntry("locked", "Learning: locked in"),
)


class PackPanel(Box):
    """Tells `on_change()` whenever what would be run has changed. Edited texts count for runs, the file stays."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        on_change: Callable[[], object],
        use_checkpoint: Callable[[str], object],
    ) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTH))
        self.pack_propagate(False)
        self._controller = controller
        self._on_change = on_change
        self._checkpoint = ""
        self._hints = LoraHints(self, controller, rewrite=self._rewrite, use_checkpoint=use_checkpoint)
        self._all = controller.packs.files
        self._shown: tuple[PackFile, ...] = ()
        self.file: PackFile | None = None
        self.pack_read: PromptPack | None = None
        self._chosen: set[str] = set(controller.settings.chosen_prompts)
        self._edits: dict[str, PackPrompt] = {}
        self._before: tuple[PackPrompt, ...] = ()
        self._wanted = controller.settings.pack
        self._looking_at = 0
        self._build_packs()
        self._build_prompts()
        self._build_text()
        if self._all:
            self._filter("")

    # ---- what the page reads

    @property
    def prompts(self) -> tuple[PackPrompt, ...]:
        """The chosen prompts in the pack's order, with the texts as edited here."""
        read = self.pack_read.prompts if self.pack_read is not None else ()
        return tuple(self._edits.get(p.prompt_id, p) for p in read if p.prompt_id in self._chosen)

    @property
    def problem(self) -> str:
        """Why nothing can be run from here, or ""."""
        if self.pack_read is None:
            return self.file.problem if self.file is not None and self.file.problem else "Choose a pack."
        if self.pack_read.errors:
            first = self.pack_read.errors[0]
            return f"{self.pack_read.pack_id}, line {first.line}: {first.message}"
        return "" if self.prompts else "Choose at least one prompt."

    def go_with(self, checkpoint: str) -> None:
        """The checkpoint in force, in the backend's name: what is known about LoRAs may depend on it."""
        self._checkpoint = checkpoint
        self._show_hints()

    def choose(self, pack_id: str) -> None:
        """Choose a pack by its id."""
        self._wanted = pack_id
        self.search.set("")
        self._filter("")

    def focus_first(self) -> None:
        """Put the keyboard on the prompts."""
        self._prompts.focus_set()

    # ---- parts

    def _build_packs(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(16), theme.px(12)), pady=(theme.px(10), theme.px(4)))
        Label(head, "Packs", size=15, bold=True).pack(side="left")
        Button(head, "Add pack…", self.add_pack, kind="outline", height=theme.SMALL).pack(side="right")
        self.search = Entry(self, height=theme.SMALL, icon="search", placeholder="Find a pack", on_edit=self._filter)
        self.search.pack(fill="x", padx=theme.px(12))
        self._packs = RowList(self, on_select=self._pick_pack, rows=5, empty="No pack is called so.")
        self._packs.pack(fill="x", pady=(theme.px(4), theme.px(8)))
        Separator(self).pack(fill="x")

    def _build_prompts(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self._count = Label(head, "", size=12, ink="text3")
        self._count.pack(side="right")
        self._heading = ShortLabel(head, "Prompts", bold=True)
        self._heading.pack(side="left", fill="x", expand=True)
        self._prompts = RowList(self, on_select=self._look_at, on_check=self._turn, rows=6, empty="")
        self._prompts.pack(fill="x")
        choose = Box(self)
        choose.pack(fill="x", padx=theme.px(10), pady=(0, theme.px(4)))
        Button(choose, "All", lambda: self._choose_all(True), kind="link", height=24).pack(side="left")
        Button(choose, "None", lambda: self._choose_all(False), kind="link", height=24).pack(side="left")
        self._learning = ChoiceField(choose, LEARNING, self._set_learning, width=158, height=24)
        self._learning.pack(side="right")
        tip(
            self._learning,
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
        self._name = Label(head, "", size=13, bold=True)
        self._name.pack(side="left", fill="x", expand=True)
        self._name.bind("<Configure>", lambda _event: self._show_name())
        self._notes = Label(self, "", size=12, ink="text3", wrap=True)
        self._notes.pack(side="bottom", fill="x", padx=theme.px(16), pady=(0, theme.px(10)))
        self._hints.pack(side="bottom", fill="x", padx=(theme.px(16), theme.px(12)))
        self._reset = Button(self, "Back to the pack's text", self._forget_edit, kind="link", height=24)
        self.text = TextField(self, on_edit=lambda _text: self._edited(), fill=True)
        self.text.pack(fill="both", expand=True, padx=theme.px(12), pady=(0, theme.px(2)))

    # ---- packs

    def add_pack(self) -> None:
        """Ask for a pack file and copy it among the own packs."""
        name = filedialog.askopenfilename(parent=self, title="Add a pack", filetypes=KINDS)
        if name:
            self._wanted = Path(name).stem
            self._controller.ask(AddPack(path=Path(name)))

    def on_event(self, event: Event) -> None:
        """Packs were listed or read."""
        if isinstance(event, PacksListed):
            self._all = event.packs
            self._filter(self.search.get())
            self._follow()
        elif isinstance(event, PackLoaded) and self.file is not None and event.path == self.file.path:
            self._take(event)
        elif isinstance(event, PackSettingsSaved):
            self._show_learning()
            self._on_change()
        elif isinstance(event, PackNotSaved) and self.file is not None and event.path == self.file.path:
            self._show_learning()
            self._notes.show(event.message, "danger")
        elif isinstance(event, (LibraryChanged, ModelRead)):
            self._show_hints()

    def _filter(self, text: str) -> None:
        word = text.strip().casefold()
        self._shown = tuple(pack for pack in self._all if word in pack.title.casefold())
        rows = [
            ListRow(
                pack.title,
                str(pack.count) if not pack.problem else "",
                sign="warning" if pack.problem else "lock" if pack.settings.learning == "locked" else "",
            )
            for pack in self._shown
        ]
        place = next((n for n, pack in enumerate(self._shown) if self._is_wanted(pack)), -1)
        if place < 0 and self.file is None and self._shown:
            place = 0
        self._packs.canvas.configure(height=theme.px(theme.ROW) * min(max(len(self._all), 2), 5))
        self._packs.show_rows(rows, place)
        if place >= 0:
            self._packs.see(place)
            if self.file is None or self._shown[place].path != self.file.path:
                self._pick_pack(place)
        self._wanted = ""

    def _is_wanted(self, pack: PackFile) -> bool:
        if self.file is None or self._wanted:
            return pack.pack_id == self._wanted
        return pack.path == self.file.path

    def _follow(self) -> None:
        """The packs were listed again: the one in sight may have been changed by another program."""
        before = self.file
        if before is None:
            return
        known = self._controller.packs.find(before.path)
        if known is None and self._all:
            # Gone, or a text file has taken its place.
            self._wanted, self.file = before.pack_id, None
            self._filter(self.search.get())
        if known is None or known == before:
            return
        is_old, self.file = (known.seen, known.problem) != (before.seen, before.problem), known
        self._show_learning()
        self._on_change()
        if is_old:
            self._controller.ask(LoadPack(path=known.path))

    def _pick_pack(self, place: int) -> None:
        picked = self._shown[place]
        if self.file is not None and picked.path != self.file.path:
            self._chosen.clear()
            self._edits.clear()
            self._before = ()
        self.file = picked
        self.pack_read = None
        self._show_learning()
        self._controller.ask(LoadPack(path=picked.path))

    def _take(self, event: PackLoaded) -> None:
        self.pack_read = event.pack
        prompts = self._read()
        if event.pack is not None:
            self._keep_choice(prompts)
        self._looking_at = min(self._looking_at, max(0, len(prompts) - 1))
        self._heading.show(f"Prompts in {self.file.title}" if self.file is not None else "Prompts")
        warnings = event.pack.warnings if event.pack is not None else ()
        self._notes.show(
            event.problem or (f"Line {warnings[0].line}: {warnings[0].message}" if warnings else ""),
            "danger" if event.problem else "warn",
        )
        self._show_prompts()

    def _keep_choice(self, prompts: Sequence[PackPrompt]) -> None:
        """The pack was read, perhaps again: what was chosen and edited stays, whatever the prompts are called now."""
        before, self._before = self._before, tuple(prompts)
        known, later = {prompt.prompt_id for prompt in prompts}, successors(before, prompts)
        kept = {later.get(one, one) for one in self._chosen} & known
        was_whole = len(self._chosen) == len(before)
        self._chosen = known if was_whole or not (kept or before) else kept
        edits = ((later.get(one, one), edit) for one, edit in self._edits.items())
        self._edits = {one: msgspec.structs.replace(edit, prompt_id=one) for one, edit in edits if one in known}

    def _set_learning(self, mode: str) -> None:
        if self.file is None:
            return
        packs = self._controller.packs
        own = msgspec.structs.replace(packs.settings_of(self.file.path), learning=cast(PackLearning, mode))
        packs.save_settings(self.file.path, own)

    def _show_learning(self) -> None:
        self._learning.set(self._controller.packs.settings_of(self.file.path).learning if self.file is not None else "")

    # ---- prompts

    def _show_prompts(self) -> None:
        prompts = self.pack_read.prompts if self.pack_read is not None else ()
        rows = [
            ListRow(p.name, "edited" if p.prompt_id in self._edits else "", checked=p.prompt_id in self._chosen)
            for p in prompts
        ]
        # A short pack leaves its room to the text.
        self._prompts.canvas.configure(height=theme.px(theme.ROW) * min(max(len(rows), 2), 6))
        self._prompts.show_rows(rows, self._looking_at if rows else -1)
        self._count.show(f"{len(self._chosen)} of {len(prompts)}" if prompts else "")
        self._show_text()
        self._on_change()

    def _look_at(self, place: int) -> None:
        self._looking_at = place
        self._show_text()

    def _turn(self, place: int) -> None:
        if self.pack_read is not None:
            self._chosen ^= {self.pack_read.prompts[place].prompt_id}
            self._looking_at = place
            self._show_prompts()

    def _choose_all(self, on: bool) -> None:
        if self.pack_read is not None:
            self._chosen = {prompt.prompt_id for prompt in self.pack_read.prompts} if on else set()
            self._show_prompts()

    # ---- text

    def _current(self) -> PackPrompt | None:
        if self.pack_read is None or not self.pack_read.prompts:
            return None
        prompt = self.pack_read.prompts[self._looking_at]
        return self._edits.get(prompt.prompt_id, prompt)

    def _show_name(self) -> None:
        prompt, room = self._current(), self._name.winfo_width()
        face = theme.font(13, bold=True)
        text = theme.elide(prompt.name, face, room if room > 1 else theme.px(96)) if prompt else ""
        if self._name.cget("text") != text:
            self._name.show(text)

    def _show_text(self) -> None:
        prompt = self._current()
        self._show_name()
        words = getattr(prompt, self._side.value) if prompt is not None else ""
        self.text.set(words)
        self._show_hints()
        if prompt is not None and prompt.prompt_id in self._edits:
            self._reset.pack(anchor="w", padx=theme.px(12), before=self.text)
        else:
            self._reset.pack_forget()

    def _edited(self) -> None:
        prompt = self._current()
        words = " ".join(self.text.get().split("\n")).strip()
        if prompt is None or words == getattr(prompt, self._side.value):
            return
        self._keep(msgspec.structs.replace(prompt, **{self._side.value: words}))
        self._show_prompts_after_edit()

    def _rewrite(self, positive: str) -> None:
        prompt = self._current()
        if prompt is not None:
            self._keep(msgspec.structs.replace(prompt, positive=positive))
            self._show_prompts()

    def _keep(self, changed: PackPrompt) -> None:
        original = next(p for p in self._read() if p.prompt_id == changed.prompt_id)
        if changed == original:
            self._edits.pop(changed.prompt_id, None)
        else:
            self._edits[changed.prompt_id] = changed

    def _show_hints(self) -> None:
        prompt = self._current()
        self._hints.show(prompt.positive if prompt is not None else "", self._checkpoint)

    def _show_prompts_after_edit(self) -> None:
        cursor = self.text.field.index("insert")
        self._show_prompts()
        self.text.field.mark_set("insert", cursor)

    def _forget_edit(self) -> None:
        prompt = self._current()
        if prompt is not None:
            self._edits.pop(prompt.prompt_id, None)
            self._show_prompts()

    def _read(self) -> Sequence[PackPrompt]:
        return self.pack_read.prompts if self.pack_read is not None else ()
