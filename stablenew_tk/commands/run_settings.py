"""Options that `run` and `learn` share: backend, output folder, values (`--set`), preset, recommended values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec.structs import replace

from ..app.controller import Controller
from ..app.create.form_values import is_locked
from ..app.engines.backend_for import Engines
from ..app.engines.own_engine import engine_address
from ..app.model_traits import engine_traits
from ..app.nodes.specs import node_specs
from ..app.presets import left_out_words, preset_values, presets_in_force
from ..domain.base.errors import InvalidInput, StorageError
from ..domain.base.lora_tags import AddedLora
from ..domain.config.catalogue import Value, check_value, parameter_in, parsed_value
from ..domain.config.pipeline_config import PipelineConfig, switched_off
from ..domain.config.sweep import LORA
from ..domain.config.user_settings import Machine, Settings, without_login
from ..domain.config.workflow_use import NO_WORKFLOW, WorkflowUse
from ..domain.models.preset_scope import reasons
from ..domain.models.profile_loras import added, left_out, overlays_in_force, profile_loras
from ..domain.models.recommendations import FamilyFinding, ModelSettings, merged, usable
from ..domain.models.sensible_range import ModelTraits, lora_range, traits_of
from ..domain.models.style import StyleCatalogue
from ..domain.models.value_sources import PresetValues, ValueSources
from ..domain.nodes.names import server_of_address
from ..storage.disk.files import is_there, typed_path
from ..storage.disk.places import Places
from ..storage.models import index
from ..storage.models.library import Library
from ..storage.models.model_entry import ModelEntry
from ..storage.models.name_lookup import LibraryNames
from ..storage.models.profile_reader import load_styles
from .certificates import trust_argument, with_trust
from .session import Session
from .terminal import err, find_preset, out, settings_of


def settings_arguments(parser: argparse.ArgumentParser, *, workflow: bool = True) -> None:
    """The options that say where and with which settings pictures are made, for every command that makes some."""
    backend_argument(parser)
    parser.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], dest="values", help="txt2img.steps=30"
    )
    preset = parser.add_mutually_exclusive_group()
    preset.add_argument("--preset", metavar="NAME", help="start from this preset (else those in force)")
    preset.add_argument("--no-preset", action="store_true", help="leave the presets in force aside")
    parser.add_argument("--no-known", action="store_true", help="leave what is known aside (see `known list`)")
    parser.add_argument("--anyway", action="store_true", help="use --preset also where it was not learned for")
    parser.add_argument(
        "--no-profile-loras", action="store_true", help="add none of the LoRAs that the checkpoint's profile names"
    )
    if workflow:
        words = "make the pictures by this workflow of ComfyUI: a file, a picture, or a name of `workflows list`"
        parser.add_argument("--workflow", metavar="FILE", help=words)
    parser.add_argument("--out", metavar="DIR", help="folder for the pictures")
    trust_argument(parser)


def backend_argument(parser: argparse.ArgumentParser) -> None:
    """The option that says on which machines."""
    parser.add_argument(
        "--backend",
        metavar="sketch|sd-server[:FILE]|URL",
        action="append",
        help="where the pictures are made (else as set); several times for several machines",
    )


def tell_recording(session: Session, *, this_one: str = "") -> None:
    """At the very first run, say that runs are recorded, where, and how to switch it off; `this_one`: for this run."""
    places = session.controller.places
    if not session.is_first:
        return
    once = f"Not this one: {this_one}. " if this_one else ""
    err.print(
        f"Runs are recorded in {places.journal}, so that pictures can be rated; everything stays on this computer. "
        f'{once}None at all: {{"learning": "off"}} in {places.settings_file}, or Off in the window.',
        markup=False,
    )


def session_for(args: argparse.Namespace, places: Places, settings: Settings) -> Session:
    """A session with the backend in force. Raises InvalidInput for an address that is none."""
    # An address that is none is wrong use, not a server that is away.
    for spec in node_specs(settings):
        Engines(places).make(spec.order).close()
    nothing_yet = not (is_there(places.journal) or is_there(places.settings_file))
    session = Session(Controller(places, settings, patient=False, keep_queue=False), quiet=args.json)
    session.is_first = nothing_yet and settings.learning != "off" and not args.json
    return session


def settings_in_force(args: argparse.Namespace, places: Places) -> Settings:
    """The saved settings with what the command line says about backend and folder."""
    if args.anyway and not args.preset:
        raise InvalidInput("--anyway: say which preset is to be used outside its scope: --preset NAME.", "--anyway")
    settings = with_backends(args, settings_of(args, places))
    if args.out:
        settings = replace(settings, output_folder=absolute(args.out))
    return with_trust(args, places, settings)


def with_backends(args: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the machines of `--backend` in place of all others, if there are any. Raises InvalidInput."""
    if not args.backend:
        return settings
    typed = [engine_address(one.strip().rstrip("/")) for one in args.backend]
    servers: dict[str, str] = {}
    for address in (one for one, _ in typed if "://" in one):
        if before := servers.get(server := server_of_address(address)):
            both = " and ".join(map(without_login, (before, address)))
            raise InvalidInput(f"--backend: {both} are one server. Name it once.", "--backend")
        servers[server] = address
    first, *others = (address for address, _ in typed)
    model = next((file for _, file in typed if file), settings.sd_server_model)
    known = {one.address: one for one in settings.machines}
    return replace(
        settings,
        backend=first,
        backend_name="",
        sd_server_model=model,
        machines=tuple(replace(known.get(address, Machine(address)), name="") for address in others),
    )


def absolute(typed: str) -> str:
    """The absolute path of a typed file or folder; "" stays ""."""
    return str(typed_path(typed).absolute()) if typed else ""


def typed_values(pairs: Sequence[str], workflow: WorkflowUse = NO_WORKFLOW) -> dict[str, Value]:
    """The values of `--set PATH=VALUE`, each checked. Raises InvalidInput."""
    values: dict[str, Value] = {}
    config = replace(PipelineConfig(), workflow=workflow)
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals:
            raise InvalidInput(f"--set {pair}: write it as PATH=VALUE, for example txt2img.steps=30.", "--set")
        values[path.strip()] = parsed_value(parameter_in(config, path.strip()), text)
    for file in ("inpaint.mask", "controlnet"):
        # Records and queues outlive the folder that the terminal is in.
        if name := str(values.get(file, "")):
            values[file] = absolute(name)
    return values


def tell_idle(config: PipelineConfig, typed: Mapping[str, Value]) -> None:
    """Say of what was typed that does nothing how to switch it on."""
    for switch, paths in switched_off(config, typed).items():
        verb = "does" if len(paths) == 1 else "do"
        words = f"{' and '.join(paths)} {verb} nothing while {switch} is off. Switch it on: --set {switch}=true"
        err.print(words, style="yellow", markup=False)


def presets_for(args: argparse.Namespace, session: Session) -> tuple[PresetValues, ...]:
    """The preset named on the command line, else those chosen in the settings, the latest first.

    Raises InvalidInput for a preset that does not exist, or with a value that cannot be used.
    """
    settings = session.controller.settings
    if args.no_preset or not (args.preset or settings.presets):
        return ()
    plans = session.history().plans
    if args.preset:
        named = find_preset(session.history(), args.preset)
        found: tuple[PresetValues, ...] = (preset_values(named, plans, anyway=args.anyway),)
    else:
        found = presets_in_force(session.controller)
        if len(found) < len(settings.presets):
            err.print("A preset chosen in the settings is no longer there; nothing is taken from it.", markup=False)
    for path, value in (pair for preset in found for pair in preset.values.items()):
        # Made by other programs or versions: a script must not get other settings than the preset that it names.
        check_value(path, value)
    return found


def with_presets(args: argparse.Namespace, session: Session, sources: ValueSources) -> ValueSources:
    """The sources with the presets of the command line or the settings, what is known, and what decides whether they
    hold.
    """
    presets = presets_for(args, session)
    learned = () if args.no_known else learned_in(session)
    if presets or learned:
        session.check()  # only the server can tell what kind of engine it is
    controller = session.controller
    return replace(
        sources,
        presets=presets,
        learned=learned,
        locked=is_locked(controller, sources.pack_id),
        engine=controller.learning.engine,
        agreed=controller.settings.presets_agreed,
    )


def learned_in(session: Session) -> tuple[PresetValues, ...]:
    """The known values that are switched on. A journal that cannot be read is told: pictures can be made without."""
    try:
        session.history()
    except StorageError as error:
        err.print(f"What is known cannot be read. {error}", markup=False)
    return session.controller.known.learned


def tell_presets(args: argparse.Namespace, sources: ValueSources) -> None:
    """Say which presets are applied, and on standard error which are left out because they were learned for something
    else. Raises InvalidInput for one that was named on the command line.
    """
    for one in sources.presets_in_force:
        if not one.applied and args.preset:
            why = f"--preset {one.preset.name}: {reasons(one.check)}. To use it all the same, say so: --anyway"
            raise InvalidInput(why, "--preset")
        if not one.applied:
            err.print(left_out_words(one), markup=False)
        elif not args.json:
            outside = f" (outside its scope: {reasons(one.check)})" if one.used_outside else ""
            out.print(f"Preset: {one.preset.name}{outside}", markup=False)
    tell_known(args, sources)


def tell_known(args: argparse.Namespace, sources: ValueSources) -> None:
    """Say which known values are used, and on standard error which of this pack are left out, and why."""
    used = [one for one in sources.learned_here if one.applied]
    if used and not args.json:
        words = "; ".join(one.preset.evidence.removeprefix("known: ") for one in used)
        out.print(f"Known: {words} (--no-known leaves this away)", markup=False)
    for one in sources.learned_here:
        if not one.applied and one.preset.scope.pack_id == sources.pack_id:
            err.print(left_out_words(one), markup=False)


def in_library(
    places: Places, settings: Settings, name: str, kind: str = "checkpoint"
) -> tuple[ModelEntry | None, StyleCatalogue, list[str]]:
    """The model of that name in the model folders, read in full, with all styles and what is wrong with them.

    Blocks while the folders are read.
    """
    styles, problems = load_styles(places.styles)
    folders = [typed_path(folder) for folder in settings.model_folders if folder.strip()]
    library = Library(folders, styles, places.model_index)
    library.scan(in_full=False)
    entry = LibraryNames(library.snapshot.entries).find(name, kind)
    if entry is not None and not entry.is_read:
        library.read_first(entry.path)
        entry = LibraryNames(library.work(0.0).snapshot.entries).find(name, kind)
    # Only the next scan is slower when it cannot be kept.
    with suppress(StorageError, OSError):
        library.save()
    return entry, styles, list(problems)


def with_recommended(session: Session, sources: ValueSources, *, quiet: bool) -> ValueSources:
    """The sources with the checkpoint that the backend has loaded, and with what the files beside the one in force
    recommend.

    As they are without presets, known values and model folders, or when the checkpoint is in none of them. Blocks while
    the folders are read.
    """
    settings, places = session.controller.settings, session.controller.places
    by_name = session.controller.models.styles.families.id_in_name(sources.checkpoint)
    anything = settings.model_folders or sources.presets or sources.learned or by_name
    if sources.workflow or not anything:
        return sources
    found = session.check().capabilities
    if found is None:
        return sources
    sources = replace(sources, loaded=found.loaded_checkpoint)
    name = sources.checkpoint
    if not name or not (settings.model_folders or by_name):
        return sources
    entry, styles, problems = in_library(places, settings, name)
    if entry is None:
        suits = usable(merged((), styles, name=name), styles, found.choices, checkpoint=name, features=found.features)
        for sentence in suits.notices:
            err.print(sentence, markup=False)
        return replace(sources, usable=suits) if suits.values else sources
    model = index.settings_of(entry, styles)
    session.controller.families[name] = model.found if model.family else FamilyFinding(entry.family)
    recommends = usable(model, styles, found.choices, checkpoint=name, features=found.features)
    for sentence in (*problems, *entry.problems, *recommends.notices):
        err.print(sentence, markup=False)
    if recommends.values and not quiet:
        out.print(f"Settings of {entry.stem}: {', '.join(entry.sources)}", markup=False)
    return replace(sources, model=model, usable=recommends)


def loras_for(
    args: argparse.Namespace,
    session: Session,
    sources: ValueSources,
    prompts: Sequence[str],
    varied: Sequence[str] = (),
) -> tuple[AddedLora, ...]:
    """The LoRAs that the checkpoint's profile adds to these prompts; the terminal is told of them
    and of those left out. `varied` are LoRAs that the pack varies.
    """
    found = session.check().capabilities
    if args.no_profile_loras or sources.model is None or found is None:
        return ()
    aliases: dict[str, tuple[str, ...]] = {}
    for overlay, _preset in overlays_in_force(sources.model.profile):
        entry, styles, _ = in_library(session.controller.places, session.controller.settings, overlay.name, "lora")
        if entry is not None:
            aliases[overlay.name] = (entry.stem, *index.settings_of(entry, styles).names)
    profile = sources.model.profile
    loras = profile_loras(profile, prompts=prompts, backend=found.choices("loras"), varied=varied, aliases=aliases)
    if not args.json and (taken := [one.words for one in loras if one.tag]):
        out.print(f"From the profile: {', '.join(taken)} (--no-profile-loras leaves them away)", markup=False)
    if words := left_out(loras):
        err.print(f"{words}.", markup=False)
    return added(loras)


def traits_for(session: Session, sources: ValueSources, focus_parameter: str) -> ModelTraits:
    """What decides which values suit the checkpoint of the sources and the engine, and the LoRA whose weight is varied,
    if one is.

    Blocks while the folders are read and the engine is asked.
    """
    families = session.controller.models.styles.families
    known = traits_of(sources.model or ModelSettings(), families, sources.checkpoint)
    known = replace(known, engine=engine_traits(session.check().capabilities))
    if not focus_parameter.startswith(LORA) or not session.controller.settings.model_folders:
        return known
    name = focus_parameter.removeprefix(LORA)
    entry, styles, _ = in_library(session.controller.places, session.controller.settings, name, "lora")
    ends = lora_range(index.settings_of(entry, styles)) if entry is not None else None
    return replace(known, lora_ranges={name: ends}) if ends is not None else known
