"""The LoRAs that a checkpoint's profile adds to a run, with what weight, and why one of them is left out.

They are soft defaults, like everything a profile says: a prompt that names the LoRA, the pack that varies it, and the
user go before them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..base.lora_tags import AddedLora, lora_key, loras_in
from ..base.wording import counted
from .precedence import context_key
from .profile import LoraOverlay, ModelProfile, presets_in_force

MOST_REMEMBERED = 500


class ProfileLora(Struct, frozen=True, kw_only=True):
    """A LoRA of a profile. `tag` is its name where the pictures are made, "" when it is left out; `why` says why, or
    what else there is to say. `off`: the user switched it off. `preset` is the preset that names it, `aliases` are
    other names by which a prompt may call the LoRA.
    """

    name: str
    weight: float
    preset: str = ""
    tag: str = ""
    why: str = ""
    off: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """ "LoRA harbour 0.6"."""
        return f"LoRA {self.name} {self.weight:g}"


def overlays_in_force(profile: ModelProfile | None) -> tuple[tuple[LoraOverlay, str], ...]:
    """The LoRAs of the presets that count, each with the label of its preset; the first preset with a LoRA wins."""
    found: dict[str, tuple[LoraOverlay, str]] = {}
    for preset in presets_in_force(profile) if profile is not None else ():
        for one in preset.lora_overlays:
            found.setdefault(lora_key(one.name), (one, preset.label or preset.id))
    return tuple(found.values())


def profile_loras(
    profile: ModelProfile | None,
    *,
    prompts: Sequence[str] = (),
    backend: Sequence[str] | None = None,
    off: Collection[str] = (),
    varied: Collection[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
) -> tuple[ProfileLora, ...]:
    """What becomes of each LoRA of a checkpoint's profile in a run with these prompts.

    `backend` are the names it has, None = not known yet. `off` are names that the user switched off, `varied` those
    that the pack itself varies. `aliases` has other names of a LoRA by the name in the profile.
    """
    offered = {lora_key(name): name for name in backend or ()}
    varied_keys, off_keys = set(map(lora_key, varied)), set(map(lora_key, off))
    named_in = [set(map(lora_key, loras_in(prompt))) for prompt in prompts]
    found = []
    for overlay, preset in overlays_in_force(profile):
        key, why, tag = lora_key(overlay.name), "", ""
        others = tuple((aliases or {}).get(overlay.name, ()))
        keys = {key, *map(lora_key, others)}
        count = sum(not keys.isdisjoint(named) for named in named_in)
        if key in off_keys:
            why = "switched off"
        elif backend is not None and key not in offered:
            why = "not on this server, so it is left out"
        elif not keys.isdisjoint(varied_keys):
            why = "varied by the pack, which decides"
        elif named_in and count == len(named_in):
            why = "already in the prompt, which decides"
        else:
            tag = offered.get(key, overlay.name)
            why = f"{count} of {counted(len(named_in), 'prompt')} name it already" if count else ""
        one = ProfileLora(name=overlay.name, weight=overlay.weight, preset=preset, tag=tag, why=why, aliases=others)
        found.append(replace(one, off=key in off_keys))
    return tuple(found)


def added(loras: Sequence[ProfileLora]) -> tuple[AddedLora, ...]:
    """The LoRAs to add to prompts that do not name them."""
    return tuple(AddedLora(one.tag, one.weight, (one.name, *one.aliases)) for one in loras if one.tag)


def left_out(loras: Sequence[ProfileLora]) -> str:
    """One line about the LoRAs that are not added, or not to all prompts; "" when there are none.

    What the user switched off needs no words.
    """
    return ". ".join(f"{one.words} is {one.why}" if not one.tag else f"{one.words}: {one.why}" for one in told(loras))


def told(loras: Sequence[ProfileLora]) -> tuple[ProfileLora, ...]:
    """Those about which there is something to say."""
    return tuple(one for one in loras if one.why and not one.off)


# ---- what the user switched off, for each checkpoint, as the settings remember it


def switched_off(remembered: Sequence[str], checkpoint: str) -> frozenset[str]:
    """The LoRAs that are switched off for a checkpoint."""
    ending = context_key("", checkpoint)
    return frozenset(one.removesuffix(ending) for one in remembered if one.endswith(ending))


def turned(remembered: Sequence[str], checkpoint: str, name: str, *, on: bool) -> tuple[str, ...]:
    """What to remember once a LoRA is switched on or off for a checkpoint; the oldest are forgotten."""
    key = context_key(name, checkpoint)
    others = [one for one in remembered if one != key]
    return tuple(others if on else [*others, key])[-MOST_REMEMBERED:]
