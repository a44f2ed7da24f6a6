"""The entries of the list in Insights: Learning Runs by pack, and hints from everyday runs below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.wording import counted, pack_title
from ...domain.insights.association import Association
from ...domain.insights.hint_question import doubt_words
from ...domain.insights.matrix import Board, board
from ...domain.insights.report import Report
from ...domain.insights.standing import Standing, standing
from ...domain.insights.titles import hint_title, plan_heading, short_verdict, signed_stars
from ...domain.insights.verdict_text import too_early
from ...domain.runs.plan import LearningPlan, VerdictState
from ..controller import Controller
from ..wording import plan_names
from .reports import Everyday, Scope


class InsightEntry(Struct, frozen=True):
    """One line: a Learning Run or a hint, or with `caption` only the words above a group. `key` names it."""

    key: str
    title: str
    note: str = ""
    count: str = ""
    state: VerdictState = "too_early"
    caption: bool = False


class InsightFilter(Struct, frozen=True):
    """What the list is to show; empty = everything."""

    pack: str = ""
    checkpoint: str = ""
    parameter: str = ""
    machine: str = ""

    def takes(self, plan: LearningPlan, machines: Sequence[str]) -> bool:
        """Whether a plan that these machines made is meant. One that sweeps checkpoints belongs to each of them."""
        swept = plan.variant_values if plan.focus_parameter == "checkpoint" else ()
        return (
            self.pack in ("", plan.pack_id)
            and self.machine in ("", *machines)
            and self.parameter in ("", *plan.parameters)
            and (self.checkpoint in ("", plan.base_config.checkpoint) or self.checkpoint in swept)
        )


class InsightEntries:
    """Makes the entries of the list. `known` are the reports there are."""

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

    def speaker(self, plan_id: str) -> str:
        """The plan under which the answer to its question stands in the list: the newest that asked it."""
        history = self._controller.history
        if history is None:
            return plan_id
        made = [one for one in history.plans.asked.same(plan_id) if self._made(one)]
        # A plan without an answer of its own stands alone.
        return plan_id if history.plans.result(plan_id) is None or not made else made[-1]

    def _made(self, plan_id: str) -> int:
        history = self._controller.history
        plan = history.plans.plan(plan_id) if history is not None else None
        return self.standing(plan).made if plan is not None else 0

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

    def entries(self, wanted: InsightFilter) -> list[InsightEntry]:
        """All entries: Learning Runs by pack in the order of their last change, then hints."""
        plans = [
            plan
            for plan in self.plans()
            if wanted.takes(plan, self.standing(plan).machines) and self.speaker(plan.plan_id) == plan.plan_id
        ]
        twins = Counter((plan.pack_id, plan.parameters) for plan in plans)
        names = plan_names(self.plans())
        found: list[InsightEntry] = []
        for pack in dict.fromkeys(plan.pack_id for plan in plans):
            found.append(InsightEntry(f"pack:{pack}", pack_title(pack) or "No pack", caption=True))
            for plan in plans:
                if plan.pack_id == pack:
                    alone = twins[pack, plan.parameters] == 1
                    name, when = (plan_heading(plan), "") if alone else names[plan.plan_id]
                    entry = self._entry(plan, name)
                    found.append(replace(entry, note=" · ".join(filter(None, (entry.note, when)))))
        hints = list(self._hint_entries(wanted))
        if hints:
            found += [InsightEntry("everyday", "From everyday runs: hints, not proof", caption=True), *hints]
        return found

    def hints(self, key: str) -> tuple[Association, ...]:
        """The hints behind an entry; empty for a Learning Run."""
        return self._hints[key][1] if key in self._hints else ()

    def hint_place(self, key: str) -> Scope:
        """Pack and checkpoint of those hints."""
        return self._hints[key][0]

    def hint_scope(self, key: str) -> str:
        """What those hints hold for."""
        (pack, checkpoint), hints = self._hints[key]
        rated = counted(self._everyday.pictures.get((pack, checkpoint), 0), "rated picture")
        kinds = self._everyday.kinds.get((pack, checkpoint), 1)
        mixed = f"{kinds} kinds of machines together" if kinds > 1 else ""
        return " · ".join(part for part in (hint_title(hints[0]), pack_title(pack), checkpoint, rated, mixed) if part)

    def hint_doubt(self, key: str) -> str:
        """How many of all hints of the same pack and checkpoint are expected to be false, in a sentence."""
        scope, _ = self._hints[key]
        return doubt_words(self._everyday.known.get(scope, ()))

    def _entry(self, plan: LearningPlan, title: str) -> InsightEntry:
        plan_id, history = plan.plan_id, self._controller.history
        now = self.standing(plan)
        key, count = f"plan:{plan_id}", str(now.rated + self._rated_elsewhere(plan_id))
        if self.is_hidden(plan):
            return InsightEntry(key, title, "blind: rate it first", count)
        report, result = self._known.get(plan_id), history.plans.asked.verdict(plan_id) if history is not None else None
        # The stored one first: it is kept up to date, a report only while its plan is looked at.
        if result is not None:
            return InsightEntry(key, title, short_verdict(result.summary.parts[0]), count, result.summary.state)
        if report is not None:
            return InsightEntry(key, title, short_verdict(report.verdict.headline), count, report.verdict.state)
        headline, _ = too_early(rated=now.rated, planned=now.wanted, values=0)
        return InsightEntry(key, title, short_verdict(headline), count)

    def _rated_elsewhere(self, plan_id: str) -> int:
        """Rated pictures of the other plans that have one answer with this one."""
        history = self._controller.history
        if history is None or history.plans.result(plan_id) is None:
            return 0
        others = (history.plans.plan(name) for name in history.plans.asked.same(plan_id) if name != plan_id)
        return sum(self.standing(one).rated for one in others if one is not None)

    def _hint_entries(self, wanted: InsightFilter) -> Iterator[InsightEntry]:
        self._hints = {}
        packs = {pack for pack, _ in self._everyday.known}
        for (pack, checkpoint), found in self._everyday.known.items():
            # Hints are drawn from all machines together.
            if wanted.machine or wanted.pack not in ("", pack) or wanted.checkpoint not in ("", checkpoint):
                continue
            for what in dict.fromkeys(hint.what for hint in found):
                hints = tuple(hint for hint in found if hint.what == what)
                if wanted.parameter in ("", what):
                    key = f"hint:{pack}\n{checkpoint}\n{what}"
                    self._hints[key] = (pack, checkpoint), hints
                    yield _hint_entry(key, hints, pack if len(packs) > 1 else "")


def _hint_entry(key: str, hints: Sequence[Association], pack: str) -> InsightEntry:
    """The clearest effect of one slot or setting; hollow as long as nothing can be told."""
    best = hints[0]
    state: VerdictState = "leaning" if best.telling else "no_difference" if best.alike else "too_early"
    note = f"{best.value or 'nothing'} {signed_stars(best.effect)} stars"
    words = {"leaning": note, "no_difference": "no difference you can see"}.get(state, "too early")
    title = hint_title(best)
    count = str(sum(hint.n for hint in hints))
    return InsightEntry(key, f"{title} · {pack}" if pack else title, words, count, state)
