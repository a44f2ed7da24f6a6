"""What stands in the list of Insights: Learning Runs by pack, hints below them, and the menus that thin them out."""

from __future__ import annotations

import tkinter as tk
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from ...app.controller import Controller
from ...app.insight_reports import Everyday, Scope
from ...domain.base.wording import counted
from ...domain.config.pipeline_config import BLOCK_SPECS
from ...domain.config.sweep import LORA, focus, value_text
from ...domain.insights.association import Association
from ...domain.insights.matrix import Board, board
from ...domain.insights.report import Report
from ...domain.insights.standing import Standing, standing
from ...domain.runs.plan import LearningPlan, VerdictState
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.popups import ChoiceField, MenuEntry
from .list import InsightEntry, alike, signed, verdict_words

_HEADINGS = {block.name: block.title if block.heading is None else block.heading for block in BLOCK_SPECS}


def heading(path: str) -> str:
    """A parameter as a title, with its stage where the label alone does not tell it: "Hires denoise"."""
    label = focus(path).caption
    stage = _HEADINGS.get(path.partition(".")[0], "") if not path.startswith(LORA) else ""
    if not stage or label.startswith(stage):
        return label
    # A word with capitals inside is a name (CFG, GFPGAN) and keeps the one it starts with.
    return f"{stage} {label[0].lower() + label[1:] if label.split()[0][1:].islower() else label}"


def what_words(hint: Association) -> str:
    """What a hint is about: the slot as it is written, or the parameter's title."""
    return hint.what if hint.slot else heading(hint.what)


def scope_words(plan: LearningPlan, report: Report | None = None) -> str:
    """What a verdict holds for: "Rain city · Alley One · juggernautXL_v9"."""
    prompts = plan.prompts[0].prompt_id if len(plan.prompts) == 1 else counted(len(plan.prompts), "prompt")
    checkpoint = report.checkpoint if report is not None else plan.base_config.checkpoint
    sketch = (report.sketch if report is not None else False) or plan.backend_kind == "sketch"
    parts = (plan.pack_id, prompts, checkpoint, "sketch pictures" if sketch else "")
    return " · ".join(part for part in parts if part)


class Wanted(Struct, frozen=True):
    """What the list is to show; empty = everything."""

    pack: str = ""
    checkpoint: str = ""
    parameter: str = ""

    def takes(self, plan: LearningPlan) -> bool:
        """Whether a plan is meant. A plan that tries checkpoints belongs to each of them."""
        swept = plan.variant_values if plan.focus_parameter == "checkpoint" else ()
        return (
            self.pack in ("", plan.pack_id)
            and self.parameter in ("", plan.focus_parameter)
            and (self.checkpoint in ("", plan.base_config.checkpoint) or self.checkpoint in swept)
        )


class InsightMenus(Box):
    """Menus for pack, checkpoint and parameter. One that would offer a single choice is not shown."""

    FIRST: Mapping[str, str] = {"pack": "All packs", "checkpoint": "Any checkpoint", "parameter": "Any parameter"}

    def __init__(self, parent: tk.Misc, changed: Callable[[], object]) -> None:
        super().__init__(parent)
        self.menus = {
            name: ChoiceField(
                self, (MenuEntry("", first),), lambda _value: changed(), width=theme.RAIL, height=theme.SMALL
            )
            for name, first in self.FIRST.items()
        }

    @property
    def wanted(self) -> Wanted:
        """What is chosen now."""
        return Wanted(**{name: menu.value for name, menu in self.menus.items()})

    def reset(self) -> None:
        """Everything again."""
        for menu in self.menus.values():
            menu.set("")

    def offer(self, plans: Sequence[LearningPlan], everyday: Mapping[Scope, int]) -> None:
        """Offer what exists."""
        known = {
            "pack": {plan.pack_id for plan in plans} | {pack for pack, _ in everyday},
            "checkpoint": {plan.base_config.checkpoint for plan in plans} | {name for _, name in everyday},
            "parameter": {plan.focus_parameter for plan in plans},
        }
        for name, menu in self.menus.items():
            # A value that is gone stays while it is chosen: otherwise the empty list would be a riddle.
            values = sorted({*known[name], menu.value} - {""})
            words = heading if name == "parameter" else str
            menu.set_entries([MenuEntry("", self.FIRST[name]), *(MenuEntry(value, words(value)) for value in values)])
            menu.pack_forget()
            if len(values) > 1 or menu.value:
                menu.pack(fill="x", padx=theme.px(theme.PAD - theme.RING))


class InsightEntries:
    """Knows the lines of the list. `known` are the reports there are."""

    def __init__(self, controller: Controller, known: Mapping[str, Report], everyday: Everyday) -> None:
        self._controller, self._known, self._everyday = controller, known, everyday
        self._standings: dict[str, Standing] = {}
        self._hints: dict[str, tuple[Scope, tuple[Association, ...]]] = {}

    def changed(self, plan_id: str) -> None:
        """A plan is not what it was."""
        self._standings.pop(plan_id, None)

    def plans(self) -> tuple[LearningPlan, ...]:
        """Plans that have pictures, newest first."""
        history = self._controller.history
        if history is None:
            return ()
        return tuple(plan for plan in history.plans.plans() if self.standing(plan).made)

    def is_hidden(self, plan: LearningPlan) -> bool:
        """Whether nothing of what the plan's pictures are may be shown."""
        history = self._controller.history
        return history is None or not history.visible().shows(plan.plan_id)

    def standing(self, plan: LearningPlan) -> Standing:
        """How far a plan is."""
        if plan.plan_id not in self._standings:
            history = self._controller.history
            found = board(history, plan.plan_id) if history is not None else None
            self._standings[plan.plan_id] = standing(found or Board(plan, (), not plan.blind))
        return self._standings[plan.plan_id]

    def entries(self, wanted: Wanted) -> list[InsightEntry]:
        """All lines: Learning Runs by pack in the order of their last change, then hints."""
        plans = [plan for plan in self.plans() if wanted.takes(plan)]
        twins = Counter((plan.pack_id, plan.focus_parameter) for plan in plans)
        found: list[InsightEntry] = []
        for pack in dict.fromkeys(plan.pack_id for plan in plans):
            found.append(InsightEntry(f"pack:{pack}", pack or "No pack", caption=True))
            for plan in plans:
                if plan.pack_id == pack:
                    found.append(self._entry(plan, alone=twins[pack, plan.focus_parameter] == 1))
        hints = list(self._hint_entries(wanted))
        if hints:
            found += [InsightEntry("everyday", "From everyday runs: hints, not proof", caption=True), *hints]
        return found

    def hints(self, key: str) -> tuple[Association, ...]:
        """What a line of the lower part is about; empty for a Learning Run."""
        return self._hints[key][1] if key in self._hints else ()

    def hint_scope(self, key: str) -> str:
        """What those hints hold for."""
        (pack, checkpoint), hints = self._hints[key]
        rated = counted(self._everyday.pictures.get((pack, checkpoint), 0), "rated picture")
        return " · ".join(part for part in (what_words(hints[0]), pack, checkpoint, rated) if part)

    def _entry(self, plan: LearningPlan, *, alone: bool) -> InsightEntry:
        plan_id, history = plan.plan_id, self._controller.history
        now = self.standing(plan)
        title = heading(plan.focus_parameter) if alone or not plan.name else plan.name
        key, count = f"plan:{plan_id}", str(now.rated)
        if self.is_hidden(plan):
            return InsightEntry(key, title, "blind: rate it first", count)
        report, result = self._known.get(plan_id), history.plans.result(plan_id) if history is not None else None
        said = report.verdict if report is not None else result.summary if result is not None else None
        if said is None:
            return InsightEntry(key, title, verdict_words("too_early", "", now), count)
        text = value_text(said.value, plan.focus_parameter) if said.value is not None else ""
        return InsightEntry(key, title, verdict_words(said.state, text, now), count, said.state)

    def _hint_entries(self, wanted: Wanted) -> Iterator[InsightEntry]:
        self._hints = {}
        packs = {pack for pack, _ in self._everyday.known}
        for (pack, checkpoint), told in self._everyday.known.items():
            if wanted.pack not in ("", pack) or wanted.checkpoint not in ("", checkpoint):
                continue
            for what in dict.fromkeys(hint.what for hint in told):
                hints = tuple(hint for hint in told if hint.what == what)
                if wanted.parameter in ("", what):
                    key = f"hint:{pack}\n{checkpoint}\n{what}"
                    self._hints[key] = (pack, checkpoint), hints
                    yield _hint_entry(key, hints, pack if len(packs) > 1 else "")


def _hint_entry(key: str, hints: Sequence[Association], pack: str) -> InsightEntry:
    """The clearest effect of one slot or setting; hollow as long as nothing can be told."""
    best = hints[0]
    state: VerdictState = "leaning" if best.telling else "no_difference" if alike(best) else "too_early"
    note = f"{best.value or 'nothing'} {signed(best.effect)} stars"
    words = {"leaning": note, "no_difference": "no difference you can see"}.get(state, "too early")
    title = what_words(best)
    count = str(sum(hint.n for hint in hints))
    return InsightEntry(key, f"{title} · {pack}" if pack else title, words, count, state)
