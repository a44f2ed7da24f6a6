"""Next steps after a report: suggested pictures, a finer Learning Run around the best value, what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec.structs import asdict, replace

from ..base.errors import InvalidInput
from ..config.catalogue import Value
from ..config.sweep import LORA_FILE, NO_LORA, SLOT, around, is_wording, value_text
from ..models.preset_scope import PresetScope, hash_in_name, reasons, same_scope
from ..models.recommendations import ModelSettings
from ..models.sensible_range import ModelTraits, sensible_range
from ..runs.known_value import KnownValue
from ..runs.plan import LearningPlan, PlanCell, PlanMetadata, ResultSummary, VerdictState, compared_loras, lora_of
from ..runs.preset import Preset, PresetEvidence
from .kept_values import preset_values, setting_values
from .naming import plan_naming
from .report import Report, summary
from .titles import heading
from .verdict_text import joined

_NOTHING = "There is nothing to keep: a prompt without its tag has no LoRA already."
# Longer names of several wordings do not fit on a button.
_LONGEST_NAMES = 30
# A preset from any other verdict is marked as the user's own choice (`by_hand`).
CERTAIN: tuple[VerdictState, ...] = ("settled", "best", "no_difference")


def next_cells(report: Report) -> tuple[PlanCell, ...]:
    """The cells that a plan that goes step by step makes now; () when its verdict is clear, its pictures are used up,
    or nothing else would tell more.
    """
    left = report.plan.most_pictures - len(report.plan.cells())
    return report.next[: max(0, left)] if report.verdict.state not in CERTAIN else ()


def place_of(report: Report, value: Value | None) -> int:
    """Index of a value of the plan in `report.values`, −1 when it is not there."""
    return next((at for at, line in enumerate(report.values) if line.value == value), -1)


def leader(report: Report) -> int:
    """Index in `report.values` of the value that the verdict recommends, −1 when it recommends none."""
    return place_of(report, report.verdict.value) if report.verdict.state in ("settled", "best") else -1


def cells_text(report: Report, cells: Sequence[PlanCell]) -> str:
    """Cells as text: "36 steps, seeds 6–8"."""
    name = plan_naming(report.plan, short=True)
    values = [line.value for line in report.values if line.variant in {cell.variant for cell in cells}]
    rows = sorted({cell.row + 1 for cell in cells})
    run = len(rows) > 1 and all(after == before + 1 for before, after in pairwise(rows))
    seeds = f"{rows[0]}–{rows[-1]}" if run else ", ".join(map(str, rows))
    named = joined([name(value) for value in values])
    if is_wording(report.focus.path) and len(named) > _LONGEST_NAMES:
        named = f"{len(values)} wordings" if len(values) > 1 else "1 wording"
    return f"{named}, seed{'' if len(rows) == 1 else 's'} {seeds}"


def finer_values(report: Report, traits: ModelTraits | None = None) -> tuple[Value, ...]:
    """Values around the recommended one at half the spacing of the plan; () when all of them were tested already.

    They stay in the range that style or family call sensible, or go no farther out of it than what was tested.
    """
    if report.plan.second_parameter:
        return ()
    best = report.verdict.value
    numbers = sorted(float(line.value) for line in report.values) if report.focus.ordered else []
    if best is None or isinstance(best, str) or len(numbers) < 2 or report.verdict.state == "no_difference":
        return ()
    spacing = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
    low, high = float(best) - spacing, float(best) + spacing
    sensible = sensible_range(report.focus.path, traits)
    if sensible is not None and sensible.whose:
        low, high = max(low, min(numbers[0], sensible.low)), min(high, max(numbers[-1], sensible.high))
    values = around(report.focus, float(best), (low, high), 5)
    return values if len(values) > 1 and not {*map(float, values)} <= {*numbers} else ()


def finer_plan(report: Report, traits: ModelTraits | None = None) -> LearningPlan | None:
    """A draft of a Learning Run with `finer_values`; None when there are none."""
    values, plan = finer_values(report, traits), report.plan
    if not values or report.verdict.value is None:
        return None
    path = plan.focus_parameter
    return LearningPlan(
        plan_id="",
        name=f"{heading(path)} around {value_text(report.verdict.value, path)}",
        focus_parameter=path,
        stage=plan.stage,
        pack_id=plan.pack_id,
        prompts=plan.prompts,
        base_config=plan.base_config,
        origins=plan.origins,
        presets=plan.presets,
        variant_values=values,
        images_per_variant=plan.images_per_variant,
        complete_rows=plan.complete_rows,
        most_pictures=plan.most_pictures,
        seeds=(),
        blind=plan.blind,
        show_twice=plan.show_twice,
        start_image=plan.start_image,
        metadata=PlanMetadata(who=f"suggested by the result of “{plan.name}”"),
    )


def preset_draft(
    report: Report, value: Value, name: str, *, by_hand: bool, model: ModelSettings | None = None
) -> Preset:
    """A preset with one value of the plan. `by_hand`: the user chose the value, the verdict does not recommend it.

    `model` is what the model library knows of the checkpoint.
    """
    plan, found = report.plan, summary(report)
    if not may_be_preset(plan):
        raise InvalidInput(why_not_kept(plan))
    values, weights = preset_values(plan, value)
    scope = scope_of(plan, report.checkpoint, model, engine="sketch" if report.sketch else "", prompts=found.prompts)
    return Preset(
        preset_id="",
        name=name,
        values=values,
        lora_weights=weights,
        **asdict(scope),
        lora_instead=_instead(plan, weights),
        evidence=_evidence(plan, found, by_hand=by_hand),
    )


def _instead(plan: LearningPlan, weights: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    """For the LoRA file that is kept the others that a plan compared, in whose place it stands."""
    compared = compared_loras(plan)
    return {name: tuple(one for one in compared if one != name) for name in weights} if compared else {}


def may_be_known(plan: LearningPlan, value: Value | None = None) -> bool:
    """Whether its answer, or this value of it, can be taken over as a known value. A prompt without its tag has no LoRA
    already.
    """
    return may_be_preset(plan) and (plan.focus_parameter != LORA_FILE or value != NO_LORA)


def may_be_preset(plan: LearningPlan) -> bool:
    """Whether its answer can be kept as a preset. Of words only those of a slot can, for the pack that has the slot:
    whole prompts belong into the pack.
    """
    path = plan.focus_parameter
    return not is_wording(path) or (path.startswith(SLOT) and bool(plan.pack_id))


def why_not_kept(plan: LearningPlan) -> str:
    """Where the answer of a plan that cannot be a known value belongs."""
    if plan.focus_parameter.startswith(SLOT):
        return "No pack is known that has this slot, so nothing can keep its text."
    if is_wording(plan.focus_parameter):
        return "Which wording is best is no setting: write it into the pack. Only texts of slots are kept for a pack."
    return _NOTHING


def known_drafts(
    plan: LearningPlan, found: ResultSummary, value: Value, *, model: ModelSettings | None = None, checkpoint: str = ""
) -> tuple[KnownValue, ...]:
    """A value of the plan as one to take over, with the verdict for it; of a pair both of its values. `checkpoint` is
    that of the pictures, where it is known better than the plan knows it.
    """
    scope = scope_of(plan, checkpoint, model, prompts=found.prompts)
    proven = found.state in CERTAIN and found.value in (value, None)
    drafts = []
    for path, own in plan.settings(value):
        if path == LORA_FILE:
            name, weight = lora_of(plan, value)
            values, weights = dict[str, Value](), {name: weight}
        else:
            values, weights = setting_values(plan, path, own)
        if weights == {"": 0.0}:
            continue  # no LoRA is nothing to put into a prompt
        drafts.append(
            KnownValue(
                known_id="",
                path=path,
                values=values,
                lora_weights=weights,
                lora_instead=_instead(plan, weights) if path == LORA_FILE else {},
                **asdict(scope),
                evidence=_evidence(plan, found, by_hand=not proven),
            )
        )
    return tuple(drafts)


def scope_of(
    plan: LearningPlan,
    checkpoint: str = "",
    model: ModelSettings | None = None,
    *,
    engine: str = "",
    prompts: tuple[str, ...] = (),
) -> PresetScope:
    """What the verdict of a plan holds for; `checkpoint` and `engine` where the pictures tell more than the plan,
    `prompts` where other plans tested some, too.
    """
    tested = prompts or tuple(prompt.prompt_id for prompt in plan.prompts)
    known = model if model is not None else ModelSettings()
    # What sets the checkpoint cannot be limited to one checkpoint.
    name = "" if plan.focus_parameter == "checkpoint" else checkpoint or plan.base_config.checkpoint
    found = hash_in_name(name) or known.hashes.sha256 or known.hashes.autov2
    return PresetScope(
        pack_id=plan.pack_id,
        # What several prompts agree on is taken to hold for their pack; one prompt tells only about itself.
        prompt_ids=tested if len(tested) == 1 else (),
        checkpoint=name,
        checkpoint_hash=found if name else "",
        engine=engine or plan.backend_kind,
        family=known.family if name else "",
        workflow=plan.base_config.workflow.known_as,
    )


def _evidence(plan: LearningPlan, found: ResultSummary, *, by_hand: bool) -> PresetEvidence:
    return PresetEvidence(
        plan_id=plan.plan_id,
        state=found.state,
        probability=found.probability,
        sentence=found.sentence,
        rated=found.rated,
        rows=found.rows,
        by_hand=by_hand,
    )


def refuse_empty(preset: Preset) -> None:
    """Raise InvalidInput for a preset that sets nothing: that of a run whose answer is no LoRA."""
    if not preset.values and not preset.lora_weights:
        raise InvalidInput(f"values: {_NOTHING}", "values")


def added_to(preset: Preset, scope: PresetScope, other: Preset) -> Preset:
    """The preset with the values of another one, each with its own evidence. `scope`: as `PlanBook.scope` tells it.

    Raises InvalidInput when they were not learned for the same.
    """
    check = same_scope(scope, other.scope)
    if not check.inside:
        raise InvalidInput(
            f"“{preset.name}” was learned for something else: {reasons(check)}. Make a preset of its own.", "--add-to"
        )
    # A line of an older version did not tell the engine.
    return replace(preset, engine=scope.engine).with_values_of(other)
