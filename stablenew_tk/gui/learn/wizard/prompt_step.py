"""The wizard's first step: which prompt the pictures of a Learning Run are made of."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import msgspec

from ....app.controller import Controller
from ....app.plan_checks import preset_in_force
from ....domain.base.wording import counted
from ....domain.config.learning_mode import Mode
from ....domain.experiments.plan_draft import OWN_PACK, PlanDraft
from ....domain.prompts.pack import PackProblem, PackPrompt
from ....domain.prompts.randomizer import may_vary
from ....domain.prompts.settings import PackSettings
from ....domain.prompts.variant import Expansion
from ....domain.runs.plan import PlanPrompt, planned
from ....pipeline.messages.base import Event
from ....pipeline.messages.packs import ExpandPrompts, LoadPack, PackLoaded, PacksListed, PromptsExpanded
from ....storage.packs.pack_file import PackFile
from ...widgets import theme
from ...widgets.basics import Box, Button, Card, Label
from ...widgets.controls import Check
from ...widgets.notices import Remark
from ...widgets.row_list import ListRow, RowList
from .own_prompt import OwnPrompt
from .step_list import Question

_SIDE, _HEAD = 208, 28
_WORDS = "Everything but one setting stays the same, so one prompt is enough to begin with."
_SEVERAL = "Every prompt gets rows of its own: the pictures of a value are made once for each prompt."
_FIXED = "The picture you come from is part of this run, so its prompt stays."
_VARIES = "The prompt varies: take another variant"
_KEPT, _OWN = "kept", "own"


class PromptStep(Box):
    """Calls `change(draft)` when other prompts are chosen, `go_on()` on Return in a list."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        change: Callable[[PlanDraft], object],
        go_on: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self._controller, self._change, self._go_on = controller, change, go_on
        self._draft = PlanDraft()
        self._kept = PlanDraft()
        self._all = controller.packs.files
        self._packs: tuple[PackFile, ...] = ()
        self._source: PackFile | str = ""
        self._read: tuple[PackPrompt, ...] = ()
        self._made: dict[str, PackPrompt] = {}  # the prompts with every choice made, by id
        self._asked: ExpandPrompts | None = None
        self._chosen: list[str] = []
        self._mode = Mode(True, True)
        self._fresh = True  # nobody has chosen a pack yet
        self._question = Question(self, "Which prompt should the pictures show?", _WORDS)
        self._question.pack(fill="x", padx=theme.px(28), pady=(theme.px(16), theme.px(10)))
        self._remark = Remark(self)
        self._columns = Box(self)
        self._columns.pack(fill="both", expand=True, padx=theme.px(28), pady=(0, theme.px(12)))
        self._build_sources()
        self._build_prompts()
        self._own = OwnPrompt(self._right, self._typed)

    def begin(self, draft: PlanDraft) -> None:
        """Start anew. A draft that has prompts offers them as the first source; a picture to keep fixes them."""
        self._draft = self._kept = draft
        self._source = _KEPT if draft.prompts else ""
        self._fresh = True
        self._chosen, self._read = [prompt.prompt_id for prompt in draft.prompts], ()
        self._several.set(len(draft.prompts) > 1)
        self._take_packs(self._controller.packs.files)
        self._show_prompts()

    def hold(self, draft: PlanDraft) -> None:
        """Take over the draft while out of sight."""
        self._draft = draft

    def show(self, draft: PlanDraft, mode: Mode) -> None:
        """Follow the draft; the learning mode of its pack may stand in the way, and can be changed here."""
        self._draft = draft
        if mode == self._mode:
            return
        self._mode = mode
        if mode.learns:
            self._remark.pack_forget()
            return
        own = draft.pack_id in self._controller.packs.learning
        self._remark.show(mode.why)
        self._remark.offer("Let this pack learn" if own else "Passive + Active", self._let_learn)
        self._remark.pack(fill="x", padx=theme.px(28), pady=(0, theme.px(10)), before=self._columns)

    def _let_learn(self) -> None:
        controller, pack_id = self._controller, self._draft.pack_id
        if pack_id in controller.packs.learning:
            controller.packs.let_learn(pack_id)
        else:
            controller.change_settings(msgspec.structs.replace(controller.settings, learning="active"))
        self.focus_first()

    def focus_first(self) -> None:
        """Put the keyboard where one chooses first."""
        if self._source == _OWN:
            self._own.positive.focus_set()
        else:
            (self._prompts if self._names() else self._sources).focus_set()

    def on_event(self, event: Event) -> None:
        """Packs were listed or read."""
        if isinstance(event, PacksListed):
            self._take_packs(event.packs)
        elif isinstance(event, PackLoaded) and isinstance(self._source, PackFile) and event.path == self._source.path:
            self._take(event)
        elif isinstance(event, PromptsExpanded) and self._asked is not None and event.number == self._asked.number:
            self._take_variants(event.expansion)

    def _take_packs(self, packs: tuple[PackFile, ...]) -> None:
        self._all = packs
        self._list_sources()
        if not self._source and packs:
            self._pick_first()

    # ---- parts

    def _build_sources(self) -> None:
        side = Box(self._columns, width=theme.px(_SIDE))
        side.pack(side="left", fill="y")
        side.pack_propagate(False)
        head = Box(side, height=theme.px(_HEAD))
        head.pack(fill="x")
        head.pack_propagate(False)
        Label(head, "Pack", size=13, bold=True).pack(side="left")
        self._sources = RowList(side, on_select=self._pick, on_open=lambda _place: self._go_on(), empty="")
        self._sources.pack(fill="both", expand=True)

    def _build_prompts(self) -> None:
        self._right = Box(self._columns)
        self._right.pack(side="left", fill="both", expand=True, padx=(theme.px(16), 0))
        head = Box(self._right, height=theme.px(_HEAD))
        head.pack(fill="x")
        head.pack_propagate(False)
        self._heading = Label(head, "Prompt", size=13, bold=True)
        self._heading.pack(side="left")
        self._several = Check(head, "Several prompts", self._turn_several)
        self._several.pack(side="right")
        self._list = Box(self._right)
        self._list.pack(fill="both", expand=True)
        self._prompts = RowList(
            self._list, on_select=self._look_at, on_check=self._turn, on_open=lambda _place: self._go_on(), empty=""
        )
        self._prompts.pack(fill="both", expand=True)
        self._card = Card(self)
        inner = Box(self._card)
        inner.pack(fill="x", padx=theme.px(14), pady=theme.px(10))
        self._name = Label(inner, "", bold=True)
        self._name.pack(fill="x")
        self._text = Label(inner, "", size=12, ink="text2", wrap=True)
        self._text.pack(fill="x", pady=(theme.px(2), 0))
        self._note = Label(inner, "", size=12, ink="text3", wrap=True)
        self._another = Button(inner, _VARIES, self._draw_another, kind="link", height=24)

    # ---- where prompts come from

    def _list_sources(self) -> None:
        kept = [ListRow("As in the picture" if self._kept.reuse is not None else "As before", mark="undo")]
        own = [ListRow("Your own prompt…", mark="pencil")]
        self._packs = () if self._kept.reuse is not None else self._all
        rows = [
            *(kept if self._kept.prompts else ()),
            *(
                ListRow(
                    pack.title,
                    "" if pack.problem else str(pack.count),
                    mark="packs",
                    sign="warning" if pack.problem else "",
                )
                for pack in self._packs
            ),
            *(own if self._kept.reuse is None else ()),
        ]
        self._sources.show_rows(rows, self._place())

    def _place(self) -> int:
        """Where the present source stands in the list."""
        first = 1 if self._kept.prompts else 0
        if isinstance(self._source, PackFile):
            path = self._source.path
            return next((first + n for n, pack in enumerate(self._packs) if pack.path == path), -1)
        return {_KEPT: 0, _OWN: first + len(self._packs)}.get(self._source, -1)

    def _pick_first(self) -> None:
        """The pack last used, else the first one that can be used, else an own prompt."""
        wanted = self._controller.settings.pack
        usable = [number for number, pack in enumerate(self._packs) if not pack.problem]
        place = next((n for n in usable if self._packs[n].pack_id == wanted), usable[0] if usable else len(self._packs))
        self._sources.select(place)
        self._pick(place)

    def _pick(self, place: int) -> None:
        place -= 1 if self._kept.prompts else 0
        if place < 0:
            self._source, self._read = _KEPT, ()
            self._chosen = [prompt.prompt_id for prompt in self._kept.prompts]
            self._tell(self._kept.pack_id, self._kept.pack_title, self._kept.prompts)
        elif place < len(self._packs):
            self._source, self._read, self._chosen = self._packs[place], (), []
            self._tell(self._source.pack_id, self._source.title, ())
            self._controller.ask(LoadPack(path=self._source.path))
        else:
            self._source, self._read, self._chosen = _OWN, (), []
            self._typed()
        self._show_prompts()

    def _take(self, event: PackLoaded) -> None:
        usable = event.pack is not None and not event.problem and not event.pack.errors
        self._read = event.pack.prompts if event.pack is not None and usable else ()
        known = [prompt.prompt_id for prompt in self._read]
        remembered = [name for name in self._controller.settings.chosen_prompts if name in known]
        self._chosen = (remembered or known)[:1]
        self._made, self._asked = {prompt.prompt_id: prompt for prompt in self._read}, None
        if event.pack is not None and may_vary(self._read, event.settings.randomizer.words_only()):
            self._made = {}
            # One variant of each prompt: there are as many as prompts, and they are dealt out evenly.
            self._ask(
                ExpandPrompts(
                    path=event.path,
                    prompts=self._read,
                    slots=event.pack.slots,
                    number=0,
                    limit=len(self._read),
                    seed=0,
                    settings=PackSettings(randomizer=event.settings.randomizer.words_only()),
                )
            )
        self._tell_read()
        self._show_prompts()
        if not usable:
            errors = event.pack.errors if event.pack is not None else ()
            self._refuse(event.path.stem, event.problem, errors)
        elif self._fresh and self.focus_lastfor() in (self._sources.canvas, self.winfo_toplevel()):
            # Tk gives the window itself until a list that was to have the keyboard is in sight.
            self._prompts.focus_set()
        self._fresh = False

    def _refuse(self, name: str, problem: str, errors: Sequence[PackProblem]) -> None:
        first = f"Line {errors[0].line}: {errors[0].message}" if errors else ""
        self._name.show(name)
        self._text.show(problem or first, "danger")

    def _ask(self, order: ExpandPrompts) -> None:
        self._asked = msgspec.structs.replace(order, number=self._controller.packs.new_number())
        self._controller.ask(self._asked)

    def _draw_another(self) -> None:
        if self._asked is not None:
            self._ask(msgspec.structs.replace(self._asked, seed=(self._asked.seed or 0) + 1))

    def _take_variants(self, expansion: Expansion) -> None:
        texts = {one.prompt_id: one for one in expansion.variants}
        self._made = {
            one.prompt_id: msgspec.structs.replace(
                one, positive=texts[one.prompt_id].prompt, negative=texts[one.prompt_id].negative
            )
            for one in self._read
            if one.prompt_id in texts
        }
        self._tell_read()
        self._show_prompts()
        if expansion.errors and isinstance(self._source, PackFile):
            self._refuse(self._source.title, "", expansion.errors)

    # ---- choosing

    def _names(self) -> tuple[tuple[str, str, str], ...]:
        """Id, name and text of what stands in the right list."""
        if self._source == _KEPT:
            return tuple((prompt.prompt_id, prompt.prompt_id, prompt.positive) for prompt in self._kept.prompts)
        return tuple((one.prompt_id, one.name, self._made.get(one.prompt_id, one).positive) for one in self._read)

    def _show_prompts(self) -> None:
        own, fixed = self._source == _OWN, self._source == _KEPT
        for widget, on in ((self._own, own), (self._list, not own)):
            if on:
                widget.pack(fill="both", expand=True)
            else:
                widget.pack_forget()
        if own:
            self._card.pack_forget()
        else:
            self._card.pack(side="bottom", fill="x", padx=theme.px(28), pady=(0, theme.px(12)), before=self._columns)
        self._several.enable(not own and not fixed, "An own prompt is one prompt." if own else "")
        boxes = self._several.on and not fixed
        names = self._names()
        rows = [ListRow(name, checked=key in self._chosen if boxes else None) for key, name, _ in names]
        first = next((n for n, (key, _, _) in enumerate(names) if key in self._chosen), -1)
        self._prompts.show_rows(rows, self._prompts.selected if boxes and self._prompts.selected >= 0 else first)
        self._show_text()
        chosen = f"{counted(len(self._chosen), 'prompt')} chosen. "
        note = chosen + _SEVERAL if boxes else _FIXED if self._kept.reuse is not None else ""
        self._note.show(note)
        if note:
            self._note.pack(fill="x", pady=(theme.px(4), 0))
        else:
            self._note.pack_forget()

    def _show_text(self) -> None:
        names, place = self._names(), self._prompts.selected
        text = names[place][2] if 0 <= place < len(names) else ""
        self._name.show(names[place][1] if text else "")
        self._text.show(text if len(text) <= 400 else text[:400].rsplit(" ", 1)[0] + " …", "text2")
        original = self._read[place].positive if self._source != _KEPT and 0 <= place < len(self._read) else text
        if self._asked is not None and text != original:
            self._another.pack(anchor="w", pady=(theme.px(4), 0))
        else:
            self._another.pack_forget()

    def _look_at(self, place: int) -> None:
        if not self._several.on and self._source != _KEPT:
            self._chosen = [self._read[place].prompt_id]
            self._tell_read()
        self._show_text()

    def _turn(self, place: int) -> None:
        name = self._read[place].prompt_id
        self._chosen = [other for other in self._chosen if other != name] + ([] if name in self._chosen else [name])
        self._prompts.select(place)
        self._tell_read()
        self._show_prompts()

    def _turn_several(self, on: bool) -> None:
        if not on:
            self._chosen = self._chosen[:1] or [prompt.prompt_id for prompt in self._read[:1]]
            self._tell_read()
        self._show_prompts()

    def _typed(self) -> None:
        if self._source != _OWN:
            return
        text, negative = self._own.positive.words, self._own.negative.words
        name = text if len(text) <= 40 else text[:40].rsplit(" ", 1)[0].rstrip(",;: ") or text[:40]
        made = PackPrompt(name, name, text, negative, 1)
        self._tell(OWN_PACK, "Own prompt", (self._plan_prompt(made),) if text else ())

    def _tell_read(self) -> None:
        if isinstance(self._source, PackFile):
            chosen = [self._made[one.prompt_id] for one in self._read if one.prompt_id in self._chosen and self._made]
            prompts = tuple(self._plan_prompt(prompt) for prompt in chosen)
            self._tell(self._source.pack_id, self._source.title, prompts)

    def _plan_prompt(self, prompt: PackPrompt) -> PlanPrompt:
        """The prompt as Create would send it."""
        texts = self._controller.settings.globals
        if isinstance(self._source, PackFile):
            own = self._controller.packs.settings_of(self._source.path)
            texts = texts.for_pack(positive=own.positive, negative=own.negative)
        sent, preset = planned(prompt, texts), preset_in_force(self._controller)
        for name, weight in (preset.lora_weights if preset is not None else {}).items():
            sent = sent.with_lora(name, weight)
        return sent

    def _tell(self, pack_id: str, title: str, prompts: Sequence[PlanPrompt]) -> None:
        new = msgspec.structs.replace(self._draft, pack_id=pack_id, pack_title=title, prompts=tuple(prompts))
        if new != self._draft:
            self._draft = new
            self._change(new)
