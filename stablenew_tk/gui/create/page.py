"""The Create page: choose prompts, see every value and where it comes from, run, watch."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import filedialog
from typing import Protocol

from ...app.controller import Controller
from ...app.form_values import CHECKPOINT, ValueSources, values_of
from ...app.pack_variants import WORKING, Variation
from ...app.wording import SuspectCount
from ...domain.base.errors import InvalidInput
from ...domain.base.wording import counted
from ...domain.config.catalogue import Value, parameter
from ...domain.config.learning_mode import mode_for
from ...domain.journal.estimate import about
from ...domain.journal.record import LearningRecord, Void
from ...domain.models.precedence import Resolved
from ...domain.runs.job import RunRequest, check
from ...domain.runs.plan import Preset
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked, JobEnded
from ...pipeline.messages.journal import HistoryLoaded, LineSaved
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.settings import SettingsChanged
from ..forms.form import Form
from ..forms.origin_marks import WhyPopup
from ..forms.stage_cards import (
    ADETAILER,
    HIRES,
    IMG2IMG,
    REFINER,
    TXT2IMG,
    UPSCALE,
    Section,
    StageCard,
    general_entries,
    menu_entries,
    size_words,
)
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.controls import Check
from ..widgets.entries import Entry
from ..widgets.keyboard import KeyPress, Shortcuts, act_on
from ..widgets.page_frame import PageFrame
from ..widgets.row_list import ScrollArea
from ..widgets.tooltips import tip
from .global_text_line import AddedLine
from .pack_panel import WIDTH, WIDTH_NARROW, WIDTH_WIDE, PackPanel
from .preset_menu import PresetMenu
from .preview import WIDTH as PREVIEW
from .preview import WIDTH_WIDE as PREVIEW_WIDE
from .preview import PreviewPanel
from .run_status import RunLine
from .seed_fields import SeedFields

PREVIEW_NARROW = 280  # px: where it is unfolded beside cards that need the room
GENERAL = ("checkpoint", "vae", "clip_skip")
KEYS = (
    ("Ctrl+Enter", "run"),
    ("Ctrl+O", "add a pack"),
    ("Ctrl+F", "find a pack"),
    ("Ctrl+I", "why this value"),
    ("Ctrl+Backspace", "back to the inherited value"),
    ("Up, Down", "one step (Shift: ten)"),
    ("I", "fold the preview"),
)


class Say(Protocol):
    """Shows a sentence under the top bar, in place of another one if that is still in sight."""

    def __call__(self, text: str, *, instead_of: str = "") -> None: ...


class CreatePage(PageFrame):
    """Left packs and prompts, in the middle the stage cards, right what is being made."""

    def __init__(self, parent: tk.Misc, controller: Controller, *, go: Callable[[str], None], say: Say) -> None:
        super().__init__(parent)
        self._controller, self._go, self._say = controller, go, say
        self._suspects = SuspectCount()
        self._sources = ValueSources(controller)
        self._variation = Variation(controller, self._count)
        self._resolved = self._sources.resolve()
        self._packs = PackPanel(
            self, controller, on_change=self._pack_changed, use_checkpoint=lambda name: self._changed(CHECKPOINT, name)
        )
        self._packs.pack(side="left", fill="y")
        Separator(self).pack(side="left", fill="y")
        self._preview = PreviewPanel(self, controller, go_review=lambda: self._go("review"))
        self._preview_rule = Separator(self)
        self._preview.pack(side="right", fill="y")
        self._preview_rule.pack(side="right", fill="y")
        self._build_actions()
        self._build_cards()
        self._bind_keys()
        self.bind("<Configure>", self._resized)
        self._refresh()

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        return "Create", ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page."""
        return KEYS

    @property
    def resolved(self) -> Resolved:
        """The values that a run would use now, and where they come from."""
        return self._resolved

    def shown(self) -> None:
        """The page came into sight."""
        self._packs.focus_first()
        self._count()

    def on_event(self, event: Event) -> None:
        """Pass news to the parts; follow the backend and the end of jobs."""
        self._packs.on_event(event)
        self._variation.on_event(event)
        self._preview.on_event(event)
        if isinstance(event, (BackendChecked, SettingsChanged, HistoryLoaded)):
            self._presets.refresh()
            self._refresh()
        elif isinstance(event, LineSaved) and isinstance(event.line, (Preset, Void)):
            self._presets.refresh()
            if self._sources.preset != self._in_force:
                self._refresh()
        elif isinstance(event, (LibraryChanged, ModelRead)):
            if self._sources.is_old:
                self._refresh()
        elif isinstance(event, JobEnded):
            self._count()
            if event.record.error is not None:
                self._say(f"{event.record.prompt_id}: {event.record.error.message}")
            words, before = self._suspects.sentence(event.record)
            if words:
                self._say(words, instead_of=before)

    def use(self, record: LearningRecord) -> None:
        """Take over the values of a record ("Use these settings")."""
        self.take(values_of(record.config), record.seed, record.prompt_id)

    def take(self, values: Mapping[str, Value], seed: int | None, whose: str) -> None:
        """Put these in place of what the user chose. Without a seed the one in the field stays."""
        self._sources.take_all(values)
        if seed is not None:
            self._seeds.use(seed)
        self._refresh()
        words = f", seed {seed}," if seed is not None else ""
        self._say(f"The settings of {whose}{words} are in the fields now.")

    def open_pack(self, pack_id: str) -> None:
        """Choose a pack in the list."""
        self._packs.choose(pack_id)

    # ---- building

    def _build_cards(self) -> None:
        middle = Box(self, "bg")
        middle.pack(side="top", fill="both", expand=True)
        top = Box(middle)
        top.pack(fill="x", padx=theme.px(12), pady=(theme.px(10), 0))
        self._general = Form(
            top, GENERAL, on_change=self._changed, on_why=self._why, columns=4, spans={"checkpoint": 2}
        )
        self._general.pack(fill="x")
        self._added = AddedLine(top, self._controller, lambda: self._go("settings"))
        self._added.pack(fill="x", padx=theme.px(theme.RING), pady=(0, theme.px(4)))
        self._start = self._start_row(middle)
        area = ScrollArea(middle, "bg")
        area.pack(fill="both", expand=True, padx=(theme.px(16), theme.px(4)), pady=(0, theme.px(8)))
        self._area = area
        self._sections: list[Section] = []
        for blocks in ((TXT2IMG, HIRES, REFINER), (IMG2IMG,), (ADETAILER,), (UPSCALE,)):
            card = StageCard(area.body, blocks, on_change=self._changed, on_why=self._why, opened=blocks[0] is TXT2IMG)
            card.pack(fill="x", pady=(0, theme.px(10)), padx=(0, theme.px(12)))
            self._sections += card.sections
        self._seeds = SeedFields(
            self._sections[0].body(),
            controller=self._controller,
            on_edit=self._count,
            on_change=self._changed,
            on_why=self._why,
        )
        self._seeds.pack(side="bottom", fill="x")

    def _start_row(self, parent: Box) -> Box:
        row = Box(parent)
        Label(row, "Start from this picture", size=12, ink="text2").pack(side="left", padx=(theme.px(16), theme.px(8)))
        self._start_image = Entry(row, width=260, placeholder="picture file", on_edit=lambda _text: self._count())
        self._start_image.pack(side="left", fill="x", expand=True)
        Button(row, "Browse…", self._browse_start).pack(side="left", padx=(theme.px(4), theme.px(12)))
        return row

    def _build_actions(self) -> None:
        bar = Box(self, "surface", height=theme.px(theme.ACTION_BAR))
        bar.pack_propagate(False)
        bar.pack(side="bottom", fill="x")
        self._note = RunLine(self, above=bar)
        self._trouble, self._tell = self._note.words, self._note.tell
        Separator(self).pack(side="bottom", fill="x")
        self._record = Check(bar, "Record this run", lambda _on: self._count(), on=True)
        self._presets = PresetMenu(bar, self._controller, chosen=self._choose_preset)
        self._go_button = Button(bar, "Run", self.run, kind="main", height=theme.MAIN)
        # Where there is little room, the menu gets narrower, never the button that says what will be made.
        self._go_button.pack(side="right", padx=theme.px(12))
        self._record.pack(side="left", padx=theme.px(12))
        self._presets.pack(side="left")
        self._unfold = Button(bar, "Preview", lambda: self._show_preview(True), kind="outline", height=theme.ACTION)
        tip(self._unfold, "What is being made, and the latest pictures (I)")

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "return": self.run,
            "o": self._packs.add_pack,
            "f": self._packs.search.focus_set,
        }
        Shortcuts(self, self._single_key, lambda press: press.control and act_on(keys, press.name.lower()))

    def _single_key(self, key: KeyPress) -> bool:
        if key.letter != "i":
            return False
        self._show_preview(not self._preview.winfo_manager())
        return True

    # ---- sizes

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        window = self.winfo_toplevel().winfo_width()
        narrow, wide = window < theme.px(theme.NARROW_BELOW), window >= theme.px(theme.WIDE_FROM)
        self._packs.configure(width=theme.px(WIDTH_NARROW if narrow else WIDTH_WIDE if wide else WIDTH))
        self._preview.configure(width=theme.px(PREVIEW_NARROW if narrow else PREVIEW_WIDE if wide else PREVIEW))
        if narrow != getattr(self, "_narrow", None):
            self._narrow = narrow
            self._show_preview(not narrow)

    def _show_preview(self, on: bool) -> None:
        if on and not self._preview.winfo_manager():
            self._preview.pack(side="right", fill="y", after=self._packs)
            self._preview_rule.pack(side="right", fill="y", after=self._preview)
            self._unfold.pack_forget()
        elif not on and self._preview.winfo_manager():
            self._preview.pack_forget()
            self._preview_rule.pack_forget()
            self._unfold.pack(side="right", after=self._go_button)

    # ---- values

    def _choose_preset(self, preset: Preset | None) -> None:
        self._sources.choose_preset(preset)
        self._refresh()

    def _pack_changed(self) -> None:
        if hasattr(self, "_sections"):  # the pack panel reports while the page is still being built
            file = self._packs.file
            if file is not None and (self._sources.stand_at(file.pack_id, file.path) or self._sources.is_old):
                self._refresh()
            else:
                self._count()

    def _changed(self, path: str, value: Value | None) -> None:
        self._sources.take(path, value)
        self._refresh()

    def _refresh(self) -> None:
        self._resolved = self._sources.resolve()
        self._in_force, mine = self._sources.preset, self._sources.mine
        for sentence in self._sources.news():
            self._say(sentence)
        self._packs.go_with(self._sources.checkpoint)
        entries = menu_entries(self._controller.capabilities)
        self._general.forget()
        self._general.adopt(mine)
        general = general_entries(self._controller.capabilities)
        self._general.show(self._resolved.config, self._resolved.origins, general, self._resolved.words)
        self._seeds.show(self._resolved, mine)
        for section in self._sections:
            section.show(self._resolved, entries, mine, missing=self._missing(section.block.group))
        self._sections[0].remark.show(size_words(self._resolved.config))
        if self._resolved.config.txt2img.enabled:
            self._start.pack_forget()
        else:
            self._start.pack(fill="x", before=self._area, pady=(0, theme.px(8)))
        self._count()

    def _missing(self, group: str) -> str:
        found = self._controller.capabilities
        if found is None or group in found.stages or group in found.features:
            return ""
        return f"{found.name} does not offer it"

    def _why(self, path: str, widget: tk.Misc) -> None:
        actions: list[tuple[str, Callable[[], object]]] = []
        if path in self._sources.mine:
            actions.append(("Give it back", lambda: self._changed(path, None)))
        elif self._resolved.origins.get(path) == "last_run" and path != CHECKPOINT:
            actions.append(("Forget what the last run had", lambda: self._changed(path, None)))
        rows = self._sources.why(path, self._changed, self._choose_preset)
        WhyPopup.shared().open(widget, f"{parameter(path).title}: why this value?", rows, actions)

    # ---- running

    def _request(self) -> RunRequest:
        preset = self._sources.preset
        request = RunRequest(
            pack_id=self._packs.pack_read.pack_id if self._packs.pack_read is not None else "",
            variants=(),
            config=self._resolved.config,
            origins=self._resolved.origins,
            seed=self._seeds.seed(),
            seeds_per_prompt=self._seeds.per_prompt(),
            globals=self._controller.settings.globals,
            start_image="" if self._resolved.config.txt2img.enabled else self._start_image.get().strip(),
            record=self._record.on,
            lora_weights=preset.lora_weights if preset is not None else {},
        )
        return self._variation.of(request)

    def _trouble_now(self) -> str:
        problems = {path: text for section in self._sections for path, text in section.problems().items()}
        problems.update(self._general.problems() | self._seeds.problems())
        for path, text in problems.items():
            return f"{parameter(path).title}: {text}"
        if self._packs.problem or self._packs.file is None or self._packs.pack_read is None:
            return self._packs.problem
        file, slots = self._packs.file.path, self._packs.pack_read.slots
        self._variation.want(file, self._packs.prompts, self._controller.packs.settings_of(file), slots)
        if self._variation.trouble:
            return self._variation.trouble
        try:
            check(self._request())
        except InvalidInput as wrong:
            return str(wrong)
        return ""

    def _count(self) -> None:
        self._seeds.mark()
        self._added.show(self._packs.file, self._resolved.config)
        pack_id = self._packs.file.pack_id if self._packs.file else ""
        mode = mode_for(self._controller.settings.learning, self._controller.packs.learning, pack_id)
        self._record.enable(mode.records, "" if mode.records else mode.why)
        trouble = self._trouble_now()
        self._seeds.tell(self._variation.seeds)
        if trouble == WORKING:
            self._go_button.enable(False, trouble)
            return
        if trouble:
            self._tell(trouble if self._packs.file is not None else "", "danger")
            self._go_button.set_text("Run")
            self._go_button.enable(False, trouble)
            return
        request = self._request()
        jobs = len(request.variants) * request.seeds_per_prompt
        seconds = self._controller.forecast_s(self._variation.configs(request))
        self._tell(self._variation.remark, "text2")
        note = counted(jobs * request.config.txt2img.batch_size, "image")
        self._go_button.set_text(
            f"Run {counted(jobs, 'job')}", f"· {note}" + (f" · {about(seconds)}" if seconds is not None else "")
        )
        self._go_button.enable(True)

    def run(self) -> None:
        """Start what the button says."""
        trouble = self._trouble_now()
        if trouble:
            self._tell(trouble, "danger")
            return
        request = self._request()
        try:
            self._controller.run(request)
        except InvalidInput as wrong:
            self._tell(str(wrong), "danger")
            return
        self._sources.ran(request, [prompt.prompt_id for prompt in self._packs.prompts], self._seeds.seed())
        self._variation.ran()

    def _browse_start(self) -> None:
        kinds = [("Pictures", "*.png *.jpg *.jpeg *.webp"), ("All", "*")]
        name = filedialog.askopenfilename(parent=self, title="Picture to start from", filetypes=kinds)
        if name:
            self._start_image.set(name)
            self._count()
