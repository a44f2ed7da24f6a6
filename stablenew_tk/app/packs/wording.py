"""Texts of the Packs page: checks, variants, randomizer, state of a pack, recipe of a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted
from ...domain.config.catalogue import Value, catalogue, parameter
from ...domain.config.learning_mode import PackLearning
from ...domain.prompts.completion import Kind
from ...domain.prompts.pack import PackProblem
from ...domain.prompts.settings import Mode, Seeds
from ...domain.prompts.variant import Expansion
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.packs import PackChecked
from ..wording import value_text
from .drafts import PackDraft

Severity = Literal["problem", "doubt"]

MODES: Mapping[Mode, tuple[str, str]] = {
    "all": ("Every combination", "Every value of each list with every value of the others."),
    "random": ("At random", "Everything is drawn anew for each variant."),
    "round_robin": ("Each list in turn", "Every list moves on by one each time; shorter ones begin again."),
    "zip": ("Side by side", "The first values together, then the second ones, until the shortest list ends."),
    "sequential": ("One list after the other", "One list is gone through while the others stay at their first value."),
}
SEEDS: Mapping[Seeds, str] = {
    "shared": "the same for all", "per_variant": "another one for each variant", "fixed": "always this one"
}  # fmt: skip
# Field of the randomizer: title, example, explanation.
LISTS: Mapping[str, tuple[str, str, str]] = {
    "slots": ("Slots", "light: dawn | dusk", "What [[light]] in the prompts stands for; the same everywhere in one."),
    "rules": ("Search and replace", "harbour => river | lake",
              "Where a prompt has the words, each of these is tried."),
    "wildcards": ("Wildcards of this pack", "mood: calm | stormy", "Lists for __mood__, for this pack alone."),
    "loras": ("LoRAs and weights", "rain | snow: 0.6, 0.8", "Each of them with each weight; none stands for no LoRA."),
    "styles": ("Styles, with and without", "Film: {prompt}, film grain neg: flat",
               "Words that are added or not. {prompt} marks where the prompt goes."),
}  # fmt: skip
LEARNING: Mapping[PackLearning | Literal[""], tuple[str, str]] = {
    "": ("as usual", "What Settings say counts for this pack, too."),
    "off": ("off", "Nothing of this pack is recorded."),
    "passive": ("passive", "Its runs are recorded, so that pictures can be rated; no Learning Runs."),
    "active": ("active", "Its runs are recorded, and Learning Runs can be made of it."),
    "locked": ("locked in", "It is as it should be: nothing of it is varied or learned any more."),
}
OFFER_KINDS: tuple[tuple[Kind, str], ...] = (
    ("lora", "LoRAs"), ("embedding", "Embeddings"), ("wildcard", "Wildcards"), ("slot", "Slots")
)  # fmt: skip
# What is said where there are none of a kind.
NO_OFFERS: dict[Kind, str] = {
    "lora": "No LoRAs are known yet. Add the folder they are in on the Models page.",
    "embedding": "No embeddings are known yet. Add the folder they are in on the Models page.",
    "wildcard": "No wildcards yet. A text file in the wildcards folder is one, a line for each value.",
    "slot": "This pack has no slots yet. Write [[light]] in a prompt and a line [[light]]: dawn | dusk.",
}
_LONGEST_PROMPT, _MOST_VALUES = 420, 14


def title_of(path: str) -> str:
    """The title of a parameter; the path itself for one this version does not know."""
    return parameter(path).title if path in catalogue() else path


# ---- checks


class TextFinding(Struct, frozen=True):
    """One mistake or doubt in a text."""

    problem: PackProblem
    kind: Severity

    @property
    def sentence(self) -> str:
        """What is wrong and where."""
        return f"line {self.problem.line}: {self.problem.message}"


def findings(checked: PackChecked) -> tuple[TextFinding, ...]:
    """Errors first, then warnings, each in the order of the text."""

    def place(problem: PackProblem) -> tuple[int, int]:
        return problem.line, problem.column

    return (
        *(TextFinding(one, "problem") for one in sorted(checked.errors, key=place)),
        *(TextFinding(one, "doubt") for one in sorted(checked.warnings, key=place)),
    )


def check_words(checked: PackChecked | None) -> str:
    """ "No problems. 12 prompts, 1,440 variants.", or how many there are; None while nothing is known."""
    if checked is None:
        return "Looking through the text…"
    if not checked.errors and not checked.warnings:
        variants = f", {counted(checked.count, 'variant')}" if checked.count != checked.prompts else ""
        return f"No problems. {counted(checked.prompts, 'prompt')}{variants}."
    parts = [counted(len(checked.errors), "error")] if checked.errors else []
    parts += [counted(len(checked.warnings), "warning")] if checked.warnings else []
    return f"{' and '.join(parts)} in {counted(checked.prompts, 'prompt')}. A click goes there."


def check_status(checked: PackChecked) -> tuple[str, Role]:
    """The same for the status line: "12 prompts, 1 warning, 1,440 variants", and its colour."""
    parts = [counted(checked.prompts, "prompt")]
    if checked.errors:
        parts.append(counted(len(checked.errors), "error"))
    if checked.warnings:
        parts.append(counted(len(checked.warnings), "warning"))
    if checked.count != checked.prompts and not checked.errors:
        parts.append(counted(checked.count, "variant"))  # last, for it may be long, and what is too long is cut
    return ", ".join(parts), "danger" if checked.errors else "warn" if checked.warnings else "text3"


def draft_status(draft: PackDraft) -> tuple[str, Role]:
    """Whether text and settings are on disk, and its colour."""
    if draft.refused:
        return "not saved", "danger"
    if draft.saving is not None:
        return "saving…", "text3"
    if draft.is_changed:
        return "unsaved changes", "text"
    if draft.is_unsaved:
        return "saving settings…", "text3"
    return ("cannot be read", "danger") if draft.problem else ("saved", "text3")


# ---- variants and the randomizer


def variants_words(expansion: Expansion) -> str:
    """How many variants there are and how they come about, or why they cannot be made."""
    if expansion.errors:
        first = expansion.errors[0]
        return f"line {first.line}: {first.message}"
    if expansion.mode == "none" or expansion.count <= 1:
        return "Nothing varies here. Write {red|blue}, __wildcard__ or [[slot]], or use the randomizer."
    how = next((words[0] for mode, words in MODES.items() if mode == expansion.mode), "")
    how = "drawn at random" if expansion.mode == "random" else how[:1].lower() + how[1:]
    words = ", ".join(part for part in (counted(expansion.count, "variant"), how) if part)
    shown = len(expansion.variants)
    return f"{words}. {shown:,} of them are shown." if shown < expansion.count else f"{words}."


def axis_example(path: str, choices: Callable[[str], Sequence[str]]) -> str:
    """How values of a parameter are typed; `choices(name)` are the backend's lists."""
    if path not in catalogue():
        return "This program does not know the setting."
    spec = parameter(path)
    if spec.kind in ("int", "float"):
        return "Write 5-8 (+0.5), or values between commas."
    some = choices(spec.choices) if spec.choices else spec.options
    return f"Names between commas: {', '.join(some[:3])}…" if some else "Names between commas."


# ---- recipes


def settings_words(recipe: Recipe) -> str:
    """ "Steps 28 · CFG scale 6.5 · seed 1234"."""
    parts = [words for path, value in recipe.values.items() if (words := _in_words(path, value))]
    more = len(parts) - _MOST_VALUES
    parts = [*parts[:_MOST_VALUES], *([f"{more} more"] if more > 0 else [])]
    if recipe.seed is not None:
        parts.append(f"seed {recipe.seed}")
    return " · ".join(parts)


def _in_words(path: str, value: Value) -> str:
    """ "hires · Denoise 0.30"; "" for a value that stands for "as in the stage before"."""
    spec = parameter(path)
    if value == "" or spec.inherits(value):
        return ""
    name = spec.title if spec.group not in ("general", "txt2img") else spec.label
    return f"{name.partition(' (')[0]} {value_text(path, value)}"


def shortened(text: str) -> str:
    """A long text cut at a word."""
    if len(text) <= _LONGEST_PROMPT:
        return text
    return text[:_LONGEST_PROMPT].rsplit(" ", 1)[0].rstrip(",;: ") + "…"
