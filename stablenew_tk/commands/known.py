"""`known`: what is known for packs with their checkpoints: list it, use it from now on, switch it off, undo it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table
from rich.text import Text

from ..app.known_layer import line_for, proof_words, value_words
from ..domain.base.errors import InvalidInput
from ..domain.base.model_hash import without_hash
from ..domain.config.catalogue import Value
from ..domain.config.user_settings import Settings
from ..domain.insights.follow_up import known_drafts, may_be_known, why_not_kept
from ..domain.insights.report import summary
from ..domain.journal.history import History
from ..domain.journal.position import BEGINNING
from ..domain.journal.record import JournalLine, Void
from ..domain.models.preset_scope import scope_words
from ..domain.runs.known_value import KnownValue, settings_after
from ..domain.runs.preset import PresetEvidence
from ..pipeline.ids_and_times import as_line
from ..storage.disk.places import Places
from ..storage.journal.snapshot import load_history
from ..storage.settings import save_settings
from .insights import known_report
from .terminal import OK, find_plan, journal_writer, out, print_json, program, settings_of
from .verdict_value import chosen_value, known_model, proven_value

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name


def arguments(known: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `known`."""
    known.add_parser("list", parents=[common], help="all known values and what they rest on").set_defaults(
        command=_list
    )
    use = known.add_parser("use", parents=[common], help="use what a Learning Run has settled from now on")
    use.add_argument("plan", metavar="PLAN", help='id or name of the Learning Run, or "last"')
    use.add_argument("--value", metavar="V", help="choose by hand: one of the values tried")
    use.set_defaults(command=_use)
    for name, words, command in (
        ("off", "leave a known value out; it stays known", _off),
        ("on", "use a known value again", _on),
        ("undo", "take the last thing said about a known value back", _undo),
    ):
        one = known.add_parser(name, parents=[common], help=words)
        one.add_argument("known", metavar="VALUE", help='id, parameter (txt2img.cfg_scale) or words ("CFG 7")')
        one.add_argument("--pack", default="", metavar="PACK", help="of this pack, where several have one")
        one.set_defaults(command=command)


class KnownListLine(Struct, frozen=True, kw_only=True):
    """One known value as printed by `--json`. `on`: it is used where it holds; `since` is UTC, ISO 8601."""

    known_id: str
    path: str
    value: Value
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
    on: bool
    since: str


class KnownList(Struct, frozen=True):
    """The known values that a command is about."""

    known: Sequence[KnownListLine]


def _line(known: KnownValue) -> KnownListLine:
    return KnownListLine(
        known_id=known.known_id,
        path=known.path,
        value=known.value,
        values=known.values,
        lora_weights=known.lora_weights,
        pack=known.pack_id,
        prompts=known.prompt_ids,
        checkpoint=known.checkpoint,
        checkpoint_hash=known.checkpoint_hash,
        engine=known.engine,
        family=known.family,
        workflow=without_hash(known.workflow),
        evidence=known.evidence,
        on=known.on,
        since=known.ts,
    )


def _list(args: argparse.Namespace, places: Places) -> int:
    found = _history(places).plans.known.values()
    if args.json:
        print_json(KnownList([_line(known) for known in found]))
        return OK
    if not found:
        out.print(f"Nothing is in use yet. Take a settled Learning Run over: {program(places)} known use last")
        return OK
    table = Table("value", "for", "rests on", "since (UTC)", "", box=None)
    for known in found:
        when = known.ts[:16].replace("T", " ")
        cells = (value_words(known), scope_words(known.scope), proof_words(known.evidence), when)
        table.add_row(*map(Text, (*cells, "" if known.on else "off")))
    out.print(table)
    return OK


def _use(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    plan = find_plan(history, args.plan)
    report = known_report(history, plan)
    if not may_be_known(plan):
        raise InvalidInput(why_not_kept(plan), "PLAN")
    value = chosen_value(plan, args.value) if args.value is not None else proven_value(report)
    if not may_be_known(plan, value):
        raise InvalidInput(why_not_kept(plan), "PLAN")
    checkpoint = report.checkpoint or plan.base_config.checkpoint
    model = known_model(places, settings, checkpoint)
    taken: list[KnownValue] = []
    for draft in known_drafts(plan, summary(report), value, model=model, checkpoint=checkpoint):
        known = line_for(replace(draft, engine="sketch") if report.sketch else draft, history.plans, settings)
        _write(places, history, known)
        _follow(places, settings, known, holds=True)
        settings, taken = settings_of(args, places), [*taken, known]
    known, both = taken[0], " and ".join(map(value_words, taken))
    words = f"In use from now on: {both} for {scope_words(known.scope)} ({proof_words(known.evidence)})."
    undo = "\n".join(f"Undo: {program(places)} known undo {one.known_id}" for one in taken)
    return _tell(args, taken, f"{words}\n{undo}")


def _off(args: argparse.Namespace, places: Places) -> int:
    history = _history(places)
    known = find_known(history, args.known, args.pack)
    line = as_line(replace(known, on=False, forgot={}))
    _write(places, history, line)
    return _tell(args, [line], f"Left out, but still known: {value_words(known)} for {scope_words(known.scope)}.")


def _on(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    line = line_for(find_known(history, args.known, args.pack), history.plans, settings)
    _write(places, history, line)
    _follow(places, settings, line, holds=True)
    return _tell(args, [line], f"In use from now on: {value_words(line)} for {scope_words(line.scope)}.")


def _undo(args: argparse.Namespace, places: Places) -> int:
    settings, history = settings_of(args, places), _history(places)
    known = find_known(history, args.known, args.pack)
    _write(places, history, as_line(Void(target=known.event_id)))
    _follow(places, settings, known, holds=False)
    before = next((one for one in history.plans.known.values() if one.known_id == known.known_id), None)
    now = (
        f"{'In use' if before.on else 'Left out'} again: {value_words(before)}" if before else "Nothing is in its place"
    )
    return _tell(
        args, [before] if before else [], f"Taken back: {value_words(known)} for {scope_words(known.scope)}. {now}."
    )


def find_known(history: History, name: str, pack: str = "") -> KnownValue:
    """The known value of that id, beginning of an id, parameter or words, of this pack if one is named.

    Raises InvalidInput, listing those there are.
    """
    typed, every = name.strip().casefold(), history.plans.known.values()
    mine = [one for one in every if pack.casefold() in ("", one.pack_id.casefold())]
    by_id = [one for one in mine if len(typed) >= 4 and one.known_id.casefold().startswith(typed)]
    hits = by_id or [one for one in mine if typed in (one.path.casefold(), value_words(one).casefold())]
    if len(hits) == 1:
        return hits[0]
    if hits:
        shown = "; ".join(f"{one.known_id} ({value_words(one)} for {scope_words(one.scope)})" for one in hits[:5])
        raise InvalidInput(f"Several known values are called {name!r}. Give the id of one: {shown}.", "VALUE")
    names = ", ".join(f"{value_words(one)} ({one.path})" for one in mine[:8])
    there = f"There are: {names}." if names else "Nothing is in use yet."
    raise InvalidInput(f"There is no known value {name!r}. {there}", "VALUE")


def _write(places: Places, history: History, line: JournalLine) -> None:
    journal_writer(places).append(line)
    history.fold(line, BEGINNING)


def _follow(places: Places, settings: Settings, known: KnownValue, *, holds: bool) -> None:
    changed = settings_after(settings, known, holds=holds)
    if changed != settings:
        save_settings(places.settings_file, changed, settings)


def _history(places: Places) -> History:
    return load_history(places.journal, places.snapshot).history


def _tell(args: argparse.Namespace, known: Sequence[KnownValue], sentence: str) -> int:
    if args.json:
        print_json(KnownList(list(map(_line, known))))
    else:
        out.print(sentence, markup=False)
    return OK
