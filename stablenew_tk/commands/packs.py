"""`packs check` and `packs expand`: print errors and warnings of a pack, or all variants of its prompts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.origins import SHORT_SEED
from ..domain.config.user_settings import Settings
from ..domain.prompts.checks import check_pack
from ..domain.prompts.kept_wordings import with_wordings
from ..domain.prompts.pack import PackProblem
from ..domain.prompts.randomizer import expand, may_vary
from ..domain.prompts.settings import MOST_VARIANTS, USUAL_LIMIT
from ..domain.prompts.variant import Expansion, Variant
from ..domain.prompts.wildcards import Wildcards
from ..pipeline.ids_and_times import draw_seed
from ..storage.disk.files import is_folder, typed_path
from ..storage.disk.places import Places
from ..storage.packs.reader import PackContent, open_pack
from ..storage.packs.wildcards import load_wildcards, named_folders, wildcard_places
from .terminal import FAILED, OK, err, out, pack_path, print_json, settings_of

if TYPE_CHECKING:
    from ..app.packs.kept_slots import KeptSlot

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name


def arguments(packs: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `packs`."""
    _check_arguments(packs.add_parser("check", parents=[common], help="say what is wrong with a pack"))
    _expand_arguments(packs.add_parser("expand", parents=[common], help="show the variants of a pack"))
    _from_image_arguments(packs.add_parser("from-image", parents=[common], help="the prompt and settings of a picture"))


def _from_image_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `packs from-image`."""
    parser.add_argument(
        "file", metavar="FILE", help="a picture of a WebUI, ComfyUI, SwarmUI, InvokeAI, Fooocus, NovelAI…"
    )
    parser.add_argument("--to", metavar="PACK.txt", help="add the prompt to this pack; a new file is made if needed")
    parser.add_argument("--controlnet", metavar="UNITS.json", help="write the ControlNet units of the picture there")
    parser.set_defaults(command=_from_image)


def _from_image(args: argparse.Namespace, places: Places) -> int:
    # It reads the pictures of a dozen tools, which the other commands do not need.
    from .from_image import packs_from_image

    return packs_from_image(args, places)


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `packs check`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    wildcard_arguments(parser)
    parser.set_defaults(command=packs_check)


def _expand_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `packs expand`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N variants, evenly chosen")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="which ones, when there are more (else 0)")
    parser.add_argument("--known", action="store_true", help="with the texts of slots that are in use (known list)")
    wildcard_arguments(parser)
    parser.set_defaults(command=packs_expand)


def packs_check(args: argparse.Namespace, places: Places) -> int:
    """Check a pack; exit 1 when it has errors."""
    settings = settings_of(args, places)
    opened = open_pack(pack_path(args.pack, places, settings))
    wildcards, unread = wildcards_of(opened.path, places, settings, args.wildcards)
    found = check_pack(opened.pack, opened.settings, wildcards)
    file_problems = [PackProblem(0, 0, sentence) for sentence in (*opened.notices, *unread)]
    warnings = [*file_problems, *found.warnings]
    kept = _kept(places, opened)
    if args.json:
        document = {"prompts": found.prompts, "errors": found.errors, "warnings": warnings}
        print_json(document | ({"known": list(map(_kept_plain, kept))} if kept else {}))
    else:
        prompts, errors = counted(found.prompts, "prompt"), counted(len(found.errors), "error")
        many = f", {found.count:,} variants" if found.count > found.prompts else ""
        out.print(f"{opened.pack.pack_id}: {prompts}{many}, {errors}.", markup=False)
        _print_problems("error", found.errors)
        _print_problems("warning", warnings)
        _print_kept(kept)
    return FAILED if found.errors else OK


def packs_expand(args: argparse.Namespace, places: Places) -> int:
    """Show the variants of a pack; exit 1 when it has errors."""
    if not 0 <= args.limit <= MOST_VARIANTS:
        raise InvalidInput(f"--limit {args.limit}: give 1 to {MOST_VARIANTS} variants.", "--limit")
    if args.seed is not None and not 0 <= args.seed <= SHORT_SEED:
        raise InvalidInput(f"--seed {args.seed} is outside 0 to {SHORT_SEED}.", "--seed")
    settings = settings_of(args, places)
    opened = open_pack(pack_path(args.pack, places, settings))
    wildcards, unread = wildcards_of(opened.path, places, settings, args.wildcards)
    randomizer = opened.settings.randomizer
    # Without a word about it, all that can be read at all: here nothing is made of them.
    usual = randomizer.limit if randomizer.limit not in (0, USUAL_LIMIT) else MOST_VARIANTS
    seed = args.seed if args.seed is not None else max(randomizer.seed, 0)
    kept = _kept(places, opened)
    texts = _texts(kept, opened) if args.known else {}
    found = expanded(opened, wildcards, limit=args.limit or usual, seed=seed, kept=texts)
    errors = (*opened.pack.errors, *found.errors)
    if args.json:
        document = {"count": found.count, "variants": [_plain(variant) for variant in found.variants]}
        document |= {"known": list(map(_kept_plain, kept))} if kept else {}
        print_json(document | ({"errors": errors} if errors else {}))
    else:
        for sentence in (*opened.notices, *unread):
            err.print(sentence, style="yellow", markup=False)
        _print_problems("error", errors)
        _print_problems("warning", found.warnings)
        if not errors:
            _print_variants(found)
        _print_kept(kept)
        if kept and not args.known:
            out.print("  With these texts: --known", markup=False)
    return FAILED if errors else OK


def _kept(places: Places, opened: PackContent) -> tuple[KeptSlot, ...]:
    if not may_vary(opened.pack.prompts, opened.settings.randomizer) or not is_folder(places.journal):
        return ()
    # Reading the journal imports much that a pack without slots does not need.
    from ..app.packs.kept_slots import kept_slots
    from ..storage.journal.snapshot import load_history

    return kept_slots(load_history(places.journal, places.snapshot).history.plans, opened.pack.pack_id)


def _texts(kept: Sequence[KeptSlot], opened: PackContent) -> Mapping[str, str]:
    from ..app.packs.kept_slots import kept_texts

    return kept_texts(kept, [one.prompt_id for one in opened.pack.prompts])


def _kept_plain(kept: KeptSlot) -> dict[str, object]:
    known = kept.known
    return {
        "slot": kept.name,
        "text": kept.text,
        "known_id": known.known_id,
        "prompts": known.prompt_ids,
        "checkpoint": known.checkpoint,
        "engine": known.engine,
    }


def _print_kept(kept: Sequence[KeptSlot]) -> None:
    for one in kept:
        out.print(f"  in use: {one.words}", markup=False)
    if kept:
        from ..app.packs.kept_slots import PACK_DRAWS

        out.print(f"  {PACK_DRAWS}", markup=False)


def _plain(variant: Variant) -> dict[str, object]:
    return {
        "index": variant.index,
        "prompt": variant.prompt,
        "negative": variant.negative,
        "choices": variant.choices,
        "overrides": variant.overrides,
    }


def _print_problems(kind: str, problems: tuple[PackProblem, ...] | list[PackProblem]) -> None:
    for problem in problems:
        place = f"line {problem.line}, column {problem.column}: " if problem.line else ""
        out.print(f"  {place}{kind}: {problem.message}", markup=False)


def _print_variants(found: Expansion) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("No.", justify="right")
    table.add_column("Prompt", overflow="fold")
    table.add_column("Choices", overflow="fold")
    for variant in found.variants:
        words = [f"{name} = {value}" for name, value in variant.choices.items()]
        table.add_row(str(variant.index), Text(variant.prompt), Text("; ".join(words)))
    out.print(table)
    whole = counted(found.count, "variant")
    out.print(f"{len(found.variants):,} of {whole}" if len(found.variants) < found.count else whole)


def wildcard_arguments(parser: argparse.ArgumentParser) -> None:
    """The option that names wildcard folders."""
    parser.add_argument(
        "--wildcards",
        metavar="DIR",
        action="append",
        default=[],
        help="look for wildcards here first (else: wildcards beside the pack, in the data folder, as set)",
    )


def wildcards_of(
    path: Path, places: Places, settings: Settings, first: Sequence[str] = ()
) -> tuple[Wildcards, tuple[str, ...]]:
    """The wildcards for a pack, and sentences about files that cannot be read. Raises InvalidInput for no folder."""
    for folder in first:
        if not is_folder(typed_path(folder)):
            raise InvalidInput(f"--wildcards {folder}: there is no such folder.", "--wildcards")
    usual = wildcard_places((path.absolute().parent,), places.wildcards, settings.wildcard_folders)
    return load_wildcards((*named_folders(first), *usual))


def expanded(
    opened: PackContent,
    wildcards: Wildcards,
    *,
    limit: int = 0,
    seed: int | None = None,
    kept: Mapping[str, str] | None = None,
) -> Expansion:
    """The variants of all prompts of a pack, with the texts `kept` for its slots: at most `limit`, 0 = as its settings
    say. Errors stand in it.
    """
    randomizer = opened.settings.randomizer
    if seed is None:
        seed = randomizer.seed if randomizer.seed >= 0 else draw_seed()
    prompts, slots = with_wordings(opened.pack.prompts, opened.pack.slots, kept or {})
    return expand(prompts, randomizer, wildcards, slots=slots, limit=limit or None, seed=seed)


def refuse_errors(opened: PackContent, errors: Sequence[PackProblem]) -> None:
    """Raise InvalidInput with the first error, if there is one; those of the settings have no place."""
    for first in errors:
        where = f", line {first.line}, column {first.column}" if first.line else ""
        raise InvalidInput(f"{opened.path.name}{where}: {first.message}", "PACK")
