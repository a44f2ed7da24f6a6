"""`packs check` and `packs expand`: say what is wrong with a pack, and show what would be made of it."""

from __future__ import annotations

import argparse

from rich.markup import escape
from rich.table import Table

from ..domain.errors import InvalidInput
from ..domain.job import MAX_SEED
from ..domain.pack_check import check_pack
from ..domain.pack_settings import MOST_VARIANTS, USUAL_LIMIT
from ..domain.prompt import PackProblem
from ..domain.variant import Expansion, Variant
from ..storage.pack_reading import open_pack
from ..storage.places import Places
from .expanding import expanded, wildcard_arguments, wildcards_of
from .terminal import FAILED, OK, err, out, pack_path, print_json, settings_of


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `packs check`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    wildcard_arguments(parser)
    parser.set_defaults(command=packs_check)


def expand_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `packs expand`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N variants, evenly chosen")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="which ones, when there are more (else 0)")
    wildcard_arguments(parser)
    parser.set_defaults(command=packs_expand)


def packs_check(args: argparse.Namespace, places: Places) -> int:
    """Look a pack over; exit 1 when it has errors."""
    settings = settings_of(args, places)
    opened = open_pack(pack_path(args.pack, places, settings))
    wildcards, unread = wildcards_of(opened.path, places, settings, args.wildcards)
    found = check_pack(opened.pack, opened.settings, wildcards)
    told = [PackProblem(0, 0, sentence) for sentence in (*opened.notices, *unread)]
    warnings = [*told, *found.warnings]
    if args.json:
        print_json({"prompts": found.prompts, "errors": found.errors, "warnings": warnings})
    else:
        errors = "1 error" if len(found.errors) == 1 else f"{len(found.errors)} errors"
        many = f", {found.count:,} variants" if found.count > found.prompts else ""
        out.print(f"{opened.pack.pack_id}: {found.prompts} prompts{many}, {errors}.", markup=False)
        _print_problems("error", found.errors)
        _print_problems("warning", warnings)
    return FAILED if found.errors else OK


def packs_expand(args: argparse.Namespace, places: Places) -> int:
    """Show the variants of a pack; exit 1 when it has errors."""
    if not 0 <= args.limit <= MOST_VARIANTS:
        raise InvalidInput(f"--limit {args.limit}: give 1 to {MOST_VARIANTS} variants.", "--limit")
    if args.seed is not None and not 0 <= args.seed <= MAX_SEED:
        raise InvalidInput(f"--seed {args.seed} is outside 0 to {MAX_SEED}.", "--seed")
    settings = settings_of(args, places)
    opened = open_pack(pack_path(args.pack, places, settings))
    wildcards, unread = wildcards_of(opened.path, places, settings, args.wildcards)
    randomizer = opened.settings.randomizer
    # Without a word about it, all that can be read at all: here nothing is made of them.
    usual = randomizer.limit if randomizer.limit not in (0, USUAL_LIMIT) else MOST_VARIANTS
    seed = args.seed if args.seed is not None else max(randomizer.seed, 0)
    found = expanded(opened, wildcards, limit=args.limit or usual, seed=seed)
    errors = (*opened.pack.errors, *found.errors)
    if args.json:
        document = {"count": found.count, "variants": [_plain(variant) for variant in found.variants]}
        print_json(document | ({"errors": errors} if errors else {}))
    else:
        for sentence in (*opened.notices, *unread):
            err.print(sentence, style="yellow", markup=False)
        _print_problems("error", errors)
        _print_problems("warning", found.warnings)
        if not errors:
            _print_variants(found)
    return FAILED if errors else OK


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
        table.add_row(str(variant.index), escape(variant.prompt), escape("; ".join(words)))
    out.print(table)
    shown = f"{len(found.variants):,} of {found.count:,} variants"
    out.print(shown if len(found.variants) < found.count else f"{found.count:,} variants")
