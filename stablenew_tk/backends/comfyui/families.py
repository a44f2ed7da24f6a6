"""What model files say about themselves: the family of a checkpoint, whom a LoRA is made for, what it is also called.

A server shows of a file only what its trainer wrote into the header (`/view_metadata`), never its tensors, and many
files say nothing. What is not said stays unknown here: nothing is taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.config.spellings import FAMILY_TITLES, family_of
from .object_info import ServerWords, base_name, pick

# Whose LoRAs fit nothing else. Those of newer families may fit a relative in part.
ARCHITECTURES = frozenset(("sdxl", "sd15", "sd21", "sd3", "flux", "flux2"))
# Families that the graphs are not made for. They are told from SD1.5 only so that nothing of SD1.5 is sent to them.
_OTHERS = re.compile(r"kolors|hunyuan|cascade|playground", re.IGNORECASE)
# By these the family of a LoRA or checkpoint is written, the surest first.
_WRITTEN_IN = ("modelspec.architecture", "ss_base_model_version")


class LoraEffect(Struct, frozen=True):
    """Whether the server applied the LoRAs of a picture: `ignored` for sure, or `unchecked`; sentences for the user."""

    ignored: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def family_in(metadata: Mapping[str, object]) -> str:
    """The family that a model's file says it is of or was made for; "" when it names none that is known."""
    for key in _WRITTEN_IN:
        written = metadata.get(key)
        if not isinstance(written, str):
            continue
        if (family := family_of(written)) in FAMILY_TITLES:
            return family
        if found := _OTHERS.search(written[:200]):
            return found[0].casefold()
    return ""


def alias_in(metadata: Mapping[str, object]) -> str:
    """The name that a LoRA was given by the tool that trained it; "" for none."""
    written = metadata.get("ss_output_name")
    return written.strip() if isinstance(written, str) else ""


def family_title(family: str) -> str:
    """A family in a sentence."""
    return FAMILY_TITLES.get(family, family)


def lora_file(path: str, name: str, server: ServerWords) -> str:
    """The file of a LoRA that a prompt names: by its file's name, else by its alias. Raises Refused."""
    try:
        return pick(path, name, server.loras, server.name, kind="LoRA", others=server.lora_aliases)
    except Refused:
        files = alias_files(name, server)
        if len(files) == 1:
            return files[0]
        if not files:
            raise
    few = ", ".join(map(base_name, files[:4]))
    raise Refused(f"{path}: {server.name} has {len(files)} LoRAs that were trained as {name!r}: {few}. Name one.")


def alias_files(name: str, server: ServerWords) -> tuple[str, ...]:
    """The LoRA files that were trained under this name."""
    wanted = name.strip().casefold()
    return next((files for alias, files in server.lora_aliases.items() if alias.casefold() == wanted), ())


def lora_effect(loras: Mapping[str, str], checkpoint: str, family: str, *, is_sure: bool) -> LoraEffect:
    """Whether LoRAs do anything with a checkpoint of this family. `loras` has the family of each by file, "" = unknown.

    `is_sure`: more than a file's name tells the checkpoint's family. ComfyUI applies what fits of a LoRA and says
    nothing about the rest, so only families can be compared.
    """
    ignored, unchecked = [], []
    base = f"the checkpoint {base_name(checkpoint)}"
    for file, made_for in loras.items():
        name, doubt = f"LoRA {base_name(file)}", "whether it had an effect could not be checked"
        purpose = f"It was made for {family_title(made_for)}"
        if not made_for:
            unchecked.append(f"{name}: {doubt}. Its file does not say for what it was made.")
        elif not family:
            unchecked.append(f"{name}: {doubt}. {purpose}, and the family of {base} cannot be told.")
        elif made_for != family and not is_sure:
            told = f"the name of {base} tells {family_title(family)}"
            unchecked.append(f"{name}: {doubt}. {purpose}, {told}, its file nothing.")
        elif made_for != family and not {made_for, family} <= ARCHITECTURES:
            # LoRAs of one of the other families may fit another one in part.
            unchecked.append(f"{name}: {doubt}. {purpose}, {base} is {family_title(family)}.")
        elif made_for != family:
            ignored.append(
                f"{name}: it was made for {family_title(made_for)}, {base} is {family_title(family)}, so the "
                "server ignored it. The picture does not count."
            )
    return LoraEffect(tuple(ignored), tuple(unchecked))
