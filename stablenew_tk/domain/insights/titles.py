"""Short texts about Learning Runs and hints for lists and headings: titles, scopes, short verdicts, progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..base.wording import counted, pack_title
from ..config.catalogue import Value, catalogue, parameter
from ..config.pipeline_config import BLOCK_SPECS
from ..config.sweep import Focus, focus, is_wording, spell
from ..runs.plan import LearningPlan, VerdictState
from ..runs.plan_title import prompts_tested, workflow_words
from ..runs.value_pairs import TIMES
from ..runs.wordings import listed_texts
from .association import Association
from .report import Report
from .standing import Standing, State, blind_text

_HEADINGS = {block.name: block.title if block.heading is None else block.heading for block in BLOCK_SPECS}
VERDICT_NAMES: Mapping[VerdictState, str] = {
    "too_early": "Too early",
    "leaning": "Leading",
    "settled": "Settled",
    "best": "Best",
    "no_difference": "No difference",
}

STATE_NAMES: Mapping[State, str] = {
    "running": "Running",
    "rate": "To rate",
    "stopped": "Not all made: go on?",
    "done": "Done",
}

_FEW_NAMES = 3  # prompts that are named one by one


def heading(path: str) -> str:
    """A parameter as a title, with its stage where the label alone does not tell it: "Hires denoise"."""
    known = parameter(path) if path in catalogue() else focus(path)
    label = known.caption
    # LoRAs and wordings belong to the prompt and have no stage; their names may have dots.
    stage = _HEADINGS.get(path.partition(".")[0], "") if path in catalogue() else ""
    if not stage or label.startswith(stage):
        return label
    # A word with capitals inside is a name (CFG, GFPGAN) and keeps the one it starts with.
    return f"{stage} {label[0].lower() + label[1:] if label.split()[0][1:].islower() else label}"


def plan_heading(plan: LearningPlan) -> str:
    """What a plan varies as a title: "CFG scale", "LoRA file × weight"."""
    names = [one.caption if one.is_of_workflow else heading(one.path) for one in plan.subjects]
    if len(names) > 1 and names[1].startswith(f"{names[0].split()[0]} "):
        names[1] = names[1].partition(" ")[2]
    return TIMES.join(names)


def spelled(plan: LearningPlan) -> str:
    """The values that a plan compares, of two settings both lists."""
    both = zip(plan.subjects, (plan.variant_values, plan.second_values), strict=False)
    return " and ".join(_spelled(subject, values) for subject, values in both)


def _spelled(subject: Focus, values: Sequence[Value]) -> str:
    path = subject.path
    return listed_texts(path, values) if is_wording(path) else spell(subject, values)


def hint_title(hint: Association) -> str:
    """What a hint is about: the slot as it is written, or the parameter's title."""
    return hint.what if hint.slot else heading(hint.what)


def scope_text(plan: LearningPlan, report: Report | None = None) -> str:
    """What a verdict holds for: "Rain city · Alley One, Bridge · juggernautXL_v9"."""
    tested = (report.prompts if report is not None else ()) or prompts_tested(plan)
    names = [prompt.prompt_id for prompt in tested]
    prompts = ", ".join(names) if len(names) <= _FEW_NAMES else counted(len(names), "prompt")
    checkpoint = report.checkpoint if report is not None else plan.base_config.checkpoint
    sketch = (report.sketch if report is not None else False) or plan.backend_kind == "sketch"
    parts = (pack_title(plan.pack_id), prompts, checkpoint, workflow_words(plan), "sketch pictures" if sketch else "")
    return " · ".join(part for part in parts if part)


def short_verdict(headline: str) -> str:
    """A headline as it stands in a list, without its advice and full stop: "No difference you can see"."""
    return headline.partition(": take ")[0].partition(": the ")[0].rstrip(".")


def signed_stars(stars: float) -> str:
    """ "+0.6", "−0.3", "0.0"."""
    text = f"{abs(stars):.1f}"
    return text if text == "0.0" else f"{'+' if stars > 0 else '−'}{text}"


def progress_text(standing: Standing, state: State) -> str:
    """How far a Learning Run is, in one line: "3 of 13 rated · 1 failed"."""
    failed = f" · {standing.failed} failed" if standing.failed else ""
    if not standing.begun:
        return f"not begun · {counted(standing.cells, 'picture')}"
    if state == "done" and standing.nothing_changed:
        return f"{standing.made} of {standing.cells} made{failed} · nothing to rate"
    if state in ("running", "stopped"):
        made = f"{standing.made} of {standing.cells} made"
        return f"{made}{failed}" + (f" · {standing.rated} rated" if standing.rated else "")
    made = f" · {standing.made} made" if standing.waiting else ""
    if state != "done" and goes_on(standing):
        return f"rating {standing.rated} of up to {standing.plan.most_pictures}{made}{failed}"
    return f"{standing.rated} of {standing.wanted} rated{made}{failed}"


def goes_on(standing: Standing) -> bool:
    """Whether a plan may still get pictures by itself, so that what is made now is not all there will be to rate."""
    return standing.plan.most_pictures > standing.cells and not (standing.revealed and standing.plan.blind)


def plan_facts(standing: Standing, state: State) -> list[tuple[str, str]]:
    """Pairs of label and text about a Learning Run. They contain no values while the plan is blind."""
    plan = standing.plan
    prompts = [prompt.prompt_id for prompt in prompts_tested(plan)]
    values = counted(len(plan.tested), "pair" if plan.second_parameter else "value")
    if standing.revealed:
        values = spelled(plan)
    missing = ((standing.failed, "failed"), (standing.suspect, "suspect, not counted"))
    most = f", up to {plan.most_pictures} step by step" if state != "done" and goes_on(standing) else ""
    made = (f"{standing.made} of {standing.cells}{most}", *(f"{number} {what}" for number, what in missing if number))
    blind = f", {blind_text(standing.rated, standing.not_blind)}" if plan.blind and standing.rated else ""
    facts = [
        ("State", STATE_NAMES[state]),
        ("Values", values),
        ("Prompts" if len(prompts) > 1 else "Prompt", ", ".join(prompts)),
        ("Seeds", str(len({cell.row for cell in plan.cells()}))),
        ("Made", ", ".join(made)),
        ("Rated", f"{standing.rated} of {standing.wanted}{blind}"),
    ]
    about = (("Who", plan.metadata.who), ("Note", plan.metadata.notes))
    return [*facts, *(pair for pair in about if pair[1])]
