"""Styles (what suits realism, portraits, anime…) and the names by which refiners and upscalers are asked for.

A style or profile names a refiner by a logical id such as "4x_ultrasharp". The alias table says which of the names
that a backend reports is meant; one that is not installed is skipped, never sent. Both tables ship with the program,
and a file `styles.json` of the user adds to them or replaces single entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from ..config.catalogue import range_of
from ..config.lenient_reader import Fields, Problems, read_object
from .families import FamilyCatalogue

NONE = "none"
_DENOISE = range_of("hires.denoise")
# The predecessor's code called it so while its document used the longer name.
_RENAMED = {"sdxl_portrait": "sdxl_portrait_realism"}
_ENDING = re.compile(r"\.(safetensors|ckpt|pth|pt|bin|gguf|onnx)$")
_HASH = re.compile(r"\s*\[[0-9a-f]{6,64}\]$")


class StyleProfile(Struct, frozen=True, kw_only=True):
    """Soft defaults of a style. `hires_denoise_range` is the useful range for a sweep; None = not said."""

    style_profile_id: str
    label: str = ""
    model_family: str = ""
    default_refiner_id: str | None = None
    default_hires_upscaler_id: str | None = None
    default_hires_denoise: float | None = None
    hires_denoise_range: tuple[float, float] | None = None


class Alias(Struct, frozen=True, kw_only=True):
    """A logical id and the names it may have on a machine.

    `patterns` are tried in order; `*` stands for anything, and case, blanks, dots, dashes and underscores do not
    count. Names that hold a word of `without` are never meant.
    """

    id: str
    label: str = ""
    kind: Literal["refiner", "upscaler"] = "upscaler"
    family: str = ""
    role: str = ""
    patterns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class StyleCatalogue(Struct, frozen=True):
    """All styles and aliases by id, and the families of models."""

    styles: Mapping[str, StyleProfile] = {}
    aliases: Mapping[str, Alias] = {}
    families: FamilyCatalogue = FamilyCatalogue()

    def style(self, style_id: str) -> StyleProfile | None:
        """The style of that id, older names included; None when there is none."""
        return self.styles.get(style_id) or self.styles.get(_RENAMED.get(style_id, style_id))

    def resolve_alias(self, logical_id: str, offered: Sequence[str]) -> str | None:
        """The offered name that is meant: exactly that name first, then by the patterns of the id, then the same name
        in another spelling. Of several the plainest, and of those the newest. None = not installed.
        """
        if logical_id in offered:
            return logical_id
        names = {name: folded for name in offered if (folded := _folded(name))}
        alias = self.aliases.get(logical_id)
        if alias is not None:
            unwanted = [_folded(word) for word in alias.without]
            wanted = {name: folded for name, folded in names.items() if not any(word in folded for word in unwanted)}
            for pattern in alias.patterns:
                hits = [name for name, folded in wanted.items() if fnmatchcase(folded, _folded(pattern))]
                if hits:
                    return max(hits, key=lambda name: (-len(re.sub(r"\d", "", names[name])), _numbers(names[name])))
        return next((name for name, folded in names.items() if folded == _folded(logical_id)), None)

    def extended(self, other: StyleCatalogue) -> StyleCatalogue:
        """With the entries of another catalogue, which replace those of the same id."""
        return StyleCatalogue({**self.styles, **other.styles}, {**self.aliases, **other.aliases}, self.families)


def read_catalogue(data: bytes, file: str) -> tuple[StyleCatalogue, tuple[str, ...]]:
    """Styles and aliases of a file, and sentences about what could not be used. A bad entry costs only itself."""
    problems = Problems(file)
    fields = read_object(data, problems)
    if fields is None:
        return StyleCatalogue(), problems.sentences()
    styles = {style.style_profile_id: style for one in fields.items("styles") if (style := _style(one)) is not None}
    aliases = {alias.id: alias for one in fields.items("aliases") if (alias := _alias(one)) is not None}
    if not styles and not aliases and not problems.sentences():
        problems.add(': holds neither "styles" nor "aliases"; nothing was read. See the shipped file for an example.')
    return StyleCatalogue(styles, aliases), problems.sentences()


def _style(fields: Fields) -> StyleProfile | None:
    style_id = fields.text("style_profile_id", "id")
    if not style_id:
        fields.refuse("style_profile_id", "is missing; this style was left out. Give it an id.")
        return None
    return StyleProfile(
        style_profile_id=style_id,
        label=fields.text("label") or style_id,
        model_family=fields.text("model_family"),
        default_refiner_id=fields.text("default_refiner_id") or None,
        default_hires_upscaler_id=fields.text("default_hires_upscaler_id") or None,
        default_hires_denoise=fields.number("default_hires_denoise", *_DENOISE),
        hires_denoise_range=fields.span("hires_denoise_range", *_DENOISE),
    )


def _alias(fields: Fields) -> Alias | None:
    alias_id = fields.text("id")
    if not alias_id:
        fields.refuse("id", "is missing; this alias was left out. Give it an id.")
        return None
    return Alias(
        id=alias_id,
        label=fields.text("label") or alias_id,
        kind="refiner" if fields.text("kind").casefold() == "refiner" else "upscaler",
        family=fields.text("family"),
        role=fields.text("role"),
        patterns=fields.words("patterns"),
        without=fields.words("without"),
    )


def _folded(name: str) -> str:
    last = re.split(r"[/\\]", name.casefold())[-1]
    bare = _ENDING.sub("", _HASH.sub("", last))
    # A plus tells upscalers apart: "R-ESRGAN 4x" and "R-ESRGAN 4x+".
    return "".join(char for char in bare if char.isalnum() or char in "*+")


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d{1,9}", name))
