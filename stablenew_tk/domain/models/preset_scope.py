"""What a preset was learned for, and whether a run is inside of that: the one rule of window, terminal and records.

What is not known never counts as equal. A preset bound to a pack, an engine or a checkpoint is outside while nobody
knows which of them a run will have: a value that is left out is seen and can be asked for, while one that was proven
for something else looks proven. There is one exception, because it cannot be mended by waiting: most servers tell no
hash, and the names of checkpoints are what everything else here goes by. Equal names with a hash unknown on either
side count as the same checkpoint, and `ScopeCheck.unproven` says so; two known hashes decide against any names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..base.model_hash import without_hash
from ..base.wording import pack_title
from ..config.engines import ENGINES, SKETCH
from ..config.spellings import FAMILY_TITLES

# The engine of a preset whose Learning Run is no longer known: it may have been a rehearsal with sketches.
UNKNOWN_ENGINE = "unknown"
# Stands for the checkpoint of a run that makes pictures with several of them.
SEVERAL = "several checkpoints"
LEARNED = "learned "  # begins the words of most differences
_SKETCHES, _NO_EVIDENCE = "on sketch pictures", ", which are no evidence about a checkpoint"
_HASH = re.compile(r"\[([0-9a-fA-F]{6,64})\]\s*$")
_ENDING = re.compile(r"\.(safetensors|sft|ckpt|gguf|pth?|bin)$")
# Shorter ones are of another kind, which covers another part of the file.
_DIGITS = 10
_MOST_NAMES = 3


class PresetScope(Struct, frozen=True, omit_defaults=True):
    """What a preset was learned for; an empty field = it is not bound in that way.

    Without `prompt_ids` it holds for the whole pack. `checkpoint_hash` is at least 10 digits of the file's SHA-256,
    `engine` sketch, webui … or `UNKNOWN_ENGINE`, `workflow` the one that made the pictures
    (`WorkflowUse.known_as`): what is best in it says nothing about runs without it, or with another.
    """

    pack_id: str = ""
    prompt_ids: tuple[str, ...] = ()
    checkpoint: str = ""
    checkpoint_hash: str = ""
    engine: str = ""
    family: str = ""
    workflow: str = ""


class Situation(Struct, frozen=True, kw_only=True):
    """What a run is going to be; an empty field = not known. `prompt_ids` are those of the prompts to be made."""

    pack_id: str = ""
    prompt_ids: tuple[str, ...] = ()
    checkpoint: str = ""
    checkpoint_hash: str = ""
    engine: str = ""
    family: str = ""
    workflow: str = ""

    @property
    def context(self) -> str:
        """The key of what a "yes, here, too" holds for: pack, checkpoint, kind of engine, workflow."""
        workflow = hash_in_name(self.workflow) or self.workflow
        key = (self.pack_id, without_hash(self.checkpoint), self.engine, *filter(None, (workflow,)))
        return "\n".join(key)


class ScopeCheck(Struct, frozen=True):
    """Whether a situation is inside of a scope: `differences` say why not, `unproven` what was taken for granted.

    Both are parts of a sentence: "learned for Rain city, not for Harbour".
    """

    differences: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()

    @property
    def inside(self) -> bool:
        """Whether the values hold there."""
        return not self.differences


class PresetUse(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A preset that gave values to a run, as kept in records. `gave`: catalogue paths, and "lora:NAME" for weights.

    `scope` is the one it had then; `outside` tells why the run was outside of it, () = it was inside. `plan_id` is the
    Learning Run of a learned value, which is no preset.
    """

    preset_id: str
    name: str
    gave: tuple[str, ...] = ()
    scope: PresetScope = PresetScope()
    outside: tuple[str, ...] = ()
    plan_id: str = ""


def without_values(uses: Sequence[PresetUse], paths: Collection[str]) -> tuple[PresetUse, ...]:
    """The presets that still gave something when others decide about these paths."""
    left = (replace(use, gave=tuple(path for path in use.gave if path not in paths)) for use in uses)
    return tuple(use for use in left if use.gave)


def as_made(uses: Sequence[PresetUse], now: Situation) -> tuple[PresetUse, ...]:
    """The presets of a job as its record tells them: those that were inside of their scope are checked against what was
    made in the end, as jobs are made again on other engines. What is not told of that changes nothing.
    """

    def checked(use: PresetUse) -> PresetUse:
        scope = use.scope if now.family else replace(use.scope, family="")
        if not now.checkpoint or "checkpoint" in use.gave:
            scope = replace(scope, checkpoint="", checkpoint_hash="")
        return replace(use, outside=use.outside or compare(scope, now).differences)

    return tuple(checked(use) for use in uses)


def compare(scope: PresetScope, now: Situation) -> ScopeCheck:
    """Whether a run in this situation is inside of a scope, and why not."""
    checkpoint, unproven = _checkpoint(scope, now)
    # A file that is known by its hash does not change its family, whatever is told about it.
    family = _family(scope, now) if unproven or not scope.checkpoint else ""
    workflow, by_name = _workflow(scope, now)
    differences = (_pack(scope, now), checkpoint, family, _engine(scope, now), workflow)
    return ScopeCheck(tuple(filter(None, differences)), tuple(filter(None, (unproven, by_name))))


def same_scope(one: PresetScope, other: PresetScope) -> ScopeCheck:
    """Whether what was learned for `other` can be added to what was learned for `one`: each holds where the other does.

    `differences` tell it from the side of `one`, or of `other` where only that one is bound.
    """
    there = compare(one, _as_situation(other))
    return compare(other, _as_situation(one)) if there.inside else there


def same_workflow(one: str, other: str) -> bool:
    """Whether two workflows, as `WorkflowUse.known_as` tells them, are one; "" is that of plain runs."""
    return one == other or (bool(one) and not _workflow(PresetScope(workflow=one), Situation(workflow=other))[0])


def _as_situation(scope: PresetScope) -> Situation:
    engine = "" if scope.engine == UNKNOWN_ENGINE else scope.engine
    return Situation(
        pack_id=scope.pack_id,
        prompt_ids=scope.prompt_ids,
        checkpoint=scope.checkpoint,
        checkpoint_hash=scope.checkpoint_hash,
        engine=engine,
        family=scope.family,
        workflow=scope.workflow,
    )


def hash_in_name(checkpoint: str) -> str:
    """The hash behind the name of a checkpoint or a workflow, "" when there is none that can be compared."""
    found = _HASH.search(checkpoint)
    return found[1].lower() if found is not None and len(found[1]) >= _DIGITS else ""


# ---- one fact each: "" = no difference


def _pack(scope: PresetScope, now: Situation) -> str:
    if scope.pack_id and scope.pack_id != now.pack_id:
        other = f"not for {pack_title(now.pack_id)}" if now.pack_id else "and no pack is known here"
        return f"learned for {_place(scope)}, {other}"
    others = [prompt for prompt in now.prompt_ids if prompt not in scope.prompt_ids]
    if not scope.prompt_ids or (now.prompt_ids and not others):
        return ""
    return f"learned for {_place(scope)}, {f'not for {_some(others)}' if others else 'not for its other prompts'}"


def _engine(scope: PresetScope, now: Situation) -> str:
    if not scope.engine or scope.engine == now.engine:
        return ""
    if scope.engine == UNKNOWN_ENGINE:
        return "nothing tells on which kind of engine it was learned"
    if scope.engine == SKETCH:
        return f"learned {_SKETCHES}{_NO_EVIDENCE}"
    learned = f"learned on {engine_name(scope.engine)}"
    return f"{learned}, not on {engine_name(now.engine)}" if now.engine else f"{learned}, and this engine is not known"


def _workflow(scope: PresetScope, now: Situation) -> tuple[str, str]:
    """The difference, and what was taken for granted. A file may be renamed, and two may have one name."""
    if not scope.workflow or scope.workflow == now.workflow:
        return "", ""
    name, here = without_hash(scope.workflow), without_hash(now.workflow)
    mine, theirs = hash_in_name(scope.workflow), hash_in_name(now.workflow)
    # Hashes of another length are of another kind and cannot be compared.
    if mine and len(mine) == len(theirs):
        if mine == theirs:
            return "", ""
        if name == here:
            return f"learned in another workflow called “{name}” ({mine}, not {theirs})", ""
    elif name == here:
        return "", f"that it is the workflow “{name}” is known by its name only"
    return f"learned in the workflow “{name}”, not {f'in “{here}”' if here else 'for runs without it'}", ""


def _checkpoint(scope: PresetScope, now: Situation) -> tuple[str, str]:
    """The difference, and what was taken for granted."""
    name = without_hash(scope.checkpoint)
    if not name:
        return "", ""
    if not now.checkpoint:
        return f"learned with {name}, and nobody knows yet which checkpoint is loaded", ""
    mine, theirs = (facts.checkpoint_hash or hash_in_name(facts.checkpoint) for facts in (scope, now))
    same_name = _same_name(name, now.checkpoint)
    if min(len(mine), len(theirs)) >= _DIGITS:
        digits = min(len(mine), len(theirs))
        if mine[:digits].lower() == theirs[:digits].lower():
            return "", ""
        if same_name:
            return f"learned with another file called {name} ({mine[:10]}, not {theirs[:10]})", ""
    elif same_name:
        return "", f"that it is {name} is known by its name only"
    return f"learned with {name}, not with {without_hash(now.checkpoint)}", ""


def _family(scope: PresetScope, now: Situation) -> str:
    if not scope.family or scope.family == now.family:
        return ""
    learned = f"learned with {family_name(scope.family)} models"
    if now.family:
        return f"{learned}, not with {family_name(now.family)}"
    return "" if scope.checkpoint else f"{learned}, and the family of this checkpoint is not known"


def _same_name(one: str, other: str) -> bool:
    """Whether two names mean one checkpoint: without hash and ending, and with the folders that both of them name."""
    mine, theirs = (re.split(r"[/\\]", _ENDING.sub("", without_hash(name).casefold())) for name in (one, other))
    shared = min(len(mine), len(theirs))
    return mine[-shared:] == theirs[-shared:]


# ---- words


def engine_name(engine: str) -> str:
    """A kind of engine in a sentence: "a WebUI"."""
    return ENGINES.get(engine, engine)


def family_name(family: str) -> str:
    """A family of checkpoints as people write it: "SDXL"."""
    return FAMILY_TITLES.get(family, family)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _place(scope: PresetScope) -> str:
    pack = pack_title(scope.pack_id)
    return f"{_some(scope.prompt_ids)} of {pack}" if scope.prompt_ids else pack


def scope_words(scope: PresetScope) -> str:
    """What a preset was learned for: "Rain city with dreamshaper, on a WebUI"."""
    checkpoint, family = without_hash(scope.checkpoint), family_name(scope.family)
    model = f"with {checkpoint}" if checkpoint else f"with {family} models" if family else ""
    inside = f"in the workflow “{without_hash(scope.workflow)}”" if scope.workflow else ""
    place = " ".join(part for part in (_place(scope) or "any pack", model, inside) if part)
    if scope.engine == SKETCH:
        return f"{place}, {_SKETCHES}"
    known = scope.engine and scope.engine != UNKNOWN_ENGINE
    return f"{place}, on {engine_name(scope.engine)}" if known else place


def situation_words(now: Situation) -> str:
    """A situation in a sentence: "Harbour with inked, on the sketch engine"."""
    parts = (pack_title(now.pack_id) or "this pack", f"with {without_hash(now.checkpoint)}" if now.checkpoint else "")
    place = " ".join(part for part in (*parts, f"in “{without_hash(now.workflow)}”" if now.workflow else "") if part)
    return f"{place}, on {engine_name(now.engine)}" if now.engine else place


def question(name: str, scope: PresetScope, now: Situation) -> str:
    """What is asked before a preset is used outside its scope. The engine is named where it differs."""
    if scope.engine == now.engine:
        scope, now = replace(scope, engine=""), replace(now, engine="")
    learned = f"{scope_words(scope)}{_NO_EVIDENCE if scope.engine == SKETCH else ''}"
    return f"“{name}” was learned for {learned}. Use it for {situation_words(now)}, too?"


def reasons(check: ScopeCheck) -> str:
    """All differences in one phrase."""
    first, *others = check.differences or ("",)
    return "; ".join((first, *(difference.removeprefix(LEARNED) for difference in others)))
