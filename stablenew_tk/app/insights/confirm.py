"""The Learning Run that confirms a hint from everyday runs: the same pack, checkpoint and settings, on shared seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ...domain.config.catalogue import Value, is_of_workflow
from ...domain.config.sweep import focus
from ...domain.config.workflow_use import WorkflowUse
from ...domain.insights.association import Association
from ...domain.insights.hint_question import CANNOT, hint_question
from ...domain.models.value_sources import CHECKPOINT
from ...domain.runs.plan import MOST_PICTURES, START_ROWS, LearningPlan, PlanMetadata
from ..controller import Controller
from ..create.form_values import FormValues
from .actions import InsightAction

_ELSEWHERE = "It is about a value of a workflow. Choose that workflow in Create first."


def confirm_actions(hints: Sequence[Association], workflow: WorkflowUse) -> list[InsightAction]:
    """The button for the hints of one slot or setting; off where no Learning Run can ask it with the `workflow` in
    force, with the reason.
    """
    if not hints:
        return []
    question = hint_question(hints[0])
    why = CANNOT if question is None else ""
    if question is not None and is_of_workflow(question.focus) and not workflow.has(question.focus):
        why = _ELSEWHERE
    action = InsightAction(key="confirm", text="Confirm by a Learning Run…", why=why)
    return [replace(action, kind="main") if hints[0].telling and not why else action]


def confirming_plan(
    hints: Sequence[Association], pack_id: str, checkpoint: str, controller: Controller
) -> LearningPlan:
    """A draft that asks the question of the clearest of these hints; prompts and seeds are chosen in the wizard.

    `hints` are about one slot or setting for which there is a question.
    """
    question = hint_question(hints[0])
    assert question is not None
    named = checkpoint and question.focus != CHECKPOINT
    typed: Mapping[str, Value] = {CHECKPOINT: checkpoint} if named else {}
    resolved = FormValues(controller, pack_id=pack_id, typed=typed).resolved
    return LearningPlan(
        plan_id="",
        name="",
        focus_parameter=question.focus,
        stage=focus(question.focus).stage,
        pack_id=pack_id,
        prompts=(),
        base_config=resolved.config,
        origins=resolved.origins,
        variant_values=question.values,
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(),
        metadata=PlanMetadata(who="suggested by a hint from everyday runs"),
    )
