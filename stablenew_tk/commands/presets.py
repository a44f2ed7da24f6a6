"""`presets`: lists presets with their evidence, applies one, makes one from a Learning Run, removes one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from ..domain.base.errors import InvalidInput
from ..domain.config.catalogue import Value
from ..domain.config.sweep import parse_values, value_text
from ..domain.config.user_settings import Settings
from ..domain.experiments.plan_file import one_line
from ..domain.insights.follow_up import CERTAIN, preset_draft
from ..domain.insights.report import Report, naming
from ..domain.journal.history import BEGINNING, History
from ..domain.journal.record import Void
from ..domain.models.precedence import forgotten
from ..domain.runs.plan import LearningPlan, Preset, PresetEvidence
from ..pipeline.ids_and_times import as_line, new_id
from ..storage.disk.places import Places
from ..storage.journal.snapshot import load_history
from ..storage.journal.writer import LearningRecordWriter
from ..storage.settings import save_settings
from .insights import known_report
from .terminal import OK, find_plan, find_preset, out, print_json, program, settings_of

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
NONE = "none"
_LONGEST_NAME = 120


def arguments(presets: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `presets`."""
    presets.add_parser("list", parents=[common], help="all presets and what they stand on").set_defaults(command=_list)
    apply = presets.add_parser("apply", parents=[common], help="start the next runs from a preset")
    apply.add_argument("preset", metavar="NAME", help=f"name or id; “{NONE}” takes the one in force away")
    apply.set_defaults(command=_apply)
    make = presets.add_parser("make", parents=[common], help="keep what a Learning Run has taught")
    make.add_argument("plan", metavar="PLAN", help='id or name of the Learning Run, or "last"')
    make.add_argument("--value", metavar="V", help="choose by hand: one of the values tried")
    make.add_argument("--name", default="", metavar="NAME", help="what to call it")
    make.set_defaults(command=_make)
    remove = presets.add_parser("remove", parents=[common], help="take a preset back")
    remove.add_argument("preset", metavar="NAME", help="name or id")
    remove.set_defaults(command=_remove)


class PresetLine(Struct, frozen=True, kw_only=True):
    """One preset as printed by `--json`. `in_force`: the next run starts from it."""

    preset_id: str
    name: str
    values: Mapping[str, Value]
    lora_weights: Mapping[str, float]
    pack: str
    checkpoint: str
    evidence: PresetEvidence
    in_force: bool


class PresetList(Struct, frozen=True):
    """The presets that a command is about."""

    presets: Sequence[PresetLine]


def _line(preset: Preset, settings: Settings) -> PresetLine:
    return PresetLine(
        preset_id=preset.preset_id,
        name=preset.name,
        values=preset.values,
        lora_weights=preset.lora_weights,
        pack=preset.pack_id,
        checkpoint=preset.checkpoint,
        evidence=preset.evidence,
        in_force=preset.preset_id == settings.preset,
    )


def _list(args: argparse.Namespace, places: Places) -> int:
    settings = settings_of(args, places)
    found = [_line(preset, settings) for preset in _history(places).plans.presets()]
    if args.json:
        print_json(PresetList(found))
        return OK
    if not found:
        out.print(f"No presets yet. Make one from a settled Learning Run: {program(places)} presets make last")
        return OK
    table = Table("preset", "values", "for", "evidence", "in force", box=None)
    for line in found:
        scope = ", ".join(part for part in (line.pack, line.checkpoint) if part) or "anything"
        table.add_row(*map(escape, (line.name, _values(line), scope, _evidence(line), "yes" if line.in_force else "")))
    out.print(table)
    return OK


def _values(line: PresetLine) -> str:
    pairs = [f"{path}={value_text(value, path)}" for path, value in line.values.items()]
    pairs += [f"lora:{name}={value_text(weight)}" for name, weight in line.lora_weights.items()]
    return ", ".join(pairs)


def _evidence(line: PresetLine) -> str:
    evidence = line.evidence
    sentence = evidence.sentence
    return f"chosen by hand. {sentence}".strip() if evidence.by_hand else sentence


def _apply(args: argparse.Namespace, places: Places) -> int:
    settings = settings_of(args, places)
    if args.preset.strip().casefold() == NONE:
        _save(places, settings, preset="")
        return _tell(args, [], "No preset is in force any more.")
    preset = find_preset(_history(places), args.preset)
    # What the form remembers wins over a preset; chosen on purpose, the preset must win.
    values = {path: value for path, value in settings.values.items() if path not in preset.values}
    runs = forgotten(settings.last_runs, preset.values)
    changed = _save(places, settings, preset=preset.preset_id, values=values, last_runs=runs)
    return _tell(args, [_line(preset, changed)], f"The next runs start from “{preset.name}”.")


def _save(places: Places, settings: Settings, **changes: object) -> Settings:
    changed = msgspec.structs.replace(settings, **changes)
    save_settings(places.settings_file, changed)
    return changed


def _make(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    plan = find_plan(history, args.plan)
    found = known_report(history, plan)
    value = _chosen(plan, args.value) if args.value is not None else _proven(found)
    preset = _preset(found, value, name=_named(args.name))
    if any(one.name.casefold() == preset.name.casefold() for one in history.plans.presets()):
        raise InvalidInput(f"There is a preset “{preset.name}” already. Give another --name, or remove it.", "--name")
    LearningRecordWriter(places.journal).append(preset)
    line = _line(preset, settings)
    return _tell(args, [line], f"Preset “{preset.name}” is made: {_values(line)}.")


def _named(name: str) -> str:
    """The name as it fits a list. Raises InvalidInput for the word that takes a preset away."""
    shown = one_line(name)
    if shown.casefold() == NONE:
        raise InvalidInput(f"--name {shown}: “{NONE}” stands for no preset. Give another name.", "--name")
    if len(shown) > _LONGEST_NAME:
        raise InvalidInput(f"--name: {len(shown)} characters are too long for a name; {_LONGEST_NAME} fit.", "--name")
    return shown


def _chosen(plan: LearningPlan, text: str) -> Value:
    values = parse_values(plan.focus_parameter, text)
    if len(values) == 1 and values[0] in plan.variant_values:
        return values[0]
    tested = ", ".join(value_text(value, plan.focus_parameter) for value in plan.variant_values)
    raise InvalidInput(f"--value {text}: give one of the values that were tried: {tested}.", "--value")


def _proven(found: Report) -> Value:
    verdict = found.verdict
    if verdict.state in CERTAIN and verdict.value is not None:
        return verdict.value
    raise InvalidInput(f"{verdict.sentence} This is not settled yet; use --value to choose by hand.", "--value")


def _preset(found: Report, value: Value, *, name: str) -> Preset:
    words, plan = naming(found.focus)(value), found.plan
    proven = found.verdict.state in CERTAIN and found.verdict.value == value
    name = name or f"{words[:1].upper()}{words[1:]} · {plan.pack_id or plan.name}"
    return as_line(msgspec.structs.replace(preset_draft(found, value, name, by_hand=not proven), preset_id=new_id()))


def _remove(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    preset = find_preset(history, args.preset)
    writer = LearningRecordWriter(places.journal)
    held: Preset | None = preset
    while held is not None:
        # Undoing a line restores the one that it had replaced.
        void = as_line(Void(target=held.event_id))
        writer.append(void)
        history.fold(void, BEGINNING)
        held = history.plans.preset(preset.preset_id)
    if settings.preset == preset.preset_id:
        settings = _save(places, settings, preset="")
    return _tell(args, [_line(preset, settings)], f"“{preset.name}” is taken back.")


def _history(places: Places) -> History:
    return load_history(places.journal, places.snapshot).history


def _tell(args: argparse.Namespace, presets: Sequence[PresetLine], sentence: str) -> int:
    if args.json:
        print_json(PresetList(presets))
    else:
        out.print(sentence, markup=False)
    return OK
