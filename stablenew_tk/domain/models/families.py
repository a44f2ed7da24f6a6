"""Families of models (SDXL, Flux, Z-Image …): how a file is known to be of one, what it needs, what suits it.

The table ships with the program as `families.json`, and a file of that name in the data folder adds to it or changes
single fields of an entry. What a header cannot tell (a base model or its distilled form) is a `FamilyVariant`, which is
known by names only; where nothing tells it, the ranges of the family are wide enough for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..config.spellings import FAMILY_TITLES, family_of
from .tensor_signs import Tensors, Ways

Range = tuple[float, float]
# Which node takes the shift: as a factor for networks told 1000 × t or 1 × t, or as an exponent; "" = none.
Shift = Literal["", "factor", "factor 1000", "exponent"]
# "guided": the parts of a sampler one by one; "size-aware": with the schedule that depends on the picture's size;
# "turbo": with the schedule of the Turbo models of Stability.
Sampling = Literal["", "guided", "size-aware", "turbo"]
# What the network predicts where it is not the noise: v, with zero terminal SNR; "told": the file itself tells it.
Prediction = Literal["", "v", "v zsnr", "told"]
# Between the ids of variants that hold together: "noobai+v-pred".
AND = "+"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+(?:step)?s?", re.ASCII)
_ENDING = re.compile(r"\.(safetensors|sft|ckpt|pth?|bin|gguf)$", re.IGNORECASE)
_XL = re.compile(r"(?<![A-Za-z])(?i:sd)?(?i:xl)(?![A-Za-z])|(?<=[a-z])XL(?![a-z])")


class FamilyVariant(Struct, frozen=True, kw_only=True):
    """A form of a family with other needs. What it says goes before what the family says; None and "" = nothing.

    `names` are words in names and sidecars, `signs` those of a header. `distilled`: made for CFG 1. One with a
    `prediction` stands beside another variant (a NoobAI may be one or not), and `title` goes behind that of the other.
    """

    id: str
    title: str = ""
    names: tuple[str, ...] = ()
    signs: Ways = ()
    distilled: bool = False
    guidance: bool | None = None
    own_workflow: bool = False
    latent: str = ""
    vae: tuple[str, ...] = ()
    sampling: Sampling = ""
    shift: Shift = ""
    prediction: Prediction = ""
    rescale_cfg: float = 0.0
    system_prompt: str = ""
    system_negative: str = ""
    ranges: Mapping[str, Range] = {}
    defaults: Mapping[str, Value] = {}


class Family(Struct, frozen=True, kw_only=True):
    """One family. All empty: nobody knows the family.

    `open` names what a header cannot tell. `text_encoders` are the files that it needs beside a bare diffusion model,
    each as names parted by |, in the order of the loader's inputs, and `vae` likewise; `whole`: it always comes as a
    whole checkpoint. `clip_type` is ComfyUI's word for how its text encoders are read, `padding` the least padding and
    length of the tokens. `guidance`: a distilled guidance acts. `neo_shift`: Forge Neo takes its shift as distilled
    CFG. `clip_skip` is the least that acts, 0 = none does. `ranges` are by path, or its last part for all stages.
    `own_workflow`: only a workflow of the user's makes pictures with it. `rescale_cfg` is how far CFG is toned down, 0
    to 1. `system_prompt` and `system_negative` are sentences that its text encoder wants before the words.
    """

    id: str = ""
    title: str = ""
    open: str = ""
    names: tuple[str, ...] = ()
    signs: Ways = ()
    lora_signs: Ways = ()
    text_encoders: tuple[str, ...] = ()
    clip_type: str = ""
    padding: tuple[int, int] | None = None
    vae: tuple[str, ...] = ()
    whole: bool = False
    latent: str = "EmptyLatentImage"
    noise_scale: float = 0.0
    sampling: Sampling = ""
    shift: Shift = ""
    neo_shift: bool = False
    guidance: bool = False
    distilled: bool = False
    clip_skip: int = 0
    lora_text_encoder: bool = False
    own_workflow: bool = False
    prediction: Prediction = ""
    rescale_cfg: float = 0.0
    system_prompt: str = ""
    system_negative: str = ""
    multiple: int = 8
    sizes: tuple[tuple[int, int], ...] = ()
    ranges: Mapping[str, Range] = {}
    defaults: Mapping[str, Value] = {}
    variants: tuple[FamilyVariant, ...] = ()

    def variant(self, variant_id: str) -> FamilyVariant | None:
        """The variant of that id; None when there is none."""
        return next((one for one in self.variants if one.id == variant_id), None)

    def named_variant(self, *texts: str, prediction: bool = False) -> tuple[FamilyVariant, str] | None:
        """The variant that the first of these texts names, and the text; with `prediction` one that has such."""
        for text in texts:
            words = _words(text)
            for one in self.variants:
                if bool(one.prediction) is prediction and any(f" {name.casefold()} " in words for name in one.names):
                    return one, text
        return None

    def named_variants(self, *texts: str) -> str:
        """The variants that these texts name, as `as_variant` takes them; "" for none."""
        found = (self.named_variant(*texts), self.named_variant(*texts, prediction=True))
        return AND.join(one[0].id for one in found if one is not None)

    def as_variant(self, variant_ids: str) -> Family:
        """The family with what its variants (ids joined by AND) say in place of its own; unchanged for unknown ones."""
        found = [one for name in variant_ids.split(AND) if (one := self.variant(name)) is not None]
        return reduce(_with_variant, found, self)

    def range_of(self, path: str) -> Range | None:
        """The range that suits it, for a path or for the last part of one; None where it says nothing."""
        return self.ranges.get(path) or self.ranges.get(path.rpartition(".")[2])


class TextEncoder(Struct, frozen=True):
    """A text encoder, and the signs by which its file is known."""

    id: str
    title: str = ""
    signs: Ways = ()


class FamilyCatalogue(Struct, frozen=True):
    """All families by id, in the order in which a header is tried, and the text encoders."""

    families: Mapping[str, Family] = {}
    text_encoders: Mapping[str, TextEncoder] = {}

    def family(self, family_id: str) -> Family:
        """The family of that id; one that only has this id when the table has none."""
        known = self.families.get(family_id)
        return known if known is not None else Family(id=family_id, title=FAMILY_TITLES.get(family_id, family_id))

    def id_of(self, written: str) -> str:
        """The family that a sidecar or a training tool calls so; what nobody knows passes through as it is written."""
        found = family_of(written)
        if found in FAMILY_TITLES or not found:
            return found
        folded = _folded(written)
        for one in self.families.values():
            if folded == _folded(one.id) or any(_folded(name) in folded for name in one.names if _folded(name)):
                return one.id
        return found

    def id_in_name(self, name: str) -> str:
        """The family that the name of a file tells; "" for none."""
        base = re.split(r"[/\\]", name)[-1]
        found = self.id_of(base)
        if (found in FAMILY_TITLES or found in self.families) and not (found == "sd15" and not _says_sd(base)):
            return found
        return "sdxl" if _XL.search(base) else ""

    def extended(self, changes: Iterable[Mapping[str, Any]], encoders: Iterable[TextEncoder] = ()) -> FamilyCatalogue:
        """With fields of entries changed, and further entries, which are tried before the others."""
        known, fresh = dict(self.families), {}
        for one in changes:
            old = known.get(one["id"])
            if old is None:
                fresh[one["id"]] = Family(**{"title": one["id"], **one})
            else:
                known[one["id"]] = _changed(old, one)
        found = {**self.text_encoders, **{one.id: one for one in encoders}}
        return FamilyCatalogue({**fresh, **known}, found)


class Recognised(Struct, frozen=True):
    """What the tensors of a file tell: its kind, its family (or text encoder), its variant; "" = not told."""

    kind: str = ""
    family: str = ""
    variant: str = ""


_LORA = (
    *(".lora_down.", ".lora_up.", ".lora_A.", ".lora_B.", ".lora.down.", ".lora.up.", ".hada_w1", ".lokr_w"),
    *(".oft_blocks", ".oft_diag", "\nlora_unet_", "\nlora_te", "\nlora_transformer_", "\nlycoris_", ".diff\n"),
    *(".diff_b\n", ".dora_scale\n", "lora_linear_layer.", ".lora_A\n", ".lora_up\n"),
)
_CONTROLNET = ("\ncontrol_model.", "\ncontrolnet_", "\nzero_convs", "\ncontrolnet_cond_embedding.")
_WORDS = ("\ncond_stage_model.", "\nconditioner.embedders.", "\ntext_encoders.")
_PICTURES = ("\nfirst_stage_model.", "\nvae.")
_EMBEDDING = ("\nemb_params\n", "\nstring_to_param", "\nclip_g\n", "\nclip_l\n")
_VAE = ("\ndecoder.conv_in.weight\n", "\ndecoder.up_blocks.", "\ndecoder.conv1.weight\n", "\ndecoder.middle.")
_UPSCALER = ("\nconv_first.weight\n", "\nmodel.0.weight\n")


def recognise(tensors: Tensors, families: FamilyCatalogue) -> Recognised:
    """Kind, family and variant of a file by the names and shapes of its tensors."""
    if tensors.holds_any(*_LORA):
        found = (one.id for one in families.families.values() if tensors.fit(one.lora_signs, lora=True))
        return Recognised("lora", next(found, ""))
    if tensors.holds_any(*_CONTROLNET):
        return Recognised("controlnet")
    family = next((one for one in families.families.values() if tensors.fit(one.signs)), None)
    if family is not None or tensors.holds_any("\nmodel.diffusion_model."):
        fitting = [one for one in family.variants if tensors.fit(one.signs)] if family else []
        plain = next((one.id for one in fitting if not one.prediction), "")
        variant = AND.join(filter(None, (plain, next((one.id for one in fitting if one.prediction), ""))))
        is_whole = tensors.holds_any(*_WORDS) or bool(family and family.whole)
        return Recognised("checkpoint" if is_whole else "diffusion model", family.id if family else "", variant)
    if tensors.holds_any(*_EMBEDDING):
        wide = tensors.holds_any("\nclip_g\n")
        return Recognised("embedding", "sdxl" if wide else "")
    encoder = next((one.id for one in families.text_encoders.values() if tensors.fit(one.signs)), "")
    if encoder:
        return Recognised("text encoder", encoder)
    if tensors.holds_any(*_WORDS):
        return Recognised("checkpoint")
    if tensors.holds_any(*_PICTURES, *_VAE):
        return Recognised("vae")
    return Recognised("upscaler" if tensors.holds_any(*_UPSCALER) else "")


def files_for(need: str, listed: Iterable[str]) -> tuple[str, ...]:
    """The files that one of the names parted by | means, of the first such name, the plainest file first.

    Folders and endings do not count, nor whether words are parted by points, dashes, underscores or nothing.
    """
    names = {name: _ENDING.sub("", re.split(r"[/\\]", name)[-1]) for name in listed}
    for word in need.split("|"):
        parts = re.findall(r"[a-z]+|\d+", word.casefold())
        if not parts:
            continue
        pattern = re.compile(rf"(?<![a-z0-9]){'[ ._-]*'.join(parts)}(?![a-z])")
        found = [name for name, base in names.items() if pattern.search(base.casefold())]
        if found:
            return tuple(sorted(found, key=lambda name: (len(names[name]), name)))
    return ()


def _with_variant(family: Family, one: FamilyVariant) -> Family:
    ranges, defaults = {**family.ranges, **one.ranges}, {**family.defaults, **one.defaults}
    if one.prediction and family.distilled:
        # How few steps and how little CFG it takes counts more than what it predicts.
        ranges, defaults = {**one.ranges, **family.ranges}, {**one.defaults, **family.defaults}
    return replace(
        family,
        title=f"{family.title} {one.title}" if one.prediction else one.title or family.title,
        open="",
        distilled=family.distilled or one.distilled,
        guidance=family.guidance if one.guidance is None else one.guidance,
        own_workflow=family.own_workflow or one.own_workflow,
        latent=one.latent or family.latent,
        vae=one.vae or family.vae,
        sampling=one.sampling or family.sampling,
        shift=one.shift or family.shift,
        prediction=one.prediction or family.prediction,
        rescale_cfg=one.rescale_cfg or family.rescale_cfg,
        system_prompt=one.system_prompt or family.system_prompt,
        system_negative=one.system_negative or family.system_negative,
        ranges=ranges,
        defaults=defaults,
        variants=(),
    )


def _changed(old: Family, changes: Mapping[str, Any]) -> Family:
    """The entry with some fields changed; single ranges, defaults and variants stand beside those that it has."""
    new = dict(changes)
    for key in ("ranges", "defaults"):
        if key in new:
            new[key] = {**getattr(old, key), **new[key]}
    if "variants" in new:
        mine = {one.id: one for one in new["variants"]}
        new["variants"] = (*mine.values(), *(one for one in old.variants if one.id not in mine))
    return replace(old, **new)


def _words(text: str) -> str:
    """The words of a name with a blank around each; those of an ending and of folders do not count."""
    spaced = re.sub(r"(\d)[ _-]?(?=steps?\b|Steps?\b)", r"\1", text)
    plain = re.sub(r"[^0-9a-z.]+|(?<!\d)\.|\.(?!\d)", " ", spaced.casefold())
    split = " ".join(found[0] for found in _WORD.finditer(spaced)).casefold()
    # "HyperRealism" is a look, "Hyper" a distilled model.
    return f" {plain}  {split} ".replace("steps ", "step ").replace(" hyper real", " hyperreal")


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _says_sd(name: str) -> bool:
    """Whether SD 1.5 is really meant: a name that begins with v1 mostly counts its own versions."""
    return re.search(r"sd[ _-]?v?1|stable.?diffusion|v1[-_.]?[345]", name, re.IGNORECASE) is not None
