"""The wizard's first step: which prompt the pictures of a Learning Run are made of."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import msgspec

from ....app.controller import Controller
from ....app.learn.prompt_choice import KEPT, OWN, PromptChoice, claim
from ....domain.config.learning_mode import Mode
from ....domain.experiments.plan_draft import PlanDraft
from ....pipeline.messages.base import Event
from ....pipeline.messages.packs import PackLoaded, PacksListed, PromptsExpanded
from ...widgets import theme
from ...widgets.basics import Box, Button, Card, Label
from ...widgets.controls import Check
from ...widgets.flow import pack_if
from ...widgets.notices import Remark
from ...widgets.row_list import ListRow, RowList
from ...widgets.text_field import TextField
from ...widgets.tooltips import tip
from .frame import Question

_SIDE, _HEAD = 208, 28
_WORDS = "They take turns, row by row: no more pictures, and the answer is not about one alone."
_ONE = "Then the verdict is about this prompt alone and says nothing about the others of the pack."
_VARIES = "The prompt varies: take another variant"


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
        self._controller, self._go_on = controller, go_on
        self._choice = PromptChoice(controller, change)
        self._mode = Mode(True, True)
        self._is_fresh = True  # nobody has chosen a pack yet
        self._question = Question(self, "Which prompts should the pictures show?", _WORDS)
        self._question.pack(fill="x", padx=theme.px(28), pady=(theme.px(16), theme.px(10)))
        self._remark = Remark(self)
        self._columns = Box(self)
        self._columns.pack(fill="both", expand=True, padx=theme.px(28), pady=(0, theme.px(12)))
        self._build_sources()
        self._build_prompts()
        self.own = OwnPrompt(self._right, self._typed)

    def begin(self, draft: PlanDraft) -> None:
        """Start anew. A draft that has prompts offers them as the first source; that of a picture stays."""
        self._is_fresh = True
        self._choice.begin(draft)
        self._list_sources()
        self._show_prompts()

    @property
    def draft(self) -> PlanDraft:
        """The draft with the prompts as they are chosen now."""
        return self._choice.draft

    def follow(self, draft: PlanDraft) -> PlanDraft:
        """Take over a changed draft; it comes back with prompts that fit what is varied."""
        before = self._choice.draft.focus
        found = self._choice.follow(draft)
        if before != draft.focus:
            self._show_prompts()
        return found

    def hold(self, draft: PlanDraft) -> None:
        """Take over the draft while out of sight."""
        self._choice.draft = draft

    def show(self, draft: PlanDraft, mode: Mode) -> None:
        """Follow the draft; what a Learning Run does where learning is off or the pack locked in is said here, and the
        mode can be changed.
        """
        self._choice.draft = draft
        if mode == self._mode:
            return
        self._mode = mode
        if not mode.by_hand:
            self._remark.pack_forget()
            return
        own = draft.pack_id in self._controller.packs.learning
        self._remark.show(mode.by_hand)
        self._remark.offer("Let this pack learn" if own else "Passive + Active", self._let_learn)
        self._remark.pack(fill="x", padx=theme.px(28), pady=(0, theme.px(10)), before=self._columns)

    def _let_learn(self) -> None:
        controller, pack_id = self._controller, self._choice.draft.pack_id
        if pack_id in controller.packs.learning:
            controller.packs.let_learn(pack_id)
        else:
            controller.change_settings(msgspec.structs.replace(controller.settings, learning="active"))
        self.focus_first()

    def focus_first(self) -> None:
        """Put the keyboard where one chooses first."""
        if self._choice.source == OWN:
            self.own.positive.focus_set()
        else:
            (self.prompts if self._choice.rows else self.sources).focus_set()

    def on_event(self, event: Event) -> None:
        """Packs were listed or read, or prompts expanded."""
        if isinstance(event, PacksListed):
            self._list_sources()
        elif isinstance(event, PackLoaded):
            problem = self._choice.take_pack(event)
            if problem is not None:
                self._show_pack(event.path.stem, problem)
        elif isinstance(event, PromptsExpanded):
            problem = self._choice.take_variants(event)
            if problem is not None:
                self._show_prompts()
                self._refuse(self._choice.draft.pack_title, problem)

    def _build_sources(self) -> None:
        side = Box(self._columns, width=theme.px(_SIDE))
        side.pack(side="left", fill="y")
        side.pack_propagate(False)
        head = Box(side, height=theme.px(_HEAD))
        head.pack(fill="x")
        head.pack_propagate(False)
        Label(head, "Pack", size=13, bold=True).pack(side="left")
        self.sources = RowList(side, on_select=self._pick, on_open=lambda _place: self._go_on(), empty="")
        self.sources.pack(fill="both", expand=True)

    def _build_prompts(self) -> None:
        self._right = Box(self._columns)
        self._right.pack(side="left", fill="both", expand=True, padx=(theme.px(16), 0))
        head = Box(self._right, height=theme.px(_HEAD))
        head.pack(fill="x")
        head.pack_propagate(False)
        self._heading = Label(head, "Prompts", size=13, bold=True)
        self._heading.pack(side="left")
        self.only_one = Check(head, "Only one prompt", self._turn_only_one)
        self.only_one.pack(side="right")
        tip(self.only_one, _ONE)
        self._list = Box(self._right)
        self._list.pack(fill="both", expand=True)
        self.prompts = RowList(
            self._list, on_select=self._selected, on_check=self._turn, on_open=lambda _place: self._go_on(), empty=""
        )
        self.prompts.pack(fill="both", expand=True)
        self._card = Card(self)
        inner = Box(self._card)
        inner.pack(fill="x", padx=theme.px(14), pady=theme.px(10))
        self._name = Label(inner, "", bold=True)
        self._name.pack(fill="x")
        self._text = Label(inner, "", size=12, ink="text2", wrap=True)
        self._text.pack(fill="x", pady=(theme.px(2), 0))
        self._note = Label(inner, "", size=12, ink="text3", wrap=True)
        self.another = Button(inner, _VARIES, lambda: self._choice.draw_another(), kind="link", height=24)

    # ---- where prompts come from

    def _list_sources(self) -> None:
        choice = self._choice
        rows = [ListRow("As in the picture" if choice.keeps_picture else "As before", mark="undo")]
        rows = rows if choice.has_kept else []
        for pack in choice.packs:
            count, sign = ("", "warning") if pack.problem else (str(pack.count), "")
            rows.append(ListRow(pack.title, count, mark="packs", sign=sign))
        if not choice.keeps_picture:
            rows.append(ListRow("Your own prompt…", mark="pencil"))
        self.sources.show_rows(rows, choice.place)
        place = choice.usual_place()
        if place >= 0:
            self.sources.select(place)
            self._pick(place)

    def _pick(self, place: int) -> None:
        self._choice.pick(place)
        self._typed()
        self._show_prompts()

    def _show_pack(self, name: str, problem: str) -> None:
        self._show_prompts()
        self._refuse(name, problem)
        if not problem and self._is_fresh and self.focus_lastfor() in (self.sources.canvas, self.winfo_toplevel()):
            # Tk gives the window itself until a list that was to have the keyboard is in sight.
            self.prompts.focus_set()
        self._is_fresh = False

    def _refuse(self, name: str, problem: str) -> None:
        if problem:
            self._name.show(name)
            self._text.show(problem, "danger")

    # ---- choosing

    def _show_prompts(self) -> None:
        choice = self._choice
        own, fixed = choice.source == OWN, choice.source == KEPT
        pack_if(own, self.own, fill="both", expand=True)
        pack_if(not own, self._list, fill="both", expand=True)
        place = {"padx": theme.px(28), "pady": (0, theme.px(12)), "before": self._columns}
        pack_if(not own, self._card, side="bottom", fill="x", **place)
        single = len(choice.rows) < 2
        self.only_one.set(choice.only_one or own or single)
        why = "An own prompt is one prompt." if own else "There is no other prompt here." if single else ""
        self.only_one.enable(not own and not fixed and not single, why or "These are the prompts it began with.")
        boxes = not choice.only_one and not fixed and not single
        rows = [ListRow(one.name, checked=one.prompt_id in choice.chosen if boxes else None) for one in choice.rows]
        first = next((n for n, one in enumerate(choice.rows) if one.prompt_id in choice.chosen), -1)
        self.prompts.show_rows(rows, self.prompts.selected if boxes and self.prompts.selected >= 0 else first)
        self._show_text()
        note = claim(choice)
        self._note.show(note)
        pack_if(note, self._note, fill="x", pady=(theme.px(4), 0))

    def _show_text(self) -> None:
        rows, place = self._choice.rows, self.prompts.selected
        row = rows[place] if 0 <= place < len(rows) else None
        text = row.text if row is not None else ""
        self._name.show(row.name if row is not None and text else "")
        self._text.show(text if len(text) <= 400 else text[:400].rsplit(" ", 1)[0] + " …", "text2")
        pack_if(row is not None and row.varies, self.another, anchor="w", pady=(theme.px(4), 0))

    def _selected(self, place: int) -> None:
        self._choice.choose(place)
        self._note.show(claim(self._choice))
        self._show_text()

    def _turn(self, place: int) -> None:
        self.prompts.select(place)
        self._choice.turn(place)
        self._show_prompts()

    def _turn_only_one(self, on: bool) -> None:
        self._choice.take_one(on)
        self._show_prompts()

    def _typed(self) -> None:
        self._choice.type_own(self.own.positive.words, self.own.negative.words)


class OwnPrompt(Box):
    """Two fields. `on_edit()` after every change."""

    def __init__(self, parent: tk.Misc, on_edit: Callable[[], object]) -> None:
        super().__init__(parent)
        self.positive = TextField(self, least=8, on_edit=lambda _text: on_edit())
        self.positive.pack(fill="x")
        caption = Label(self, "Not in the picture (negative)", bold=True)
        caption.pack(fill="x", pady=(theme.px(12), theme.px(4)))
        self.negative = TextField(self, least=4, on_edit=lambda _text: on_edit())
        self.negative.pack(fill="x")
        words = (
            "Your own prompt is one prompt: the verdict will be about it alone. Ctrl+Enter goes on. What the settings "
            "add to every prompt is added here, too."
        )
        Label(self, words, size=12, ink="text3", wrap=True).pack(fill="x", pady=theme.px(6))
