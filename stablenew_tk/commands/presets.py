"""`presets`: lists presets with their evidence, applies one, makes one from a Learning Run, removes one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table
from rich.text import Text

from ..app.presets import agreeing, choosing, dropping, preset_values
from ..domain.base.errors import InvalidInput
from ..domain.base.model_hash import without_hash
from ..domain.base.wording import pack_title
from ..domain.config.catalogue import Value
from ..domain.config.engines import engine_of
from ..domain.config.sweep import value_text
from ..domain.config.user_settings import Settings
from ..domain.experiments.plan_file import one_line
from ..domain.insights.follow_up import CERTAIN, added_to, preset_draft, refuse_empty
from ..domain.insights.naming import plan_naming
from ..domain.insights.report import Report
from ..domain.journal.history import History
from ..domain.journal.plan_log import PlanBook
from ..domain.journal.record import Void
from ..domain.models.precedence import forgotten
from ..domain.models.preset_scope import PresetScope, Situation, reasons, scope_words, situation_words
from ..domain.models.value_sources import CHECKPOINT, PresetValues, ValueSources, check_preset, judged
from ..domain.runs.preset import Preset, PresetEvidence
from ..pipeline.ids_and_times import as_line, new_id
from ..storage.disk.places import Places
from ..storage.journal.snapshot import load_history
from ..storage.packs.catalog import describe
from ..storage.settings import save_settings
from .insights import known_report
from .terminal import OK, find_plan, find_preset, journal_writer, out, pack_path, print_json, program, settings_of
from .verdict_value import chosen_value, known_model, proven_value

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
NONE = "none"
_LONGEST_NAME = 120


def arguments(presets: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `presets`."""
    presets.add_parser("list", parents=[common], help="all presets and what they stand on").set_defaults(command=_list)
    apply = presets.add_parser("apply", parents=[common], help="start the next runs from a preset")
    apply.add_argument("preset", metavar="NAME", help=f"name or id; “{NONE}” takes all in force away")
    apply.add_argument("--for", default="", metavar="PACK", dest="pack", help="for this pack (else the one it is for)")
    apply.add_argument("--with", default="", metavar="CHECKPOINT", dest="checkpoint", help="with this checkpoint")
    apply.add_argument("--backend", metavar="sketch|URL", help="on this kind of engine (else as set)")
    apply.add_argument("--anyway", action="store_true", help="also where it was not learned for")
    apply.set_defaults(command=_apply)
    make = presets.add_parser("make", parents=[common], help="keep what a Learning Run has taught")
    make.add_argument("plan", metavar="PLAN", help='id or name of the Learning Run, or "last"')
    make.add_argument("--value", metavar="V", help="choose by hand: one of the values tried")
    name = make.add_mutually_exclusive_group()
    name.add_argument("--name", default="", metavar="NAME", help="what to call it")
    name.add_argument("--add-to", default="", metavar="PRESET", help="add it to a preset that was learned for the same")
    make.set_defaults(command=_make)
    rename = presets.add_parser("rename", parents=[common], help="give a preset another name")
    rename.add_argument("preset", metavar="NAME", help="name or id")
    rename.add_argument("name", metavar="NEW", help="what to call it from now on")
    rename.set_defaults(command=_rename)
    remove = presets.add_parser("remove", parents=[common], help="take a preset back")
    remove.add_argument("preset", metavar="NAME", help="name or id")
    remove.set_defaults(command=_remove)


class PresetListLine(Struct, frozen=True, kw_only=True):
    """One preset as printed by `--json`. `in_force`: the next runs start from it where it holds; `added` has the
    evidence of values that came later; `agreed`: where else it is used, as the settings have it.
    """

    preset_id: str
    name: str
    values: Mapping[str, Value]
    lora_weights: Mapping[str, float]
    pack: str
    prompts: tuple[str, ...]
    checkpoint: str
    checkpoint_hash: str
    engine: str
    family: str
    workflow: str
    evidence: PresetEvidence
    added: Mapping[str, PresetEvidence]
    in_force: bool
    agreed: tuple[str, ...]


class PresetList(Struct, frozen=True):
    """The presets that a command is about."""

    presets: Sequence[PresetListLine]


def _line(preset: Preset, plans: PlanBook, settings: Settings) -> PresetListLine:
    scope = plans.scope(preset)
    return PresetListLine(
        preset_id=preset.preset_id,
        name=preset.name,
        values=preset.values,
        lora_weights=preset.lora_weights,
        pack=scope.pack_id,
        prompts=scope.prompt_ids,
        checkpoint=scope.checkpoint,
        checkpoint_hash=scope.checkpoint_hash,
        engine=scope.engine,
        family=scope.family,
        workflow=without_hash(scope.workflow),
        evidence=preset.evidence,
        added=preset.added,
        in_force=preset.preset_id in settings.presets,
        agreed=settings.presets_agreed.get(preset.preset_id, ()),
    )


def _list(args: argparse.Namespace, places: Places) -> int:
    settings, plans = settings_of(args, places), _history(places).plans
    found = [_line(preset, plans, settings) for preset in plans.presets()]
    if args.json:
        print_json(PresetList(found))
        return OK
    if not found:
        out.print(f"No presets yet. Make one from a settled Learning Run: {program(places)} presets make last")
        return OK
    table = Table("preset", "values", "for", "evidence", "in force", box=None)
    for line in found:
        table.add_row(*map(Text, (line.name, _values(line), _scope(line), _evidence(line), _in_force(line))))
    out.print(table)
    return OK


def _values(line: PresetListLine) -> str:
    pairs = [f"{path}={value_text(value, path)}" for path, value in line.values.items()]
    pairs += [f"lora:{name}={value_text(weight)}" for name, weight in line.lora_weights.items()]
    return ", ".join(pairs)


def _scope(line: PresetListLine) -> str:
    scope = PresetScope(
        line.pack, line.prompts, line.checkpoint, line.checkpoint_hash, line.engine, line.family, line.workflow
    )
    return scope_words(scope) if scope != PresetScope() else "anything"


def _in_force(line: PresetListLine) -> str:
    elsewhere = ", ".join(" with ".join(filter(None, context.split("\n")[:2])) for context in line.agreed)
    also = f", also for {elsewhere}" if elsewhere else ""
    return f"yes{also}" if line.in_force else ""


def _evidence(line: PresetListLine) -> str:
    every = (line.evidence, *line.added.values())
    texts = (f"chosen by hand. {one.sentence}".strip() if one.by_hand else one.sentence for one in every)
    return " ".join(dict.fromkeys(texts)).strip()


def _apply(args: argparse.Namespace, places: Places) -> int:
    before, history = settings_of(args, places), _history(places)
    settings = before
    if args.preset.strip().casefold() == NONE:
        save_settings(places.settings_file, dropping(settings, settings.presets), settings)
        return _tell(args, [], "No preset is in force any more.")
    preset = find_preset(history, args.preset)
    values = preset_values(preset, history.plans)
    sources = _asked_for(args, places, settings, history, values)
    one = judged(values, sources.situation, settings.presets_agreed)
    if not one.check.inside:
        if not args.anyway:
            why = f"“{preset.name}” does not hold there: {reasons(one.check)}."
            raise InvalidInput(f"{why} To use it all the same, say so: --anyway", "NAME")
        if not sources.checkpoint and CHECKPOINT not in preset.values:
            raise InvalidInput("--anyway: name the checkpoint that it is to be used with: --with CHECKPOINT", "--with")
        settings = agreeing(settings, values, sources.situation)
    chosen = choosing(_without_last_runs(settings, values, sources.situation), preset, sources)
    changed = save_settings(places.settings_file, chosen, before)
    where = situation_words(sources.situation) if args.pack or not one.check.inside else scope_words(values.scope)
    scope = f", for {where}" if values.scope != PresetScope() else ""
    return _tell(args, [_line(preset, history.plans, changed)], f"The next runs start from “{preset.name}”{scope}.")


def _asked_for(
    args: argparse.Namespace, places: Places, settings: Settings, history: History, preset: PresetValues
) -> ValueSources:
    """What the preset is to be used for: as the options say, else what it was learned for; on the engine in force."""
    scope = preset.scope
    # Nobody is asked here which program answers at an address, so that may be the one it was learned with.
    engine = engine_of(args.backend.strip() if args.backend else settings.backend, scope.engine)
    pack_id = describe(pack_path(args.pack, places, settings)).pack_id if args.pack else scope.pack_id
    # Another kind of engine has checkpoints of its own, so a yes for it must name one.
    foreign = args.anyway and scope.engine not in ("", engine)
    checkpoint = args.checkpoint or ("" if foreign else scope.checkpoint)
    known = {one.preset_id: one for one in history.plans.presets()}
    chosen = [known[one] for one in reversed(settings.presets) if one in known]
    return ValueSources(
        pack_id=pack_id,
        typed={CHECKPOINT: checkpoint} if checkpoint else {},
        prompts=() if args.pack else scope.prompt_ids,
        engine=engine,
        presets=tuple(preset_values(one, history.plans) for one in chosen),
        agreed=settings.presets_agreed,
    )


def _without_last_runs(settings: Settings, preset: PresetValues, asked: Situation) -> Settings:
    """What the form remembers wins over a preset; chosen on purpose, the preset must win where it holds."""
    values = {path: value for path, value in settings.values.items() if path not in preset.values}
    runs = settings.last_runs
    for context in settings.last_runs:
        pack_id, _, checkpoint = context.partition("\n")
        there = replace(asked, pack_id=pack_id, checkpoint=checkpoint, checkpoint_hash="")
        if there.context == asked.context or check_preset(preset, there).inside:
            runs = forgotten(runs, preset.values, context)
    return replace(settings, values=values, last_runs={key: dict(run) for key, run in runs.items()})


def _make(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    plan = find_plan(history, args.plan)
    found = known_report(history, plan)
    value = chosen_value(plan, args.value) if args.value is not None else proven_value(found)
    preset = _preset(found, value, name=_named(args.name), places=places, settings=settings)
    if args.add_to:
        before = find_preset(history, args.add_to)
        preset = as_line(added_to(before, history.plans.scope(before), preset))
    elif any(one.name.casefold() == preset.name.casefold() for one in history.plans.presets()):
        raise InvalidInput(
            f"There is a preset “{preset.name}” already. Give another --name, use --add-to, or remove it.", "--name"
        )
    journal_writer(places).append(preset)
    line = _line(preset, history.plans, settings)
    done = f"Added to preset “{preset.name}”" if args.add_to else f"Preset “{preset.name}” is made"
    return _tell(args, [line], f"{done}: {_values(line)}.")


def _named(name: str) -> str:
    """The name as it fits a list. Raises InvalidInput for the word that takes a preset away."""
    shown = one_line(name)
    if shown.casefold() == NONE:
        raise InvalidInput(f"--name {shown}: “{NONE}” stands for no preset. Give another name.", "--name")
    if len(shown) > _LONGEST_NAME:
        raise InvalidInput(f"--name: {len(shown)} characters are too long for a name; {_LONGEST_NAME} fit.", "--name")
    return shown


def _preset(found: Report, value: Value, *, name: str, places: Places, settings: Settings) -> Preset:
    words, plan = plan_naming(found.plan)(value), found.plan
    proven = found.verdict.state in CERTAIN and found.verdict.value == value
    name = name or f"{words[:1].upper()}{words[1:]} · {pack_title(plan.pack_id) or plan.name}"
    checkpoint = found.checkpoint or plan.base_config.checkpoint
    model = known_model(places, settings, checkpoint)
    draft = preset_draft(found, value, name, by_hand=not proven, model=model)
    refuse_empty(draft)
    return as_line(replace(draft, preset_id=new_id()))


def _rename(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    preset, name = find_preset(history, args.preset), _named(args.name)
    if not name:
        raise InvalidInput("NEW: a preset needs a name.", "NEW")
    _must_be_free(history, name, preset.preset_id)
    renamed = as_line(replace(preset, name=name))
    journal_writer(places).append(renamed)
    return _tell(args, [_line(renamed, history.plans, settings)], f"“{preset.name}” is called “{name}” now.")


def _must_be_free(history: History, name: str, preset_id: str = "") -> None:
    taken = {one.name.casefold() for one in history.plans.presets() if one.preset_id != preset_id}
    if name.casefold() in taken:
        raise InvalidInput(f"There is a preset “{name}” already. Give another name.", "NEW")


def _remove(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    preset = find_preset(history, args.preset)
    writer = journal_writer(places)
    # Undoing a line restores the one that it had replaced.
    for version in history.plans.preset_versions(preset.preset_id):
        writer.append(as_line(Void(target=version.event_id)))
    if preset.preset_id in settings.presets:
        settings = save_settings(places.settings_file, dropping(settings, (preset.preset_id,)), settings)
    return _tell(args, [_line(preset, history.plans, settings)], f"“{preset.name}” is taken back.")


def _history(places: Places) -> History:
    return load_history(places.journal, places.snapshot).history


def _tell(args: argparse.Namespace, presets: Sequence[PresetListLine], sentence: str) -> int:
    if args.json:
        print_json(PresetList(presets))
    else:
        out.print(sentence, markup=False)
    return OK
