"""State of the Learning Run wizard: the user's input so far, error messages for each step, and the resulting plan."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec import Struct

from ..base.errors import InvalidInput
from ..base.lora_tags import lora_key
from ..base.wording import counted, pack_title
from ..config.catalogue import Value, in_force, with_values
from ..config.number_text import whole_number
from ..config.origins import Origin
from ..config.pipeline_config import PipelineConfig, stage_spec
from ..config.sweep import (
    LORA,
    LORA_FILE,
    LORA_WEIGHT,
    NO_LORA,
    Focus,
    around,
    finer,
    focus_in,
    focuses,
    is_wording,
    lora_file,
    parse_values,
    spell,
    value_text,
    wider,
)
from ..journal.image_facts import ImageFacts
from ..models.preset_scope import PresetUse
from ..models.sensible_range import ModelTraits, SensibleRange, sensible_range
from ..runs.plan import (
    LARGEST_BUDGET,
    MOST_PICTURES,
    START_ROWS,
    LearningPlan,
    PlanMetadata,
    PlanPrompt,
    checked,
    config_for,
    loras_compared,
    prompt_for,
)
from ..runs.value_pairs import TIMES, USUAL_PAIRS, ValuePair, pairs_of, start_rows
from ..runs.wordings import short_texts

STEPS = ("Prompts", "What to vary", "Values and seeds", "Check and run")
PROMPT, VARY, VALUES, CHECK = range(4)
# A prompt typed here belongs to no pack; its pictures must not count as those of one.
OWN_PACK = "own-prompt"
MOST_IMAGES, USUAL_EACH = 60, "3"
_LORA_TAG = re.compile(r"<lora:([^:<>]+)(?::([^<>]*))?>")
# "txt2img.steps: ", "lora:rain: ", "variant_values[2]: "
_FIELD = re.compile(r"^(?:(?:lora|slot):[^:]+|[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:\[\d+\])?): ")


class PlanDraft(Struct, frozen=True, kw_only=True):
    """All input of the wizard, valid or not.

    `second` is a setting that is varied together with `focus`, "" for none, `second_text` its values as typed.
    `prompts` already contain the global texts, and the place of the wordings where these are varied. `wordings` are
    the texts that there are for "prompt", "negative" and "slot:NAME", the one in use first. `traits` are those of the
    checkpoint in `base`. `text` (the values), `each` (pictures for each value, on all prompts together) and `most`
    (pictures in all, when it goes `by_steps`) are as typed. `seeds` are those the user gave, one for each row; the
    other rows get theirs when the run starts. `reuse` is an existing picture used for its value in the first row
    instead of a new one.
    """

    pack_id: str = ""
    pack_title: str = ""
    prompts: tuple[PlanPrompt, ...] = ()
    wordings: Mapping[str, tuple[str, ...]] = {}
    base: PipelineConfig = PipelineConfig()
    origins: Mapping[str, Origin] = {}
    presets: tuple[PresetUse, ...] = ()
    traits: ModelTraits = ModelTraits()
    focus: str = ""
    text: str = ""
    second: str = ""
    second_text: str = ""
    by_steps: bool = True
    each: str = USUAL_EACH
    most: str = str(MOST_PICTURES)
    seeds: tuple[int, ...] = ()
    start_image: str = ""
    start_problem: str = ""
    blind: bool = True
    show_twice: bool = False
    mixed_machines: bool = False
    name: str = ""
    note: str = ""
    who: str = ""
    reuse: ImageFacts | None = None

    @property
    def spec(self) -> Focus | None:
        """The focus parameter, None before it is chosen."""
        return focus_in(self.base, self.focus) if self.focus else None

    @property
    def partner(self) -> PlanDraft:
        """The draft as it would be if only the second setting were varied: for its values."""
        return msgspec.structs.replace(self, focus=self.second, text=self.second_text, second="", second_text="")

    @property
    def pairs(self) -> tuple[ValuePair, ...]:
        """The pairs of values to test, () with one setting. Raises InvalidInput."""
        if not self.second:
            return ()
        return pairs_of(self.focus, self.values(), self.second, self.partner.values())

    @property
    def own_value(self) -> Value:
        """The current value of the focus parameter: that of the form, the weight of the LoRA in the prompt, or of the
        files to test the one that the prompt names.
        """
        if self.focus == LORA_FILE:
            return self._own_file
        if is_wording(self.focus):
            return next(iter(self.wordings.get(self.focus, ())), "")
        if self.focus == LORA_WEIGHT:
            return next(iter(lora_weights(self.prompts).values()), 1.0)
        if self.focus.startswith(LORA):
            return lora_weights(self.prompts).get(self.focus.removeprefix(LORA), 1.0)
        return in_force(self.base, self.focus)

    @property
    def replaced_loras(self) -> frozenset[str]:
        """The LoRAs, by their `lora_key`, in whose place the files to test stand in the prompt; none for other runs."""
        try:
            tested = self.values() if self.focus == LORA_FILE and self.text else ()
        except InvalidInput:
            return frozenset()
        return frozenset(map(lora_key, loras_compared(tested)))

    @property
    def _own_file(self) -> str:
        named, others = lora_weights(self.prompts[:1]), self.replaced_loras
        # "rainy:0.7" is in the prompt only with that weight.
        files = [(str(value), *lora_file(value)) for value in (self.values() if others else ())]
        fits = (value for value, name, weight in files if name in named and weight in (None, named[name]))
        return next(fits, NO_LORA if others.isdisjoint(map(lora_key, named)) else "")

    @property
    def sensible(self) -> tuple[float, float] | None:
        """The usual range (low, high) of the focus parameter, None when it is unknown."""
        found = self.sensible_range
        return found.ends if found is not None else None

    @property
    def sensible_range(self) -> SensibleRange | None:
        """The usual range of the focus parameter with whose it is, None when it is unknown."""
        spec = self.spec
        if spec is not None and spec.is_of_workflow:
            return SensibleRange(*spec.sensible) if spec.sensible else None
        return sensible_range(self.focus, self.traits) if self.focus else None

    @property
    def title(self) -> str:
        """The name that the user gave, or one made from the focus parameter and the pack."""
        spec = self.spec
        if self.name.strip() or spec is None:
            return self.name.strip()
        where, what = self.pack_title or pack_title(self.pack_id), settings_words(self)
        return f"{what} for {where}" if where else what

    def values(self) -> tuple[Value, ...]:
        """The values to test, parsed from `text`. Raises InvalidInput."""
        return _parsed(focus_in(self.base, self.focus), self.text)

    def rows(self) -> int:
        """Seed rows that are made in any case; the prompts take turns. Raises InvalidInput."""
        if self.by_steps:
            return self._first_rows
        text, where = self.each.strip(), "images_per_variant"
        number = whole_number(text)
        if not 1 <= number <= MOST_IMAGES:
            raise InvalidInput(
                f"{reprlib.repr(text or 'Nothing')} is not a number of pictures: give 1 to {MOST_IMAGES}.", where
            )
        if number < len(self.prompts):
            few = f"{counted(number, 'picture')} of each value cannot show {len(self.prompts)} prompts"
            raise InvalidInput(f"{few}: give {len(self.prompts)} or more, or take fewer prompts.", where)
        return number

    @property
    def _first_rows(self) -> int:
        try:
            return start_rows(self.pairs, self.budget()) if self.second else START_ROWS
        except InvalidInput:
            return START_ROWS  # what is wrong is told beside its own field

    def budget(self) -> int:
        """Pictures that the run may come to, 0 when all are made at once. Raises InvalidInput."""
        text = self.most.strip()
        if not self.by_steps:
            return 0
        number = whole_number(text)
        if not 1 <= number <= LARGEST_BUDGET:
            wrong = f"{reprlib.repr(text or 'Nothing')} is not a number of pictures: give up to {LARGEST_BUDGET}."
            raise InvalidInput(wrong, "most_pictures")
        return number

    def plan(self) -> LearningPlan:
        """The plan, not yet checked. Raises InvalidInput for text that cannot be parsed."""
        spec = focus_in(self.base, self.focus)
        images, rows = (1, self.rows()) if self.by_steps else shared_rows(self.rows(), len(self.prompts))
        return LearningPlan(
            plan_id="",
            name=self.title,
            focus_parameter=self.focus,
            stage=spec.stage,
            pack_id=self.pack_id,
            prompts=self.prompts,
            base_config=self.base,
            origins=dict(self.origins),
            presets=self.presets,
            variant_values=self.values(),
            second_parameter=self.second,
            second_values=self.partner.values() if self.second else (),
            images_per_variant=images,
            complete_rows=rows,
            # Step by step, later rows use up the seeds that are left.
            seeds=self.seeds if self.by_steps else self.seeds[: self.rows()],
            most_pictures=self.budget(),
            blind=self.blind,
            show_twice=self.show_twice,
            mixed_machines=self.mixed_machines,
            start_image=self.start_image if stage_spec(spec.stage).needs_picture else "",
            metadata=PlanMetadata(who=self.who, notes=self.note.strip()),
        )

    def trial(self) -> LearningPlan:
        """The checked plan, with placeholders for the seeds that are drawn at the start. Raises InvalidInput."""
        plan = self.plan()
        return checked(msgspec.structs.replace(plan, seeds=_filled(plan.seeds, plan.full_rows)))


@lru_cache(maxsize=16)
def _parsed(spec: Focus, text: str) -> tuple[Value, ...]:
    # Cached, because every widget that shows the draft parses the same text.
    return parse_values(spec, text)


def plain(spec: Focus, *, title: bool = False) -> str:
    """The label of a parameter, or its title with the stage, without the note about what an empty field means."""
    return (spec.title if title else spec.label).partition(" (")[0]


def _filled(seeds: tuple[int, ...], rows: int) -> tuple[int, ...]:
    drawn = [number for number in range(rows + len(seeds)) if number not in seeds]
    return (*seeds, *drawn[: rows - len(seeds)])


def shared_rows(rows: int, prompts: int) -> tuple[int, int]:
    """`images_per_variant` and `complete_rows` of a plan with so many rows in all, one per picture of a value."""
    each, left = divmod(rows, max(1, prompts))
    return each + bool(left), rows if left else 0


def started(plan: LearningPlan, reuse: ImageFacts | None = None) -> PlanDraft:
    """A draft with the content of a plan, without its id and time, because it becomes another plan."""
    return PlanDraft(
        pack_id=plan.pack_id,
        pack_title=pack_title(plan.pack_id),
        prompts=plan.prompts,
        base=plan.base_config,
        origins=plan.origins,
        presets=plan.presets,
        focus=plan.focus_parameter,
        text=spell(plan.subject, plan.variant_values) if plan.focus_parameter and plan.variant_values else "",
        second=plan.second_parameter,
        second_text=spell(plan.subjects[1], plan.second_values) if plan.second_values else "",
        by_steps=bool(plan.most_pictures),
        each=USUAL_EACH if plan.most_pictures else str(plan.full_rows or plan.images_per_variant),
        most=str(plan.most_pictures or MOST_PICTURES),
        # New seeds tell more than the same ones again, unless a picture with its seed is kept.
        seeds=plan.seeds[:1] if reuse is not None else (),
        start_image=plan.start_image,
        blind=plan.blind,
        show_twice=plan.show_twice,
        mixed_machines=plan.mixed_machines,
        name=plan.name,
        note=plan.metadata.notes,
        who=plan.metadata.who,
        reuse=reuse,
    )


def varying(draft: PlanDraft, path: str) -> PlanDraft:
    """The draft with another focus parameter and default values for it. The same parameter again changes nothing."""
    if path == draft.focus:
        return draft
    chosen = msgspec.structs.replace(draft, focus=path, text="", start_problem="")
    if draft.second and draft.second not in partners(msgspec.structs.replace(draft, focus=path)):
        chosen = msgspec.structs.replace(chosen, second="", second_text="")
    return msgspec.structs.replace(chosen, text=first_text(chosen)) if path else chosen


def together(draft: PlanDraft, path: str) -> PlanDraft:
    """The draft with another second setting and default values for it; "" = one setting only."""
    if path == draft.second:
        return draft
    chosen = msgspec.structs.replace(draft, second=path, second_text="")
    return msgspec.structs.replace(chosen, second_text=first_text(chosen.partner)) if path else chosen


def partners(draft: PlanDraft) -> tuple[str, ...]:
    """The settings that may be varied together with that of a draft: first those that are known to depend on it, then
    what makes the most visible difference in the same stage. Of a workflow those that it has a place for, and its own.
    """
    path, workflow = draft.focus, draft.base.workflow
    if not path or is_wording(path):
        return ()
    usual = [two[1] if two[0] == path else two[0] for two in USUAL_PAIRS if path in two]
    spec = focus_in(draft.base, path)
    ranked = sorted((one for one in focuses() if one.rank), key=lambda one: one.rank)
    others = [one.path for one in ranked if one.stage == spec.stage and one.path != "checkpoint"]
    if workflow:
        usual = [one for one in usual if one == LORA_WEIGHT or workflow.has(one)]
        others = [one for one in others if workflow.has(one)]
        others += [one for one, takes in workflow.parameters.items() if not takes.minor and _can_vary(draft, one)]
    # A file is named first, and its weight goes only with it.
    idle = draft.traits.idle(draft.base)
    return tuple(one for one in dict.fromkeys((*usual, *others)) if one not in (path, LORA_FILE, *idle))


def _can_vary(draft: PlanDraft, path: str) -> bool:
    """Whether a value of the workflow can be varied: no seed, no text."""
    try:
        focus_in(draft.base, path)
    except InvalidInput:
        return False
    return True


def first_text(draft: PlanDraft) -> str:
    """Default values as text: numbers around the current value, on and off, or the current choice of a list."""
    spec, own = focus_in(draft.base, draft.focus), draft.own_value
    if is_wording(draft.focus):
        return spell(spec, draft.wordings.get(draft.focus, ()))
    if spec.ordered:
        return spell(spec, around(spec, float(own), draft.sensible))
    if spec.kind == "bool":
        return "off, on"
    return spell(spec, (own,)) if own != "" else ""


def proposed_anew(before: PlanDraft, after: PlanDraft) -> PlanDraft:
    """The later draft with values proposed for its checkpoint, as long as they are still those proposed before."""
    untouched = bool(before.focus) and (after.focus, after.text) == (before.focus, first_text(before))
    return msgspec.structs.replace(after, text=first_text(after)) if untouched else after


def respaced(draft: PlanDraft, way: str) -> str:
    """The values as text after "around", "finer" or "wider". Text that cannot be parsed is replaced by the default."""
    if way != "around":
        try:
            values, spec = draft.values(), focus_in(draft.base, draft.focus)
            found = finer(spec, values, draft.sensible) if way == "finer" else wider(spec, values)
            return spell(spec, found)
        except InvalidInput:
            pass  # without valid values the default comes first
    return first_text(draft)


def trouble(draft: PlanDraft, step: int) -> str:
    """The error message that keeps the user from leaving a step; "" when there is none."""
    try:
        if step == PROMPT:
            good = bool(draft.prompts) and all(prompt.positive.strip() for prompt in draft.prompts)
            return "" if good else "Choose a prompt to make pictures of."
        if step == VARY:
            return _focus_trouble(draft)
        _check_values(draft)
    except InvalidInput as wrong:
        return sentence(wrong)
    return ""


def _focus_trouble(draft: PlanDraft) -> str:
    if not draft.focus:
        return "Choose what is to change from picture to picture."
    # Values and seeds come in the next step; two of each allow the rest to be checked now.
    second = _sample_text(draft.partner) if draft.second else ""
    each = str(max(1, len(draft.prompts)))
    sample = msgspec.structs.replace(
        draft, text=_sample_text(draft), second_text=second, by_steps=False, each=each, seeds=()
    )
    if why := idle_words(draft, draft.focus) or (draft.second and idle_words(draft, draft.second)):
        return why
    plan = sample.trial()
    spec = focus_in(draft.base, draft.focus)
    if stage_spec(spec.stage).needs_picture and draft.start_problem:
        return draft.start_problem
    if draft.reuse is not None and draft.second:
        return "A run that takes over a picture varies one setting only. Choose nothing else beside it."
    if draft.reuse is not None:
        own = with_values(draft.base, {"txt2img.batch_size": 1})
        tags = lora_weights((prompt_for(plan, 0, draft.own_value),))
        if config_for(plan, draft.own_value) != own or tags != lora_weights(draft.prompts[:1]):
            why = "The picture you come from was made without it, so it cannot be one of these."
            return f"{why} Vary something else than {plain(spec)}."
    return ""


def idle_words(draft: PlanDraft, path: str) -> str:
    """Why varying a setting would change nothing with the draft's checkpoint, engine or workflow; "" where it would
    not be in vain.
    """
    return draft.traits.idle(draft.base).get(path, "")


def settings_words(draft: PlanDraft, *, title: bool = False) -> str:
    """What a draft varies: "CFG scale", "LoRA file × LoRA weight"."""
    paths = [path for path in (draft.focus, draft.second) if path]
    return TIMES.join(plain(focus_in(draft.base, path), title=title) for path in paths)


def _sample_text(draft: PlanDraft) -> str:
    spec = focus_in(draft.base, draft.focus)
    if spec.ordered:
        return f"{spec.minimum:g}, {spec.maximum:g}"
    return "off, on" if spec.kind == "bool" else ", ".join(spec.options) or "one || other"


def _check_values(draft: PlanDraft) -> None:
    values = draft.values()
    if len(values) < 2 or (draft.second and len(draft.partner.values()) < 2):
        raise InvalidInput("Give at least 2 values to compare.", "variant_values")
    draft.trial()
    if draft.reuse is not None and draft.own_value not in values:
        own = short_texts(draft.focus, (draft.own_value,))(draft.own_value)
        raise InvalidInput(f"{own} must be among the values: the picture that is already there has it.", draft.focus)


def sentence(wrong: InvalidInput) -> str:
    """An error message without the field name, for display beside the field."""
    text = _FIELD.sub("", str(wrong))
    return text[:1].upper() + text[1:]


def step_of(wrong: InvalidInput) -> int:
    """The number of the wizard step at which an error can be corrected."""
    where = wrong.where
    if is_wording(where):
        return VALUES
    if where.startswith(("prompts", "pack")):
        return PROMPT
    if where.startswith(
        ("variant_values", "second_values", "images_per_variant", "complete_rows", "most_pictures", "seeds", "name")
    ):
        return VALUES
    return VARY if where.startswith(("start_image", "focus", "second", "stage", LORA)) or "." in where else CHECK


def lora_weights(prompts: tuple[PlanPrompt, ...]) -> dict[str, float]:
    """Weight of every LoRA named in the prompts, by name; the first tag counts."""
    found: dict[str, float] = {}
    for prompt in prompts:
        for name, weight in _LORA_TAG.findall(prompt.positive):
            number = re.match(r"\s*(\d*\.?\d+)", weight)
            found.setdefault(name.strip(), min(float(number[1]), 2.0) if number else 1.0)
    return found


def sensible_words(draft: PlanDraft) -> str:
    """ "sensible for SDXL: 15 – 60", or "" when no usual range is known."""
    found = draft.sensible_range
    if found is None:
        return ""
    whose = f" for {found.whose}" if found.whose else ""
    return f"sensible{whose}: {value_text(float(found.low))} – {value_text(float(found.high))}"


def outside_words(draft: PlanDraft, values: tuple[Value, ...]) -> str:
    """A hint that names the values outside the usual range; "" when there are none."""
    if draft.sensible is None:
        return ""
    low, high = draft.sensible
    below = [value_text(value) for value in values if float(value) < low]
    above = [value_text(value) for value in values if float(value) > high]
    parts = [f"{_listed(below)} below"] if below else []
    parts += [f"{_listed(above)} above"] if above else []
    return f"{' and '.join(parts)} the sensible range. That is allowed." if parts else ""


def _listed(texts: list[str]) -> str:
    if len(texts) > 3:
        return f"{len(texts)} values are"
    *most, last = texts
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"


def summary(draft: PlanDraft, step: int) -> str:
    """The input of a step in a few words, for the list of steps at the left."""
    if step == PROMPT and draft.prompts:
        names = draft.prompts[0].prompt_id if len(draft.prompts) == 1 else counted(len(draft.prompts), "prompt")
        return " · ".join(part for part in (draft.pack_title or pack_title(draft.pack_id), names) if part)
    if step == VARY and draft.spec is not None:
        return settings_words(draft, title=True)
    if step == VALUES and draft.focus:
        try:
            values = counted(len(draft.values()), "value")
            if draft.second:
                values = counted(len(draft.pairs), "pair")
            return f"{values}, step by step" if draft.by_steps else f"{values} × {counted(draft.rows(), 'picture')}"
        except InvalidInput:
            return ""
    return ""
