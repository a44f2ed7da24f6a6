"""Search among the settings that a Learning Run may vary, grouped by stage, with their descriptions."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.config.pipeline_config import BLOCK_SPECS
from ...domain.config.sweep import LORA, LORA_FILE, NEGATIVE, PROMPT, Focus, focus, focus_in, focuses, is_weight
from ...domain.experiments.plan_draft import PlanDraft, idle_words, lora_weights, plain, sensible_words
from ...domain.runs.wordings import short_texts

IDLE = "does nothing here"
ANOTHER_LORA = "another"  # instead of a setting: a LoRA that is not in the prompt
GROUPS = (
    ("", "All stages"),
    (BLOCK_SPECS[0].name, BLOCK_SPECS[0].title),
    ("lora", "LoRA"),
    ("words", "Words of the prompt"),
    ("workflow", "Workflow"),
    ("general", "Checkpoint, VAE"),
    *((block.name, block.title) for block in BLOCK_SPECS[1:]),
)
_TITLES = dict(GROUPS)
_LORA = "How strongly the LoRA pulls the picture its way."
_SWITCH = "With it and without it."

Offered = Focus | str


def found_settings(draft: PlanDraft, group: str, text: str) -> dict[str, list[Offered]]:
    """The settings of a group ("" = all) that fit a search, by the title of their group.

    Names are searched first; only where none fits, what the settings do.
    """
    words = text.casefold().split()
    offered = {name: _of_group(draft, name) for name in _TITLES if name and group in ("", name)}
    fitting: dict[str, list[Offered]] = {}
    for searched in (_name, _purpose):
        for name, members in offered.items():
            fitting[_TITLES[name]] = [one for one in members if all(word in searched(one, name) for word in words)]
        if any(fitting.values()):
            break
    return {title: members for title, members in fitting.items() if members}


def setting_words(draft: PlanDraft, one: Offered) -> tuple[str, str]:
    """What a setting is called, and the value it has now, or IDLE where another one would change nothing."""
    if isinstance(one, str):
        return "Another LoRA…", ""
    words = plain(one)
    if idle_words(draft, one.path):
        return words, IDLE
    if one.group == "adetailer":
        words = f"{words} · pass {int(one.path.split('.')[2]) + 1}"
    own = replace(draft, focus=one.path).own_value
    if own == "" and one.path != "checkpoint":
        return words, "none"
    return words, short_texts(one.path, (own,))(own)


def help_words(spec: Focus) -> str:
    """What a setting does, in a sentence."""
    if is_weight(spec.path):
        return _LORA
    return _SWITCH if spec.kind == "bool" else spec.help


def question_words(spec: Focus) -> str:
    """The setting with what it does, in one line. Names and abbreviations keep their capital behind the colon."""
    words = help_words(spec)
    first = words.partition(" ")[0]
    return f"{plain(spec)}: {words if first[1:].lower() != first[1:] else words[:1].lower() + words[1:]}"


def range_words(draft: PlanDraft, spec: Focus) -> str:
    """The sensible range of a number, else the allowed one; "" for names."""
    unit = f" {spec.unit}" if spec.unit else ""
    if not spec.ordered or spec.minimum is None or spec.maximum is None:
        return ""
    sensible = sensible_words(draft)
    return f"{sensible}{unit}" if sensible else f"{spec.minimum:g} – {spec.maximum:g}{unit} allowed"


def is_lora_name(name: str) -> bool:
    """Whether a LoRA can be varied: a name with a colon or brackets cannot be written as a tag."""
    try:
        focus(f"{LORA}{name}")
    except InvalidInput:
        return False
    return True


def _of_group(draft: PlanDraft, group: str) -> Sequence[Offered]:
    workflow = draft.base.workflow
    if group == "words":
        there = dict.fromkeys((PROMPT, NEGATIVE, *draft.wordings))
        return [focus(path) for path in there if path not in workflow.lacks]
    if group == "workflow":
        return [spec for path in workflow.parameters if (spec := _or_none(draft, path)) is not None]
    if workflow and group != "lora":
        return [spec for spec in focuses() if spec.group == group and workflow.has(spec.path)]
    if group != "lora":
        return [spec for spec in focuses() if spec.group == group]
    names = list(lora_weights(draft.prompts))
    if draft.focus.startswith(LORA) and draft.focus.removeprefix(LORA) not in names:
        names.append(draft.focus.removeprefix(LORA))
    return [focus(LORA_FILE), *(focus(f"{LORA}{name}") for name in names if is_lora_name(name)), ANOTHER_LORA]


def _or_none(draft: PlanDraft, path: str) -> Focus | None:
    """A value of the workflow, unless it cannot be varied: a seed, a text."""
    try:
        return focus_in(draft.base, path)
    except InvalidInput:
        return None


def _name(one: Offered, group: str) -> str:
    return f"{_TITLES[group]} {one.title if isinstance(one, Focus) else 'another LoRA'}".casefold()


def _purpose(one: Offered, _group: str) -> str:
    return help_words(one).casefold() if isinstance(one, Focus) else ""
