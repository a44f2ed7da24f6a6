"""The Create page: choose prompts, see every value and where it comes from, run, watch."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ...app.controller import Controller
from ...app.create.form_values import values_of
from ...app.create.not_here import marked
from ...app.create.pack_variants import WORKING, PackVariants
from ...app.create.run_form import RunFields, RunForm
from ...app.wording import RunNotes, SuspectCount
from ...backends.base import Capabilities
from ...domain.base.errors import InvalidInput
from ...domain.base.key_press import KeyPress, act_on
from ...domain.config.catalogue import Value, parameter_in
from ...domain.config.pipeline_config import FIRST_STAGE, STAGE_SPECS, size_words
from ...domain.config.sweep import NEGATIVE
from ...domain.journal.record import Feedback, JournalLine, LearningRecord, Void
from ...domain.models.explanation import WhyRow
from ...domain.models.precedence import Resolved
from ...domain.models.sensible_range import ModelTraits
from ...domain.models.value_sources import CHECKPOINT
from ...domain.runs.job import RunRequest
from ...domain.runs.known_value import KnownValue
from ...domain.runs.plan import LearningPlan, LearningRunResult
from ...domain.runs.preset import Preset
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked, ImageSaved, JobEnded, NodeWaiting, QueueChanged
from ...pipeline.messages.journal import HistoryLoaded, LineSaved
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.settings import SettingsChanged
from ...pipeline.messages.workflows import WorkflowsListed
from ..forms.form import Form, FormField
from ..forms.origin_marks import WhyPopup
from ..forms.stage_cards import Section, StageCard, general_entries, menu_entries, style_entries
from ..widgets import theme
from ..widgets.basics import Box, Separator
from ..widgets.entries import commit_typed
from ..widgets.flow import pack_if, tab_order
from ..widgets.keyboard import Shortcuts
from ..widgets.notices import ShowNotice
from ..widgets.page_frame import PageFrame, SizeClass
from ..widgets.row_list import ScrollArea
from .fresh_values import FreshValues
from .known_card import KnownActions, KnownCard
from .pack_panel import PackPanel
from .preview import PreviewPanel
from .problems import FieldProblems
from .profile_loras import ProfileLoraLine
from .run_bar import RunBar
from .run_fields import GlobalTextLine, SeedFields, StartPicture
from .workflow_card import WorkflowCard, WorkflowLine

if TYPE_CHECKING:
    from ...domain.experiments.next_question import NextQuestion

# Widths of the left and the right side in px; where there is little room, the preview is unfolded beside the cards.
WIDTHS: dict[SizeClass, tuple[int, int]] = {"narrow": (232, 280), "usual": (280, 324), "wide": (320, 400)}
DOUBLE_PRESS_MS = 600  # a second press within this time belongs to the first
# The fields are never wider than this: where there is more room, the preview takes it.
FIELDS_MOST = 860
_KNOWN_AFTER_MS = 120
GENERAL = ("checkpoint", "vae", "clip_skip")
STYLES, CONTROLNET, ENCODERS = "styles", "controlnet", "text_encoders"
KEYS = (
    ("Ctrl+Enter", "run"),
    ("Ctrl+O", "add a pack"),
    ("Ctrl+F", "find a pack"),
    ("Ctrl+I", "why this value"),
    ("Ctrl+Backspace", "back to the inherited value"),
    ("F8", "next field that is wrong"),
    ("Up, Down", "one step (Shift: ten)"),
    ("I", "fold the preview"),
    ("F5", "ask the backend for its lists again"),
)


class LoopActions(Struct, frozen=True, kw_only=True):
    """Ways from Create into the rest of the loop: `see` a verdict, `rate` a Learning Run (by plan), `ask` a question
    with the settings in force.
    """

    see: Callable[[str], object]
    rate: Callable[[str], object]
    ask: Callable[[NextQuestion, Resolved], object]


class CreatePage(PageFrame):
    """Left packs and prompts, in the middle the stage cards, right what is being made."""

    title = ("Create", "")
    key_words = KEYS
    FOLLOWS = (
        *(*PackPanel.FOLLOWS, *PackVariants.FOLLOWS, *PreviewPanel.FOLLOWS),
        *(BackendChecked, NodeWaiting, ImageSaved, SettingsChanged, HistoryLoaded, LineSaved),
        *(LibraryChanged, ModelRead, JobEnded, QueueChanged, WorkflowsListed),
    )

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go: Callable[[str], None],
        say: ShowNotice,
        loop: LoopActions,
        look_at: Callable[[Path], object],
    ) -> None:
        super().__init__(parent)
        self._known = KnownActions(changed=self._refresh, see=loop.see, rate=loop.rate, ask=self._ask)
        self._loop, self._look_at = loop, look_at
        self._controller, self._go, self._say = controller, go, say
        self._suspects, self._notes = SuspectCount(), RunNotes()
        self.form = RunForm(controller, self._count)
        self._shown: Resolved | None = None
        self._offered: Capabilities | None = None
        self._traits = ModelTraits()
        self._size: SizeClass | None = None
        self._has_workflow = False
        self.packs = PackPanel(
            self,
            controller,
            self.form.choice,
            on_change=self._refresh,
            use_checkpoint=lambda name: self.change(CHECKPOINT, name),
        )
        self.packs.pack(side="left", fill="y")
        Separator(self).pack(side="left", fill="y")
        self.preview = PreviewPanel(self, controller, go_review=lambda: self._go("review"))
        self._preview_rule = Separator(self)
        self.preview.pack(side="right", fill="y")
        self._preview_rule.pack(side="right", fill="y")
        self.bar = RunBar(
            self,
            run=self.press_run,
            changed=self._count,
            presets=self.form.presets,
            chosen=self._refresh,
            forget_last_run=self.prefer_presets,
            unfold=lambda: self._show_preview(True),
            go_to_problem=lambda: self.problems.go_on(),
        )
        self.bar.pack(side="bottom", fill="x")
        self._build_cards()
        self.problems = FieldProblems(self.general, self.sections, self.seeds)
        self.fresh = FreshValues(self.field)
        self.bind("<Unmap>", lambda _event: self.fresh.left())
        self._bind_keys()
        self.bind("<Configure>", self._resized)
        self._refresh()
        # Tab goes as one reads: the fields of the first card before its seeds, the cards before Run, the pictures last.
        tab_order(self._middle, self.seeds, self.bar, self.preview)

    @property
    def resolved(self) -> Resolved:
        """The values that a run would use now, and where they come from."""
        return self.form.values.resolved

    def field(self, path: str) -> FormField | None:
        """The field of a parameter; None while its card was never opened."""
        return next((form.fields[path] for form in self._forms() if path in form.paths), None)

    def _forms(self) -> list[Form]:
        own = (self.general, self.encoders, self.styles, self.seeds.batch)
        of_workflow = self.workflow.forms if self._has_workflow else []
        return [*(form for section in self.sections for form in section.forms), *own, *of_workflow]

    def shown(self) -> None:
        """The page came into sight."""
        self.packs.prompts.focus_set()
        self._count()

    def on_event(self, event: Event) -> None:
        """Pass news to the parts; follow the backend and the end of jobs."""
        for part in (self.packs, self.form.variants, self.preview):
            if isinstance(event, part.FOLLOWS):
                part.on_event(event)
        if isinstance(event, (BackendChecked, SettingsChanged, HistoryLoaded, WorkflowsListed)):
            self._refresh()
        elif isinstance(event, (NodeWaiting, ImageSaved)):
            self._count()
        elif isinstance(event, LineSaved):
            self._line_saved(event.line)
        elif isinstance(event, (LibraryChanged, ModelRead)):
            self._refresh(only_if_changed=True)
        elif isinstance(event, QueueChanged):
            if self.bar.adds != self._is_busy:
                self._count()
        elif isinstance(event, JobEnded):
            self._count()
            if event.record.error is not None:
                self._say(f"{event.record.prompt_id}: {event.record.error.message}")
            self._tell(event.record)

    def _tell(self, record: LearningRecord) -> None:
        """Say once for a run what is in doubt about its pictures, and what the backend did otherwise."""
        history = self._controller.history
        words, before = self._suspects.sentence(record)
        if words:
            self._say(words, instead_of=before)
        # What was told about a picture of a blind Learning Run could give its value away.
        if history is not None and history.visible().shows(record.learning.plan_id or record.run_id):
            words, before = self._notes.sentence(record)
            if words:
                self._say(words, instead_of=before)

    def _line_saved(self, line: JournalLine) -> None:
        if isinstance(line, (Preset, KnownValue, Void)):
            if isinstance(line, KnownValue):
                self.form.values.taken_over(line)
                self.fresh.learned(line.values if line.on else ())
            self._refresh(only_if_changed=True)
            self.fresh.show(self.resolved)
            self.bar.presets.refresh()
        if isinstance(line, (KnownValue, Void, Preset, LearningPlan, LearningRunResult, Feedback)):
            self.later("known", _KNOWN_AFTER_MS, self.known.refresh)

    def _ask(self, question: NextQuestion) -> None:
        self._loop.ask(question, self.resolved)

    def use(self, record: LearningRecord) -> None:
        """Take over the values, the prompt and the seed of a record ("Use these settings")."""
        self.packs.use_prompt(record.pack_id, record.prompt_id, record.prompt, record.negative)
        self.take(values_of(record.config), record.seed, record.prompt_id)

    def take(self, values: Mapping[str, Value], seed: int | None, whose: str) -> None:
        """Put these in place of what the user chose. Without a seed the one in the field stays."""
        self._let_go()
        self.form.values.take_all(values)
        if seed is not None:
            self.seeds.seed_entry.set(str(seed))
        self._refresh()
        words = f", seed {seed}," if seed is not None else ""
        self._say(f"The settings of {whose}{words} are in the fields now.", warn=False)

    # ---- building

    def _build_cards(self) -> None:
        self._middle = middle = Box(self, "bg")
        middle.pack(side="top", fill="both", expand=True)
        self.known = KnownCard(middle, self.form.known, self._known)
        self.known.pack(fill="x", padx=theme.px(12), pady=(theme.px(8), 0))
        top = Box(middle)
        top.pack(fill="x", padx=theme.px(12), pady=(theme.px(8), 0))
        self.general = Form(
            top, GENERAL, on_change=self.change, on_edit=self._count, on_why=self.why, columns=4, spans={CHECKPOINT: 2}
        )
        self.general.pack(fill="x")
        self.encoders = Form(top, (ENCODERS,), on_change=self.change, on_why=self.why, columns=1, late=True)
        self.workflow_line = WorkflowLine(top, self._controller, self._look_at)
        self.styles = Form(top, (STYLES, CONTROLNET), on_change=self.change, on_why=self.why, columns=2, late=True)
        self.global_texts = GlobalTextLine(top, self._controller, lambda: self._go("settings"))
        self.global_texts.pack(fill="x", padx=theme.px(theme.RING), pady=(0, theme.px(4)))
        self.loras = ProfileLoraLine(top, self._turn_lora)
        self.loras.pack(fill="x", padx=theme.px(theme.RING))
        self.start = StartPicture(middle, self._controller, self._count)
        self._area = ScrollArea(middle, "bg")
        self._area.pack(fill="both", expand=True, padx=(theme.px(16), theme.px(4)), pady=(0, theme.px(8)))
        self.sections: list[Section] = []
        self._cards: list[StageCard] = []
        for stage in STAGE_SPECS:
            opened = not self.sections
            card = StageCard(
                self._area.body,
                stage,
                on_change=self.change,
                on_edit=self._count,
                on_why=self.why,
                opened=opened,
            )
            card.pack(fill="x", pady=(0, theme.px(10)), padx=(0, theme.px(12)))
            self.sections += card.sections
            self._cards.append(card)
        self.seeds = SeedFields(
            self.sections[0].body(),
            controller=self._controller,
            on_edit=self._count,
            on_change=self.change,
            on_why=self.why,
        )
        self.seeds.pack(side="bottom", fill="x")

    @cached_property
    def workflow(self) -> WorkflowCard:
        """The values of a workflow; made with the first one."""
        card = WorkflowCard(self._area.body, on_change=self.change, on_edit=self._count, on_why=self.why)
        tab_order(*self._cards)  # it stands before them
        return card

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "return": self.press_run,
            "o": self.packs.add_pack,
            "f": self.packs.search.focus_set,
        }
        plain: dict[str, Callable[[], object]] = {
            "F5": lambda: self._controller.check_backend(rescan=True),
            "F8": self.problems.go_on,
        }
        Shortcuts(
            self,
            self._single_key,
            lambda press: act_on(keys, press.name.lower()) if press.control else act_on(plain, press.name),
        )

    def _single_key(self, key: KeyPress) -> bool:
        if key.letter != "i":
            return False
        self._show_preview(not self.preview.winfo_manager())
        return True

    # ---- sizes

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        size, before = self.size_class, self._size
        packs, preview = (theme.px(width) for width in WIDTHS[size])
        self.packs.configure(width=packs)
        self.preview.configure(width=max(preview, event.width - packs - theme.px(FIELDS_MOST)))
        if size != before:
            self._size = size
            self.known.fit(size == "wide")
            if before is None or "narrow" in (size, before):
                self._show_preview(size != "narrow")

    def _show_preview(self, on: bool) -> None:
        if on and not self.preview.winfo_manager():
            self.preview.pack(side="right", fill="y", after=self.packs)
            self._preview_rule.pack(side="right", fill="y", after=self.preview)
        elif not on:
            self.preview.pack_forget()
            self._preview_rule.pack_forget()
        self.bar.offer_preview(not on)

    # ---- values

    def change(self, path: str, value: Value | None) -> None:
        """The user chose a value, or with None gives it back."""
        self.fresh.touched(path)
        self.form.values.take(path, value)
        self._refresh(path)

    def choose_preset(self, preset: Preset | None) -> None:
        """Choose a preset as in the menu, None = no preset. Outside its scope a line asks first."""
        self._let_go(list(preset.values) if preset is not None else [])
        self.form.presets.pick(preset)
        self._refresh()

    def prefer_presets(self, path: str = "") -> None:
        """Let the presets decide where something was typed or the last run had another value; "" = everywhere."""
        self._let_go([path] if path else None)
        self.form.values.prefer_presets(path)
        self._refresh()

    def _let_go(self, paths: Sequence[str] | None = None) -> None:
        """Texts that cannot be used give way to the values in force at these paths, None = everywhere."""
        self.problems.forget(paths)
        self._shown = None

    def _refresh(self, edited: str = "", *, only_if_changed: bool = False) -> None:
        """Work the values out and show those that have changed; at `edited` the user has changed what is shown."""
        if not self.form.refresh() and only_if_changed:
            return
        for sentence in self.form.values.news():
            self._say(sentence)
        now, before, offered = self.form.values.resolved, self._shown, self._controller.capabilities
        traits = self.form.values.traits
        everything, self._shown = before is None or offered is not self._offered or traits != self._traits, now
        everything = everything or (before is not None and before.config.workflow.digest != now.config.workflow.digest)
        self._traits = traits
        changed = now.differing(before) if before is not None else set()
        if everything:
            self._offered, self._entries = offered, menu_entries(offered)
        if everything or changed or edited:
            self._show({*changed, edited}, everything=everything)
        self.fresh.show(now)
        self.packs.go_with(self.form.values.checkpoint)
        self.bar.overruled(self.form.values.overruled())
        self.bar.presets.refresh()
        self.bar.scope.show(self.form.presets.line)
        self.later("known", _KNOWN_AFTER_MS, self.known.refresh)
        self._count()

    def _show(self, changed: set[str], *, everything: bool) -> None:
        """Show the parts that hold one of these paths."""
        now = marked(self.resolved, self._offered)
        groups = {path.partition(".")[0] for path in changed}
        if everything or groups & set(GENERAL):
            self.general.show(now.config, now.origins, general_entries(self._offered), now.words, self._traits)
        if everything or groups & {CHECKPOINT, ENCODERS}:
            self._show_encoders(now)
        if everything or {STYLES, CONTROLNET} & changed:
            self._show_styles(now)
        self._show_workflow(now)
        if everything or SeedFields.BATCH in changed:
            self.seeds.show(now)
        for section in self.sections:
            # What txt2img makes is told together with what hires fix makes of it.
            held = {section.block.name, *(("hires",) if section.block is STAGE_SPECS[0] else ())}
            if everything or groups & held:
                section.show(now, self._entries, missing=self._missing(section.block.name), traits=self._traits)
        if everything:
            tab_order(self.seeds)  # below the fields, which the section makes when it first shows them
        self.sections[0].remark.show(size_words(now.config))
        if now.config.txt2img.enabled:
            self.start.pack_forget()
        else:
            self.start.pack(fill="x", before=self._area, pady=(0, theme.px(8)))

    def _show_encoders(self, now: Resolved) -> None:
        """Text encoders: only where the model needs them from files of their own and the backend lists some, or where
        some are named.
        """
        names = self._offered.text_encoders if self._offered is not None else ()
        chosen = now.config.text_encoders
        self.encoders.show(
            now.config, now.origins, {ENCODERS: style_entries(names, chosen, "Those that the model needs")}, now.words
        )
        needed = chosen or (names and self._traits.family.text_encoders)
        self.encoders.be_there(needed, fill="x", after=self.general)

    def _show_workflow(self, now: Resolved) -> None:
        """The workflow that makes the picture, with its values; then the stages behind the first have no part in it."""
        self.workflow_line.show()
        pack_if(self.workflow_line.is_wanted, self.workflow_line, fill="x", after=self.general, pady=(0, theme.px(4)))
        workflow = now.config.workflow
        if not workflow and not self._has_workflow:
            return
        self._has_workflow = True
        if workflow:
            self.workflow.show(now)
        pad = {"fill": "x", "pady": (0, theme.px(10)), "padx": (0, theme.px(12))}
        pack_if(workflow, self.workflow, before=self._cards[0], **pad)
        for card in self._cards[1:]:
            pack_if(not workflow, card, **pad)

    def _show_styles(self, now: Resolved) -> None:
        """Styles and ControlNet units: only where the backend has them, or where some are chosen that it lacks."""
        names = self._offered.styles if self._offered is not None else ()
        offered = bool(names) or (self._offered is not None and "controlnet" in self._offered.features)
        self.styles.show(now.config, now.origins, {STYLES: style_entries(names, now.config.styles)}, now.words)
        chosen = now.config.styles or now.config.controlnet
        self.styles.be_there(offered or chosen, fill="x", before=self.global_texts)

    def _missing(self, group: str) -> str:
        found, workflow = self._offered, self.resolved.config.workflow
        if workflow and group != FIRST_STAGE and not workflow.has(f"{group}.enabled"):
            return f"“{workflow.name}” has no place for it"
        if found is None or group in found.stages or group in found.features:
            return ""
        return f"{found.name} does not offer it"

    def why(self, path: str, widget: tk.Misc) -> None:
        """Tell at `widget` where a value comes from and what the other origins would have given."""

        def give_back() -> None:
            self._let_go([path])
            self.change(path, None)

        def use(row: WhyRow) -> None:
            self._let_go([path])
            if row.origin == "preset" and path not in self.form.values.sources.pack:
                self.prefer_presets(path)
            else:
                self.change(path, row.offer)

        values, title = self.form.values, f"{parameter_in(self.resolved.config, path).title}: why this value?"
        back = values.giving_back(path)
        actions = [(back, give_back)] if back else []
        WhyPopup.shared().open(widget, title, values.why(path), actions, use=use)

    # ---- running

    def request(self) -> RunRequest:
        """What a click on Run would start. Raises InvalidInput for a seed that is none."""
        return self.form.request(self._fields())

    def _fields(self) -> RunFields:
        return RunFields(
            seed=self.seeds.seed_entry.get(),
            seeds_per_prompt=self.seeds.each_entry.get(),
            start_image=self.start.entry.get(),
            record=self.bar.record.on,
        )

    def _turn_lora(self, name: str, on: bool) -> None:
        self.form.turn_lora(name, on)
        self._count()

    def _count(self) -> None:
        idle = self._traits.idle(self.resolved.config).get(NEGATIVE, "")
        self.global_texts.show(self.form.values.pack_settings, self.resolved.config, no_negative=idle)
        self.packs.tell_idle_negative(idle)
        mode, variants = self.form.mode, self.form.variants
        self.bar.record.enable(mode.records, "" if mode.records else mode.why)
        trouble, request = self.form.checked(self.problems.sentences, self._fields())
        absent, machines = self._controller.why_not, self._controller.machines_at_work
        if trouble != WORKING:
            self.loras.show(self.form.loras)
        self.seeds.mark(variants.seeds)
        if request is not None:
            warning = self.form.warning(request)
            self.bar.tell(". ".join(filter(None, (self.form.remark(request), warning))), "warn" if warning else "text2")
            self.bar.show(request, self.form.forecast_s(request), absent=absent, adds=self._is_busy, machines=machines)
        elif trouble == WORKING:
            self.bar.button.enable(False, trouble)
        else:
            self.bar.tell(trouble if self.form.choice.file is not None else "", "danger", way=self.problems.way)
            self.bar.refuse(trouble)

    @property
    def _is_busy(self) -> bool:
        return self._controller.running is not None or bool(self._controller.queue)

    def press_run(self) -> None:
        """What the button and Ctrl+Enter do. A double click, or a key that is held down, starts it once."""
        if not self.is_pending("pressed"):
            self.run()
        self.later("pressed", DOUBLE_PRESS_MS, lambda: None, restart=True)

    def run(self) -> None:
        """Start what the button says."""
        commit_typed(self.focus_get())
        if self.problems.sentences:
            self.problems.go_on()
            return
        fields = self._fields()
        trouble, request = self.form.checked((), fields)
        try:
            if request is not None and not self._controller.why_not:
                self.form.start(request, fields)
        except InvalidInput as wrong:
            trouble = str(wrong)
        if trouble:
            self.bar.tell(trouble, "danger")
