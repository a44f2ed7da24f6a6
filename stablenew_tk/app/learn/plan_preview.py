"""Texts of the wizard about a plan: number of pictures, duration, fixed settings, warnings."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...backends.base import Capabilities
from ...domain.base.errors import InvalidInput
from ...domain.base.lora_tags import lora_key
from ...domain.base.wording import counted
from ...domain.config.catalogue import Value, flat, get_value, parameter, parameter_in
from ...domain.config.number_text import whole_number
from ...domain.config.origins import MAX_SEED
from ...domain.config.pipeline_config import FIRST_STAGE, PipelineConfig, size_words, summary, work
from ...domain.config.sweep import LORA, Focus, around, focuses, is_weight, is_wording, value_text
from ...domain.experiments.base_config import check_offered
from ...domain.experiments.plan_draft import PlanDraft, lora_weights, outside_words, plain, sentence, settings_words
from ...domain.journal.estimate import about
from ...domain.runs.plan import EXPENSIVE, LearningPlan, config_for
from ...domain.runs.plan_title import prompt_words, prompts_tested, rows_words
from ...domain.runs.value_order import columns_by_value
from ...domain.runs.value_pairs import ALONE, shown_in_row
from ...domain.runs.wordings import short_texts
from ..engines.missing_checkpoint import missing_in_plan
from ..engines.seed_range import seed_beyond
from ..engines.unlisted_loras import unlisted_in_plan

_TOLD = tuple(f"txt2img.{name}" for name in ("sampler", "scheduler", "steps", "cfg_scale", "width", "height"))
_NAMED_BESIDE = frozenset(("model", "upscaler", "scale", "denoise", "steps", "sampler", "cfg_scale"))
_MANY_PICTURES = 60  # pictures from which rating them all is no longer done in one sitting
_LEAST_PICTURES = 7  # fewer of them bring no verdict
_USUAL_WEIGHTS = (-4.0, 4.0)  # of a LoRA
_LATER_ROWS = 2  # rows drawn as an example of what may follow
_STEPS_HINT = "Your stars decide what is made next. Reveal now ends it at any time and shows what is known by then."


class MatrixOutline(Struct, frozen=True):
    """A matrix in words. `heads` are the values in showing order, `seconds` what a picture of each takes ("" unknown).

    `names`: the values are names, which need the room at the left; they become the rows then. `prompts` are the names
    of the prompts that the rows take in turn, () for one prompt. `there` is the place (value, row) of a picture that is
    not made again, `own` the value one starts from. `later` rows may follow step by step; `guesses` are places (value,
    row) there as an example of what may be made.
    """

    heads: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    rows: int = 0
    prompts: tuple[str, ...] = ()
    later: int = 0
    guesses: tuple[tuple[int, int], ...] = ()
    names: bool = False
    there: tuple[int, int] | None = None
    own: int = -1


class Scale(Struct, frozen=True):
    """What the axis shows. `least` and `most` are the ends allowed; `word` says where the centre comes from."""

    least: float
    most: float
    values: tuple[float, ...] = ()
    sensible: tuple[float, float] | None = None
    centre: float | None = None
    word: str = ""

    def ends(self) -> tuple[float, float]:
        """The part of the range that is drawn: all that matters and some air, ending in round numbers."""
        shown = [*self.values, *(self.sensible or ()), *(() if self.centre is None else (self.centre,))]
        if not shown:
            return self.least, self.most
        low, high = min(shown), max(shown)
        air = 0.35 * (high - low) or (self.most - self.least) / 10
        grain = 10 ** math.floor(math.log10(max(high - low, air))) / 2
        return (
            max(self.least, round(math.floor((low - air) / grain) * grain, 9)),
            min(self.most, round(math.ceil((high + air) / grain) * grain, 9)),
        )


class Forecast(Struct, frozen=True):
    """What stands beside the outline: the sum, where the time comes from, what stays the same, a hint."""

    outline: MatrixOutline = MatrixOutline()
    total: str = ""
    basis: str = ""
    same: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def parsed(draft: PlanDraft) -> tuple[tuple[Value, ...], str]:
    """The values of the text, or why it cannot be read."""
    try:
        return draft.values(), ""
    except InvalidInput as wrong:
        return (), sentence(wrong)


def counted_words(draft: PlanDraft, values: Sequence[Value]) -> str:
    """ "5 values: 12, 20, 28, 36, 44"."""
    texts = list(map(short_texts(draft.focus, values), values))
    # Wordings have commas of their own.
    between = " · " if is_wording(draft.focus) else ", "
    shown = between.join(texts[:12]) + (f"{between}… {texts[-1]}" if len(texts) > 12 else "")
    return f"{counted(len(texts), 'value')}: {shown}"


def typed_seeds(draft: PlanDraft, text: str) -> tuple[tuple[int, ...], str]:
    """The seeds in a text, or what is wrong with it: no numbers, or seeds the draft has already."""
    words = [word for word in re.split(r"[,;\s]+", text) if word]
    for place, word in enumerate(words):
        if not 0 <= whole_number(word) <= MAX_SEED:
            return (), f"{reprlib.repr(word)} is not a seed: 0 to {MAX_SEED}."
        if int(word) in draft.seeds or word in words[:place]:
            return (), f"{word} is there already."
    return tuple(map(int, words)), ""


def with_seeds(draft: PlanDraft, seeds: tuple[int, ...]) -> PlanDraft:
    """The draft with these seeds; more seeds than rows mean more rows."""
    if draft.by_steps:
        return replace(draft, seeds=seeds)
    try:
        each = str(max(draft.rows(), len(seeds)))
    except InvalidInput:
        each = draft.each
    return replace(draft, seeds=seeds, each=each)


def shown_rows(draft: PlanDraft) -> tuple[int, str]:
    """The rows made in any case, 0 = not known, and what is wrong with the number of pictures, "" for nothing."""
    try:
        rows, budget = draft.rows(), draft.budget()
    except InvalidInput as wrong:
        return 0, sentence(wrong)
    try:
        least = rows * len(draft.values())
        if draft.second:
            least = sum(len(shown_in_row(draft.pairs, row)) for row in range(rows))
    except InvalidInput:
        return rows, ""
    few = budget and budget < least
    return rows, f"{rows} rows are {least} pictures already: give {least} or more." if few else ""


def seed_words(draft: PlanDraft, rows: int) -> str:
    """How pictures, prompts and seeds go together, and how many seeds are drawn at the start. `rows` 0 = not known."""
    drawn, prompts = max(0, rows - len(draft.seeds)), len(draft.prompts)
    each = f"{counted(rows, 'picture')} of every value: {rows_words(rows, prompts)}." if prompts > 1 and rows else ""
    if draft.by_steps and rows:
        turns = f", row by row the {prompts} prompts in turn" if prompts > 1 else ""
        what = "that share out all pairs" if draft.second else "of all values"
        each = f"First {rows} rows {what}{turns}; then, up to 3 at a time, only what tells most."
    if not drawn:
        return each
    if draft.seeds:
        start = f"{counted(drawn, 'more seed')} {'is' if drawn == 1 else 'are'} drawn when it starts."
    else:
        start = f"{'The seed is' if drawn == 1 else f'{drawn} seeds are'} drawn when it starts."
    return f"{each} {start}".lstrip()


class Making(Struct, frozen=True):
    """A plan that could run, with the seconds of a picture of each value (None while nobody knows), on so many
    `machines` at once.
    """

    plan: LearningPlan
    seconds: tuple[float, ...] | None = None
    reused: bool = False
    machines: int = 1

    @property
    def later(self) -> int:
        """Pictures that may follow step by step."""
        return max(0, self.plan.most_pictures - len(self.plan.cells()))

    @property
    def images(self) -> int:
        """Pictures still to be made for sure."""
        return len(self.plan.cells()) - self.reused

    def total(self, own: Value) -> float | None:
        """Seconds for all of them. `own` is the value of the picture that is there already."""
        if self.seconds is None:
            return None
        there = self.seconds[self.plan.variant_values.index(own)] if self.reused else 0.0
        # A row stays on one machine.
        at_once = min(self.machines, self.plan.full_rows)
        return (sum(self.seconds[cell.variant] for cell in self.plan.cells()) - there) / max(1, at_once)

    @property
    def in_a_row(self) -> int:
        """Pictures of one seed."""
        return len(self.plan.cells()) // max(1, self.plan.full_rows)


def making(
    draft: PlanDraft, forecast: Callable[[list[PipelineConfig]], float | None], *, shared: int = 1, machines: int = 1
) -> Making | None:
    """The plan of a draft with its times; None while it cannot be read. `forecast` gives the seconds of configs on
    `shared` machines together, of which the plan uses `machines`.
    """
    try:
        plan = draft.trial()
        configs = [config_for(plan, value) for value in plan.tested]
    except (InvalidInput, ValueError):
        return None
    reused = draft.reuse is not None and draft.own_value in plan.variant_values
    # One question for all: every single one would sort the latest paces again.
    first = forecast(configs[:1])
    pace = None if first is None else first * shared / work(configs[0])
    times = None if pace is None else tuple(pace * work(config) for config in configs)
    return Making(plan, times, reused, machines)


def forecast_words(draft: PlanDraft, made: Making | None, backend: str) -> Forecast:
    """What stands at the right of every step."""
    same = same_lines(draft, made.plan.base_config if made is not None else draft.base)
    if made is None:
        return Forecast(total="", basis="What will be made is shown here as soon as the values are given.", same=same)
    total = made.total(draft.own_value) if made.reused else made.total(0)
    basis = later_words(made) or "Rows are finished one after the other, so a stopped run is still useful."
    where = f" on {backend}" if backend else ""
    known = f"From your latest pictures{where}." if total is not None else "The first picture tells how long it takes."
    there = " The ticked one is there already and is not made again." if made.reused else ""
    return Forecast(
        outline=_outline(draft, made),
        total=total_words(draft, made),
        basis=f"{known} {basis}{there}",
        same=same,
        hint=_STEPS_HINT if made.later else _rows_hint(made.plan.full_rows, made.in_a_row),
    )


def later_words(made: Making) -> str:
    """What may follow after the pictures that are made for sure; "" when nothing does."""
    if not made.later:
        return ""
    times = made.seconds
    most = f", {about(made.later * sum(times) / len(times))} at most" if times else ""
    return f"Then up to {made.later} more, only those that tell most{most}. It stops as soon as the answer is clear."


def check_head(made: Making) -> tuple[str, str]:
    """The question of the last step, and a line below it."""
    if not made.later:
        return "Is this what you want to know?", "Nothing has been made yet. Every line can still be changed."
    blind = " You rate blind all the time." if made.plan.blind else ""
    first = f"Start with {made.plan.full_rows} rows, then only what tells most"
    return first, f"It stops by itself as soon as the answer is clear.{blind}"


def total_words(draft: PlanDraft, made: Making) -> str:
    """ "15 images · about 4 min on 3 machines"."""
    seconds = made.total(draft.own_value) if made.reused else made.total(0)
    where = f" on {made.machines} machines" if made.machines > 1 else ""
    return counted(made.images, "image") + (f" · {about(seconds)}" if seconds is not None else "") + where


def _outline(draft: PlanDraft, made: Making) -> MatrixOutline:
    plan = made.plan
    if plan.second_parameter:
        return _outline_of_pairs(made)
    order = list(columns_by_value(plan))
    own = [plan.variant_values[variant] for variant in order]
    at = own.index(draft.own_value) if draft.own_value in own else -1
    seconds = made.seconds or ()
    spec = draft.spec
    return MatrixOutline(
        heads=tuple(map(short_texts(plan.focus_parameter, own), own)),
        seconds=tuple(_short_s(seconds[variant]) for variant in order) if seconds else (),
        rows=plan.full_rows,
        prompts=tuple(prompt.prompt_id for prompt in plan.prompts) if len(plan.prompts) > 1 else (),
        names=spec is not None and not spec.ordered,
        later=_LATER_ROWS if made.later else 0,
        guesses=_guesses(at, len(own)) if made.later else (),
        there=(at, 0) if made.reused else None,
        own=at,
    )


def _outline_of_pairs(made: Making) -> MatrixOutline:
    """A row has each value of the longer list once, and which of the shorter goes with it changes from row to row. What
    has no partner (no LoRA) stands in every row, too.
    """
    plan = made.plan
    both = zip(plan.subjects, (plan.variant_values, plan.second_values), strict=True)
    subject, values = max(both, key=lambda one: len(one[1]))
    alone = [pair.text for pair in plan.pairs if pair.second == ALONE] if subject.path == plan.second_parameter else []
    return MatrixOutline(
        heads=(*(value_text(value, subject.path) for value in values), *alone),
        rows=plan.full_rows,
        prompts=tuple(prompt.prompt_id for prompt in plan.prompts) if len(plan.prompts) > 1 else (),
        names=not subject.ordered,
        later=_LATER_ROWS if made.later else 0,
        guesses=_guesses(-1, len(values)) if made.later else (),
    )


def _guesses(own: int, values: int) -> tuple[tuple[int, int], ...]:
    """As if the value one starts from and its neighbour were ahead."""
    first = own if own >= 0 else values // 2
    second = first + 1 if first + 1 < values else first - 1
    return (first, 0), (second, 0), (first, 1)


def _short_s(seconds: float) -> str:
    if seconds < 1:
        return "<1 s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _rows_hint(rows: int, values: int) -> str:
    least = max(2, -(-_LEAST_PICTURES // values))
    if rows < least:
        return f"An answer takes {_LEAST_PICTURES} rated pictures on at least 2 seeds: {least} rows. You can add rows."
    if rows < 3:
        return "One or two rows show a large difference only. 3 rows are enough to lean. You can add rows later."
    if rows < 5:
        return "3 rows are enough to lean, 5 are usually enough to settle. You can add rows later."
    return "5 rows are usually enough to settle. More of them tell smaller differences apart."


def same_lines(draft: PlanDraft, config: PipelineConfig) -> tuple[tuple[str, str], ...]:
    """What every picture has in common: name and value, the focus left out. `config` is the one they are made with."""
    stage = draft.spec.stage if draft.spec is not None else FIRST_STAGE
    lines = [("checkpoint", "Checkpoint", config.checkpoint or "as loaded")]
    lines += _making_lines(config) if stage == FIRST_STAGE else _later_lines(draft, config, stage)
    replaced = draft.replaced_loras
    weights = [
        (name, weight) for name, weight in lora_weights(draft.prompts).items() if lora_key(name) not in replaced
    ][:3]
    lines += [(LORA + name, "LoRA", f"{name} {weight:g}") for name, weight in weights]
    names = [prompt.prompt_id for prompt in draft.prompts]
    several = "Prompts" if len(names) > 1 else "Prompt"
    lines.append(("prompt", several, " · ".join(names[:3]) + (" …" if len(names) > 3 else "") or "none yet"))
    kept = [_left_of_both(draft, key, name, words) for key, name, words in lines]
    return tuple(line for line in kept if line is not None)


def _left_of_both(draft: PlanDraft, key: str, name: str, words: str) -> tuple[str, str] | None:
    line = _left(draft.focus, key, name, words)
    if line is None or not draft.second:
        return line
    other = _left(draft.second, key, name, words)
    if line != (name, words) and other != (name, words):
        return None  # each of them changes one half of it
    return other if line == (name, words) else line


def _making_lines(config: PipelineConfig) -> list[tuple[str, str, str]]:
    block, refiner = config.txt2img, config.refiner
    if config.workflow:
        found = [
            (path, parameter(path).caption, value_text(value, path))
            for path, value in flat(config).items()
            if path in config.workflow.found and path in _TOLD
        ]
        own = [
            (path, parameter_in(config, path).label, value_text(value, path))
            for path, value in config.workflow.values.items()
        ]
        return [("workflow", "Workflow", config.workflow.name), *found, *own]
    lines = [
        ("txt2img.sampler", "Sampler", f"{block.sampler} · {block.scheduler}"),
        ("txt2img.steps", "Steps", str(block.steps)),
        ("txt2img.cfg_scale", "CFG scale", value_text(block.cfg_scale)),
        ("txt2img.width", "Size", f"{block.width} × {block.height}"),
        ("hires.", "Hires fix", summary(config, "hires")),
    ]
    if refiner.enabled:
        lines.append(("refiner.", "Refiner", refiner.checkpoint or "none chosen"))
    return lines


def _later_lines(draft: PlanDraft, config: PipelineConfig, stage: str) -> list[tuple[str, str, str]]:
    """The picture it begins with, and what matters most of the stage itself."""
    picture = draft.start_image.replace("\\", "/").rpartition("/")[2]
    prefix = draft.focus.rpartition(".")[0]
    beside = [spec for spec in focuses() if spec.path.rpartition(".")[0] == prefix and spec.name in _NAMED_BESIDE]
    settings_lines = [(spec.path, plain(spec), value_text(get_value(config, spec.path), spec.path)) for spec in beside]
    return [("start", "Begins with", picture or "no picture yet"), ("", "Stage", stage), *settings_lines]


def _left(path: str, key: str, name: str, words: str) -> tuple[str, str] | None:
    """What is left of a line when part of it is what changes: the scheduler stays when the sampler changes."""
    first, _, second = words.partition(" · " if key == "txt2img.sampler" else " × ")
    halves = {
        "txt2img.sampler": ("txt2img.scheduler", ("Scheduler", second), ("Sampler", first)),
        "txt2img.width": ("txt2img.height", ("Height", second), ("Width", first)),
    }
    if key in halves and path in (key, halves[key][0]):
        return halves[key][1] if path == key else halves[key][2]
    parts = {"hires.": ("enabled", "upscaler", "scale"), "refiner.": ("enabled", "checkpoint")}.get(key, ())
    changes = path == key or path in {f"{key}{part}" for part in parts}
    return None if changes else (name, words)


def check_lines(draft: PlanDraft, made: Making) -> list[tuple[str, str]]:
    """Everything in words, for the last step."""
    plan, spec = made.plan, draft.spec
    assert spec is not None  # a plan has been made of it
    rows, shared = plan.full_rows, rows_words(plan.full_rows, len(prompts_tested(plan)))
    waiting = len(plan.prompts) - len(prompts_tested(plan))
    turns = f"; the last {'one' if waiting == 1 else waiting} if it goes on" if waiting else ""
    seeds = f"{counted(len(draft.seeds[:rows]), 'seed')} of yours" if draft.seeds else ""
    if draft.reuse is not None and len(draft.seeds[:rows]) == 1:
        seeds = "that of the picture"
    drawn = rows - len(draft.seeds[:rows])
    drawn_words = f"{drawn} drawn when it starts" if drawn else ""
    blind = (
        f"Blind: shuffled, the values stay hidden until {'it is clear' if made.later else 'all are rated'}."
        if draft.blind
        else "Open: the values are shown."
    )
    twice = " 1 in 10 pictures is shown twice." if draft.show_twice else ""
    lines = [
        ("Name", draft.title),
        ("Changes", settings_words(draft, title=True)),
        ("Values", counted_words(draft, plan.variant_values)),
        *([("", counted_words(draft.partner, plan.second_values))] if draft.second else []),
        ("Pictures", f"{total_words(draft, made)}: {_shared_words(made)} × {shared}"),
        *([("Later", later_words(made))] if made.later else []),
        ("Tests", prompt_words(plan, range(len(plan.prompts))) + turns),
        ("Seeds", f"{', '.join(part for part in (seeds, drawn_words) if part)}; the same for every value"),
        ("Rating", blind + twice),
        ("Size", size_words(plan.base_config) if spec.stage == FIRST_STAGE else "that of the picture it begins with"),
        ("Stages", " → ".join(plan.base_config.stages())),
    ]
    if made.reused:
        own = short_texts(plan.focus_parameter, plan.variant_values)(draft.own_value)
        sentence = f"{own} in row 1 is the picture you come from. Its old stars do not count: you rate it again"
        sentence += ", blind" if draft.blind else ""
        lines.insert(4, ("There already", sentence))
    same = [line for line in same_lines(draft, plan.base_config) if line[0] not in ("Size", "Prompt", "Prompts")]
    return [*lines, *same] + ([("Note", draft.note.strip())] if draft.note.strip() else [])


def _shared_words(made: Making) -> str:
    if not made.plan.second_parameter:
        return f"{len(made.plan.variant_values)} values"
    return f"{made.in_a_row} of {len(made.plan.tested)} pairs"


def warnings(draft: PlanDraft, made: Making, capabilities: Capabilities | None, sketch: bool) -> list[str]:
    """What one should know before it starts."""
    found: list[str] = []
    if sketch:
        found.append(
            "This is a rehearsal: the sketch engine draws these pictures. What they teach is never mixed with what "
            "real pictures teach. Choose a WebUI or ComfyUI in Settings for the real thing."
        )
    elif capabilities is None:
        found.append("The backend does not answer now. The run waits in the queue until it does.")
    if capabilities is not None:
        try:
            check_offered(made.plan, capabilities.choices)
        except InvalidInput as wrong:
            found.append(f"{sentence(wrong)} Change it in Create, or these pictures will fail.")
        if words := seed_beyond(capabilities, made.plan.seeds):
            found.append(words[0].upper() + words[1:])
        if missing := missing_in_plan(capabilities, made.plan):
            found.append(missing[0].upper() + missing[1:])
        if made.plan.stage not in capabilities.stages:
            found.append(f"{capabilities.name} does not offer {made.plan.stage}, so nothing could be made.")
    if words := unlisted_in_plan(capabilities, made.plan):
        found.append(words)
    both = [(draft, made.plan.variant_values), (draft.partner, made.plan.second_values)]
    outside = [outside_words(one, values) for one, values in both if one.spec is not None and one.spec.ordered]
    return [*found, *filter(None, outside)]


def hints(made: Making) -> list[str]:
    """What may help."""
    found: list[str] = []
    if (most := made.images + made.later) > _MANY_PICTURES:
        found.append(f"{most} pictures are many to rate. Fewer values on more seeds teach more per picture.")
    if made.plan.focus_parameter in EXPENSIVE:
        found.append("Every change of it makes the engine load files, which the estimate does not count.")
    return found


def scale_of(draft: PlanDraft, spec: Focus, values: Sequence[Value], word: str) -> Scale:
    """The axis of a draft's values. `word` says where the value one starts from comes from."""
    least, most = spec.minimum or 0.0, spec.maximum if spec.maximum is not None else 1.0
    own = draft.own_value
    centre = float(own) if isinstance(own, (int, float)) and least <= own <= most else None
    numbers = [float(one) for one in values if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if is_weight(spec.path):
        # What may be typed is far wider than what anybody tries; the axis shows that only when it is needed.
        low, high = _USUAL_WEIGHTS
        least, most = min(low, *numbers), max(high, *numbers)
    return Scale(float(least), float(most), tuple(numbers), draft.sensible, centre, word)


def examples(draft: PlanDraft, spec: Focus) -> str:
    """The three other notations, with numbers that make sense for this setting."""
    low, high = draft.sensible or (spec.minimum or 0.0, spec.maximum or 1.0)
    step = spec.step or 1.0
    first, last = value_text(float(low)), value_text(float(high))
    second = value_text(float(low + max(1, round((high - low) / 8 / step)) * step))
    own = [value_text(value) for value in around(spec, float(draft.own_value), draft.sensible)]
    return f"{first}-{last} [4] · {first}, {second}, .., {last} · {', '.join(own[:3])}"
