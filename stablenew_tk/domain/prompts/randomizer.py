"""The variants of a pack: every prompt with every choice, counted, numbered, and sampled when there are too many.

Preview, count and run use the same code, so what was shown is what is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ..base.errors import InvalidInput
from ..base.random_numbers import RandomNumbers, allot
from ..config.catalogue import Value, check_value
from ..config.sweep import value_text
from .binder import TOO_MANY, Binder, with_rules
from .expansion import ExpansionNode, Level, Loose, Pick, Picks, TooLong, Uncountable
from .pack import LONGEST_TEXT, MOST_PROBLEMS, PackProblem, PackPrompt, Slot, spot, with_lora_weight
from .parser import MAY_VARY, options_of, parse
from .sequence import TextSequence
from .settings import MOST_VARIANTS, LoraAxis, Randomizer, SearchReplace, StyleToggle
from .template import Assign, Body, Choice, Wildcard
from .variant import Expansion, Variant
from .wildcards import Wildcards

_REDRAWS = 30
# Characters of all variants of a run together: they have to fit into memory.
MOST_CHARACTERS = 100_000_000


class _Axes(Struct, frozen=True):
    """What varies besides the words of the prompts, with its problems."""

    levels: tuple[Level, ...] = ()
    values: Mapping[str, Sequence[Value]] = {}
    loras: Mapping[str, Sequence[tuple[str, float]]] = {}
    styles: Mapping[str, StyleToggle] = {}
    problems: tuple[PackProblem, ...] = ()


class _BoundPrompt(Struct, frozen=True):
    """A bound prompt. `border` is the index of the first part of its negative; `troubles` are places (in both texts
    joined by one character) with sentences; `used` are the searches of the rules that apply.
    """

    row: TextSequence
    border: int
    troubles: tuple[tuple[int, str], ...]
    used: frozenset[str]


class PromptMemory:
    """Bound prompts of one pack, kept so that a change to one of hundreds costs only that one. For one thread."""

    def __init__(self) -> None:
        self._context: tuple[Randomizer, tuple[Slot, ...]] | None = None
        self._wildcards: Wildcards | None = None
        self._known: dict[tuple[str, str], _BoundPrompt] = {}

    def of(
        self, settings: Randomizer, wildcards: Wildcards, slots: Sequence[Slot]
    ) -> dict[tuple[str, str], _BoundPrompt]:
        """The prompts bound with these settings, by their texts; callers add new ones."""
        context = (settings, tuple(slots))
        if context != self._context or wildcards is not self._wildcards or len(self._known) > MOST_VARIANTS:
            self._context, self._wildcards, self._known = context, wildcards, {}
        return self._known


class Variants:
    """All variants of some prompts. `errors` make it unusable; `warnings` do not.

    `count` is exact. `nth(i)` makes variant i alone, 0 ≤ i < count; `sample` makes some of them. `memory` keeps the
    bound prompts for the next time.
    """

    def __init__(
        self,
        prompts: Sequence[PackPrompt],
        settings: Randomizer,
        wildcards: Wildcards,
        slots: Sequence[Slot] = (),
        memory: PromptMemory | None = None,
    ) -> None:
        self.errors: list[PackProblem] = []
        self.warnings: list[PackProblem] = []
        self._prompts, self._settings = tuple(prompts), settings
        self._axes = _axes(settings)
        self.errors += self._axes.problems
        given = [slot for slot in (*settings.slots, *slots) if slot.values or slot.file]
        self._names = frozenset(slot.name for slot in given)
        values = {slot.name: self._slot(slot) for slot in given}
        self._searches = {rule.search: f"{rule.search} =>" for rule in settings.rules}
        self._used: set[str] = set()
        rules = {f"{rule.search} =>": self._rule(rule) for rule in settings.rules}
        self._binder = Binder(wildcards.with_lists(settings.wildcards), {**values, **rules})
        self._borders: list[int] = []
        known = memory.of(settings, wildcards, slots) if memory is not None else {}
        self._rows = [self._row(prompt, known) for prompt in prompts]
        self._root = Pick("", self._rows, [""] * len(self._rows)) if self._rows else None
        self.count = self._root.count if self._root is not None else 0
        self._warn_of_unused_rules()

    @property
    def varies(self) -> bool:
        """Whether there is more than one variant of any prompt."""
        return any(row.varies for row in self._rows)

    def nth(self, index: int, seed: int = 0) -> Variant:
        """Variant `index`. `seed` has an effect only on {~a|b}, which is drawn for each variant. Raises InvalidInput
        when it is too long.
        """
        assert self._root is not None
        place, rank = self._root.split(index)
        prompt, picks = self._prompts[place], Picks(rank, seed, place)
        try:
            pieces, border = self._rows[place].pieces(rank, picks), self._borders[place]
        except TooLong:
            message = f"“{prompt.name}”: a variant of it would have more than {LONGEST_TEXT:,} characters."
            raise InvalidInput(f"{message} Leave some of it away.") from None
        positive, negative = "".join(pieces[:border]), "".join(pieces[border:])
        overrides = {path: levels[picks.settings[path]] for path, levels in self._axes.values.items()}
        for name, toggle in self._axes.styles.items():
            if picks.settings[name]:
                positive, negative = _styled(positive, negative, toggle)
        for name, tags in self._axes.loras.items():
            lora, weight = tags[picks.settings[name]]
            positive = with_lora_weight(positive, lora, weight, add=True) if lora else positive
        return Variant(
            prompt_id=prompt.prompt_id,
            name=prompt.name,
            prompt=positive.strip(),
            negative=negative.strip(),
            index=index,
            choices=picks.choices,
            overrides=overrides,
        )

    def sample(self, limit: int, seed: int) -> tuple[Variant, ...]:
        """At most `limit` variants in the order of their numbers, all of them when there are no more.

        Each value occurs as often as its weight says. In the mode "random" every variant is drawn by itself. The
        same seed gives the same list. Where nothing varies, these are the first prompts.
        """
        if self._root is None or self.errors:
            return ()
        rng, count = RandomNumbers(seed), min(limit, self.count)
        if self._settings.mode == "random" and self.varies:
            ranks = self._drawn(min(count, self._settings.limit or len(self._rows)), rng)
        elif count == self.count or not self.varies:
            ranks = list(range(count))
        else:
            ranks = sorted(self._root.spread(count, 1, rng))
        try:
            return self._written(ranks, seed)
        except InvalidInput as error:
            self.errors.append(PackProblem(0, 0, str(error)))
            return ()

    def _written(self, ranks: Sequence[int], seed: int) -> tuple[Variant, ...]:
        found: list[Variant] = []
        left = MOST_CHARACTERS
        for rank in ranks:
            found.append(self.nth(rank, seed))
            left -= len(found[-1].prompt) + len(found[-1].negative)
            if left < 0:
                raise InvalidInput(
                    f"These {len(ranks):,} variants would have more than {MOST_CHARACTERS:,} characters. Make fewer of "
                    "them or shorten the prompts."
                )
        return tuple(found)

    def _drawn(self, count: int, rng: RandomNumbers) -> list[int]:
        """Ranks drawn one by one, equally many for each prompt, none twice."""
        found: list[int] = []
        first = 0
        for row, times in zip(self._rows, allot(count, [1.0] * len(self._rows), self._counts(), rng), strict=True):
            taken: dict[int, None] = {}
            for _ in range(times):
                for _ in range(_REDRAWS):
                    rank = row.draw(rng)
                    if rank not in taken:
                        break
                while rank in taken:
                    rank = (rank + 1) % row.count
                taken[rank] = None
            found += [first + rank for rank in sorted(taken)]
            first += row.count
        return found

    def _counts(self) -> list[int]:
        return [row.count for row in self._rows]

    # ---- building

    def _row(self, prompt: PackPrompt, known: dict[tuple[str, str], _BoundPrompt]) -> TextSequence:
        texts = prompt.positive, prompt.negative
        bound = known.get(texts)
        if bound is None:
            bound = self._bound(texts)
            if self._binder.is_lasting:
                known[texts] = bound
        for at, message in bound.troubles:
            self._report(prompt, at, message)
        self._used |= bound.used
        self._borders.append(bound.border)
        lengths = bound.row.lengths
        if self._settings.mode == "zip" and len(set(lengths)) > 1:
            listed = ", ".join(map(str, lengths[:8]))
            message = f"The lists are of different length ({listed}): what goes beyond the shortest is left out."
            self.warnings.append(PackProblem(prompt.line, 1, message))
        return bound.row

    def _bound(self, texts: tuple[str, str]) -> _BoundPrompt:
        bodies: list[Body] = []
        troubles: list[tuple[int, str]] = []
        for text, base in zip(texts, (0, len(texts[0]) + 1), strict=True):
            template = parse(text, is_slot=self._names.__contains__, base=base)
            troubles += [(trouble.at, trouble.message) for trouble in template.troubles]
            bodies.append(with_rules(template.body, self._searches))
        border = sum(not isinstance(part, Assign) for part in bodies[0])
        parts, shared = self._binder.parts((*bodies[0], *bodies[1]))
        troubles += [(trouble.at, trouble.message) for trouble in self._binder.troubles]
        turns = max((part.turns for part in parts if isinstance(part, Loose)), default=1)
        drawn: list[tuple[str, ExpansionNode]] = [
            *((f"axis {n}", level) for n, level in enumerate(self._axes.levels)),
            *shared,
        ]
        try:
            row = TextSequence(parts, drawn, self._settings.mode, turns)
        except Uncountable:
            row = TextSequence([""] * len(parts))
            troubles.append((0, TOO_MANY))
        used = frozenset(search for search in self._searches if any(search in text for text in texts))
        return _BoundPrompt(row, border, tuple(troubles), used)

    def _report(self, prompt: PackPrompt, at: int, message: str) -> None:
        border = len(prompt.positive)
        spots, offset = (prompt.positive_at, at) if at <= border else (prompt.negative_at, at - border - 1)
        line, column = spot(spots, offset) if spots else (prompt.line, offset + 1)
        if len(self.errors) < MOST_PROBLEMS:
            self.errors.append(PackProblem(line, column, message))

    def _slot(self, slot: Slot) -> Choice | Wildcard:
        if slot.file:
            return Wildcard(slot.file, f"[[{slot.name}]]", 0)
        choice, troubles = options_of(slot.values, is_slot=self._names.__contains__)
        wrong = [trouble.message for trouble in troubles]
        if not choice.options:
            wrong.append("All weights here are 0, so nothing can be chosen.")
        self.errors += [PackProblem(slot.line, min(slot.line, 1), f"[[{slot.name}]]: {one}") for one in wrong]
        return choice

    def _rule(self, rule: SearchReplace) -> Choice:
        choice, troubles = options_of(rule.values, is_slot=self._names.__contains__)
        wrong = [trouble.message for trouble in troubles]
        if not choice.options:
            wrong.append("nothing is to come in its place. Write what is to be tried.")
        self.errors += [PackProblem(0, 0, f"Search and replace “{rule.search}”: {one}") for one in wrong]
        return choice

    def _warn_of_unused_rules(self) -> None:
        for search in self._searches:
            if self._prompts and search not in self._used:
                self.warnings.append(PackProblem(0, 0, f"Search and replace: “{search}” is in none of the prompts."))


def may_vary(prompts: Sequence[PackPrompt], settings: Randomizer) -> bool:
    """Whether these prompts may have variants. Quick; False is certain, True is not."""
    if settings.axes or settings.loras or settings.styles or settings.rules:
        return True
    return any(MAY_VARY.search(prompt.positive) or MAY_VARY.search(prompt.negative) for prompt in prompts)


def expand(
    prompts: Sequence[PackPrompt],
    settings: Randomizer,
    wildcards: Wildcards,
    *,
    slots: Sequence[Slot] = (),
    limit: int | None = None,
    seed: int = 0,
    memory: PromptMemory | None = None,
) -> Expansion:
    """The variants of some prompts, at most `limit` (None = as the settings say) and never more than MOST_VARIANTS.

    The limit of the settings is for what varies: a long pack of plain prompts is made whole.
    """
    variants = Variants(prompts, settings, wildcards, slots, memory)
    usual = settings.most if variants.varies else MOST_VARIANTS
    made = variants.sample(min(usual if limit is None else limit, MOST_VARIANTS), seed)
    return Expansion(
        count=0 if variants.errors else variants.count,
        variants=made,
        mode=settings.mode if variants.varies else "none",
        errors=tuple(variants.errors),
        warnings=tuple(variants.warnings),
    )


def _styled(positive: str, negative: str, toggle: StyleToggle) -> tuple[str, str]:
    if "{prompt}" in toggle.text:
        positive = toggle.text.replace("{prompt}", positive.strip())
    else:
        positive = ", ".join(part for part in (positive.strip(), toggle.text.strip()) if part)
    return positive, ", ".join(part for part in (negative.strip(), toggle.negative.strip()) if part)


def _axes(settings: Randomizer) -> _Axes:
    levels: list[Level] = []
    problems: list[PackProblem] = []
    values: dict[str, Sequence[Value]] = {}
    loras: dict[str, Sequence[tuple[str, float]]] = {}
    for axis in settings.axes:
        try:
            checked = tuple(dict.fromkeys(check_value(axis.path, value) for value in axis.values))
        except InvalidInput as wrong:
            problems.append(PackProblem(0, 0, f"Axis {wrong}"))
            continue
        if not checked or axis.path in values:
            why = "is there twice" if axis.path in values else "has no values"
            problems.append(PackProblem(0, 0, f"The axis {axis.path} {why}."))
            continue
        values[axis.path] = checked
        levels.append(Level(axis.path, [value_text(value, axis.path) for value in checked]))
    for number, lora in enumerate(settings.loras, start=1):
        name = "<lora>" if number == 1 else f"<lora> {number}"
        tags = _tags(lora)
        if tags:
            loras[name] = tags
            levels.append(Level(name, [f"{tag[0]}:{tag[1]:g}" if tag[0] else "none" for tag in tags]))
    styles: dict[str, StyleToggle] = {}
    for toggle in settings.styles:
        name = f"style: {toggle.name}"
        why = "is there twice. Give one of them another name." if name in styles else _style_problem(toggle)
        if why:
            problems.append(PackProblem(0, 0, f"The style “{toggle.name}” {why}"))
        styles[name] = toggle
    levels += [Level(name, ("off", "on")) for name in styles]
    return _Axes(tuple(levels), values, loras, styles, tuple(problems))


def _style_problem(toggle: StyleToggle) -> str:
    """What is wrong with the words of a style, or "". They are added literally, so nothing in them may vary."""
    texts = (toggle.text.replace("{prompt}", ""), toggle.negative)
    if any(template.varies or template.troubles for template in map(parse, texts)):
        return "has words that vary. Its words are added as they are: let words of the prompts vary instead."
    return ""


def _tags(axis: LoraAxis) -> list[tuple[str, float]]:
    found: dict[tuple[str, float], None] = {}
    for name in axis.names:
        for weight in axis.weights if name else (0.0,):
            found[name, weight] = None
    return list(found)
