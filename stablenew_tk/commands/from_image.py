"""`packs from-image`: prints the prompt and settings stored in a picture of any tool, or adds the prompt to a pack."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import replace
from rich.table import Table

from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.controlnet import told_units, written
from ..domain.prompts.pack import pack_block
from ..domain.recipes.infotext import parse
from ..domain.recipes.recipe import Recipe
from ..storage.disk.files import is_link, is_there, read_bounded, real_path, typed_path, write_atomic
from ..storage.disk.places import Places
from ..storage.packs.reader import SIZE_LIMIT, read_pack
from ..storage.pictures.metadata import read_recipe
from .terminal import OK, out, print_json


def packs_from_image(args: argparse.Namespace, _places: Places) -> int:
    """Show how a picture was made; with --to add its prompt to a pack."""
    file = typed_path(args.file)
    with warnings.catch_warnings():
        # Pillow warns on standard error of EXIF that is a little wrong; what matters is said by ourselves.
        warnings.simplefilter("ignore")
        recipe = read_recipe(file)
    notices = list(recipe.notices)
    if args.to:
        notices += _add_to_pack(typed_path(args.to), file.stem, recipe)
    if args.controlnet:
        notices.append(_write_units(typed_path(args.controlnet), recipe))
    if args.json:
        found = {"tool": recipe.tool, "prompt": recipe.prompt, "negative": recipe.negative, "seed": recipe.seed}
        print_json({**found, "settings": recipe.values, "notices": notices, "left_out": to_builtins(recipe.left_out)})
        return OK
    _show(recipe)
    for notice in notices:
        out.print(notice, markup=False)
    if args.to:
        out.print(f"The prompt was added to {args.to}.", markup=False)
    return OK


def _write_units(file: Path, recipe: Recipe) -> str:
    """Write the units of a picture, whose own pictures are to be named by hand. Gives the sentence that says so."""
    units = told_units(parse(recipe.infotext).values)
    if not units:
        raise InvalidInput("No ControlNet units are told in the picture, so nothing was written.", "--controlnet")
    if is_there(file):
        raise InvalidInput(f"--controlnet {file}: this file is there already. Name a new one.", "--controlnet")
    write_atomic(file, written([replace(unit, image="PICTURE.png") for unit in units]))
    return f"{counted(len(units), 'unit')} written to {file.name}. Put the name of its picture in for PICTURE.png."


def _show(recipe: Recipe) -> None:
    out.print(f"Made with {recipe.tool}.", markup=False)
    out.print(f"Prompt: {recipe.prompt}", markup=False)
    if recipe.negative:
        out.print(f"Negative: {recipe.negative}", markup=False)
    table = Table(box=None, show_header=False)
    if recipe.seed is not None:
        table.add_row("seed", str(recipe.seed))
    for path, value in recipe.values.items():
        table.add_row(path, _shown(value))
    out.print(table, markup=False)
    for one in recipe.left_out:
        out.print(f"Left out: {one.what}: {one.value} ({one.why})", markup=False)


def _shown(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _add_to_pack(pack: Path, name: str, recipe: Recipe) -> list[str]:
    """Write the prompt at the end of a pack, every byte before it as it was. Gives what could not be kept."""
    if pack.suffix.lower() != ".txt":
        raise InvalidInput(f"--to {pack}: a pack is a text file whose name ends in .txt.", "--to")
    if not recipe.prompt:
        raise InvalidInput(f"There is no prompt in the picture, so nothing was added to {pack.name}.", "--to")
    target = real_path(pack)
    if is_link(target):
        raise InvalidInput(f"--to {pack}: this is a link that leads to itself.", "--to")
    before = b""
    if is_there(pack):
        read_pack(pack)  # refuses what is no text in UTF-8
        before = read_bounded(pack, SIZE_LIMIT)
    block = pack_block(name.encode("utf-8", "replace").decode("utf-8"), recipe.prompt, recipe.negative)
    # A blank line parts prompts; a last line without its end needs one more.
    gap = "" if not before else "\n" if before.endswith(b"\n") else "\n\n"
    text = f"{gap}{block}"
    after = before + (text.replace("\n", "\r\n") if b"\r\n" in before else text).encode("utf-8")
    if len(after) > SIZE_LIMIT:
        raise InvalidInput(f"{pack.name} would become larger than {SIZE_LIMIT:,} bytes. Start a new pack.", "--to")
    # Through a link to the file itself, else the link would be replaced by a file.
    write_atomic(target, after)
    if block.partition("\n")[2].startswith(", ") and not recipe.prompt.lstrip().startswith(","):
        return ["The prompt begins with what means something else in a pack. A comma was put before it."]
    return []
