"""Estimated stars of a model's files or weights, as Learning Runs found them: for the chart in Models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.wording import counted, pack_title
from ...domain.config.catalogue import Value
from ...domain.config.sweep import LORA, LORA_FILE, NO_LORA, lora_file, value_text
from ...domain.insights.naming import naming
from ...domain.journal.history import History
from ...domain.models.best_setting import Estimate, Estimates
from ...domain.models.value_sources import CHECKPOINT
from ...domain.recipes.recipe import bare_name
from ...domain.runs.plan import LearningPlan, ResultSummary
from ...pipeline.messages.models import ModelSeries

_RECOMMENDS = ("settled", "best")
_FEWEST = 2  # files of a chart
_MOST_NAMED = 4  # files that are missing in it


class EstimateChart(Struct, frozen=True):
    """A chart: its title, "Estimate by epoch", with what all were used, and a sentence about files that are missing.
    The `text` of a line is its label.
    """

    title: str
    note: str
    lines: tuple[Estimate, ...]
    missing: str = ""


def file_estimates(history: History | None) -> tuple[Estimates, ...]:
    """Those of all Learning Runs over files, and over the weight of a LoRA, whose values are revealed; newest first."""
    if history is None:
        return ()
    results = ((plan, history.plans.result(plan.plan_id)) for plan in history.visible().plans())
    known = [(line.event_id, plan, line.summary) for plan, line in results if line is not None]
    newest = sorted(known, key=lambda one: one[0], reverse=True)
    found = (_estimates(plan, summary) for _, plan, summary in newest)
    return tuple(one for one in found if one is not None)


def estimate_chart(
    estimates: Sequence[Estimates], path: str, series: ModelSeries | None, *, whole: bool
) -> EstimateChart | None:
    """The chart for the model at `path`, or for the `whole` series that it is of; None when nothing was compared."""
    of_series = _series_chart(estimates, series) if series is not None else None
    if whole and of_series is not None:
        return of_series
    by_weight = next((one for one in estimates if one.by == "weight" and any(e.path == path for e in one.lines)), None)
    if by_weight is not None:
        return EstimateChart("Estimate by weight", _note(by_weight), by_weight.lines)
    if of_series is not None:
        return of_series
    for one in estimates:
        if one.by == "file" and any(line.path == path for line in one.lines):
            return EstimateChart(f"Estimate by {'LoRA' if one.kind == 'lora' else CHECKPOINT}", _note(one), one.lines)
    return None


def worth_of(estimates: Sequence[Estimates], paths: Collection[str]) -> Mapping[str, float]:
    """The stars of these files, by path, as the newest run estimates them that compared some of them."""
    found = _comparison(estimates, paths)
    return {path: one.mean for path, one in found[1].items()} if found is not None else {}


def _comparison(
    estimates: Sequence[Estimates], paths: Collection[str]
) -> tuple[Estimates, Mapping[str, Estimate]] | None:
    for one in estimates:
        found = {line.path: line for line in one.lines if line.path in paths} if one.by == "file" else {}
        if len(found) >= _FEWEST:
            return one, found
    return None


def _series_chart(estimates: Sequence[Estimates], series: ModelSeries) -> EstimateChart | None:
    paths = dict(series.members)
    found = _comparison(estimates, paths)
    if found is None:
        return None
    (run, known), unit = found, _unit(paths.values())
    none = [line for line in run.lines if not line.model]
    lines = [replace(known[path], text=_label(words, unit)) for path, words in series.members if path in known]
    missing = [words.removesuffix(", last") for path, words in series.members if path not in known]
    named = ", ".join(missing) if len(missing) <= _MOST_NAMED else counted(len(missing), "file")
    said = f"Not compared yet: {named}." if missing else ""
    return EstimateChart(f"Estimate by {unit or 'file'}", _note(run), (*none, *lines), said)


def _unit(words: Iterable[str]) -> str:
    """ "epoch" or "step" when all files but the last one were saved by it, else ""."""
    units = {said.partition(" ")[0] for said in words if said != "last"}
    return units.pop() if len(units) == 1 else ""


def _label(words: str, unit: str) -> str:
    return words.removeprefix(f"{unit} ") if unit else words


def _note(one: Estimates) -> str:
    return " · ".join(filter(None, (pack_title(one.pack) if one.pack else "", one.beside)))


def _estimates(plan: LearningPlan, found: ResultSummary) -> Estimates | None:
    """Those of one run, None when it did not compare files or says too little. Sketches prove nothing."""
    path = plan.focus_parameter
    by_weight = path.startswith(LORA)
    if not (by_weight or path in (LORA_FILE, CHECKPOINT)):
        return None
    if found.state == "too_early" or plan.backend_kind == "sketch" or plan.base_config.workflow:
        return None
    lines, beside = _lines(plan, found)
    if len(lines) < _FEWEST:
        return None
    return Estimates(
        kind="checkpoint" if path == CHECKPOINT else "lora",
        by="weight" if by_weight else "file",
        plan_id=plan.plan_id,
        lines=lines,
        beside=beside,
        pack=plan.pack_id,
    )


def _lines(plan: LearningPlan, found: ResultSummary) -> tuple[tuple[Estimate, ...], str]:
    """One line for each value of the first setting, and with what they were used where that is the same for all."""
    best = found.value if found.state in _RECOMMENDS else None
    told = list(_told(plan, found))
    others = Counter(other for _, other, _ in told if other)
    leading = next((other for value, other, _ in told if value == found.value), "")
    beside = leading or (others.most_common(1)[0][0] if others else "")
    # With a second setting the files are compared where it is the same. No LoRA has no weight.
    same = [one for _, other, one in told if other in ("", beside)]
    marked = {one.text for value, _, one in told if best is not None and value == best}
    return tuple(replace(one, best=one.text in marked) for one in same), beside


def _told(plan: LearningPlan, found: ResultSummary) -> Iterator[tuple[Value, str, Estimate]]:
    """Each value, what it was used with, and its estimate."""
    path = plan.focus_parameter
    for one in found.values:
        if plan.second_parameter and one.value not in plan.tested:
            continue  # a pair that another run of the same question had
        first, second = plan.values_of(one.value)
        other = naming(plan.subjects[1])(second) if second is not None else ""
        model, text = path.removeprefix(LORA), value_text(first, path)
        if path == LORA_FILE:
            model, weight = lora_file(first)
            text = model or NO_LORA
            other = f"weight {weight:g}" if weight is not None else other.removeprefix("LoRA ")
        elif path == CHECKPOINT:
            model = str(first)
            text = bare_name(model)
        beside = f"at {other}" if other else ""
        yield one.value, beside, Estimate(model=model, text=text, mean=one.mean, low=one.low, high=one.high)
