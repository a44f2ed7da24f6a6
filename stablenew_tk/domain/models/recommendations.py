"""What the files beside a model recommend, from whatever tool they come: one result, every value with its source.

Each file gives a `Reading`. They are merged in a fixed order, a person's intent first: our profile, the style it
names, the WebUI's own sidecar, LoRA Manager, StabilityMatrix, SwarmUI, the header of the model file, Civitai. The
losers are kept, so that the window can offer them ("use instead…").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value, parameter
from ..config.origins import Origin
from ..config.spellings import kind_by_folders
from .checkpoint_series import Merge
from .families import AND, Family, FamilyCatalogue, FamilyVariant, Recognised
from .idle_settings import can_be_told
from .lora_series import Training
from .profile import LoraProfile, ModelProfile, Tier
from .style import NONE, StyleCatalogue, StyleProfile

# In order of precedence.
Dialect = Literal["modelprofile", "loraprofile", "webui", "metadata", "cm-info", "swarm", "header", "civitai"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
OURS: tuple[Dialect, ...] = ("modelprofile", "loraprofile")
# What makes pictures from a prompt: a whole checkpoint, or one whose text encoders and VAE are files of their own.
CHECKPOINTS = ("checkpoint", "diffusion model")
_NAMED_KINDS = (*CHECKPOINTS, "lora", "")
FAMILY_WORD = "family"
_TOOLS: Mapping[Dialect, str] = {
    "modelprofile": "StableNew profile",
    "loraprofile": "StableNew profile",
    "webui": "WebUI",
    "metadata": "LoRA Manager",
    "cm-info": "StabilityMatrix",
    "swarm": "SwarmUI",
    "header": "header of the file",
    "civitai": "Civitai",
}
SAMPLER, SCHEDULER = "txt2img.sampler", "txt2img.scheduler"
REFINER, UPSCALER, DENOISE = "refiner.checkpoint", "hires.upscaler", "hires.denoise"


def is_kind(kind: str, wanted: str) -> bool:
    """Whether a model of this kind is of the wanted one, "" = any: a bare diffusion model is chosen as a checkpoint."""
    return wanted in ("", kind) or (wanted == "checkpoint" and kind in CHECKPOINTS)


class FieldValue(Struct, frozen=True):
    """A recommended value; `source` names the file, the tool that writes such files, and the evidence.

    `ours` marks what our own profile or its style says: somebody chose it for this very model. `plan_id` is the
    Learning Run that found it, "" when the profile does not tell which; None = it was not learned. `word` is what a
    mark says instead of its usual word: `FAMILY_WORD` for what suits the family.
    """

    value: Value
    origin: Origin
    source: str
    ours: bool = False
    plan_id: str | None = None
    word: str = ""


class Weight(Struct, frozen=True):
    """A recommended LoRA weight; `rating` only where somebody rated it."""

    weight: float
    rating: Tier | None
    source: str


class Note(Struct, frozen=True):
    """Free text that came with a model, without HTML. It may recommend settings; they are never taken from it."""

    text: str
    source: str


class Hashes(Struct, frozen=True, kw_only=True):
    """Hashes of a model file, lower case, "" = not known. `storage.models.hashes` tells what each one covers."""

    sha256: str = ""
    autov1: str = ""
    autov2: str = ""
    autov3: str = ""


class FileRecommendation(Struct, frozen=True, kw_only=True):
    """What one file says. `values` hold catalogue paths; refiner and upscaler may be logical ids.

    `evidence` tells for single paths, or "weights", what they rest on, `learned` which Learning Run found the value
    ("" = not told). `names` are those by which a prompt may call the model. `training` and `merge` are what a header
    tells, `seen` what its tensors tell; `family` is what the file says in words, and `base` these words.
    `phrases_guessed` marks trigger phrases that were only counted in training captions.
    """

    file: str
    dialect: Dialect
    kind: str = ""
    family: str = ""
    base: str = ""
    seen: Recognised = Recognised()
    title: str = ""
    names: tuple[str, ...] = ()
    values: Mapping[str, Value] = {}
    evidence: Mapping[str, str] = {}
    learned: Mapping[str, str] = {}
    trigger_phrases: tuple[str, ...] = ()
    phrases_guessed: bool = False
    negative: str = ""
    weights: tuple[tuple[float, Tier | None], ...] = ()
    weight_range: tuple[float, float] | None = None
    note: str = ""
    hashes: Hashes = Hashes()
    style_id: str = ""
    profile: ModelProfile | None = None
    lora_profile: LoraProfile | None = None
    training: Training = Training()
    merge: Merge = Merge()
    problems: tuple[str, ...] = ()

    @property
    def says_anything(self) -> bool:
        """Whether there is more in it than its name and its problems."""
        empty = FileRecommendation(
            file=self.file, dialect=self.dialect, training=self.training, merge=self.merge, problems=self.problems
        )
        return self != empty

    def source(self, path: str = "") -> str:
        """The file, who writes such files, and what the value at `path` rests on."""
        evidence = self.evidence.get(path, "")
        return f"{self.file} · {_TOOLS[self.dialect]}{f' · {evidence}' if evidence else ''}"


class FamilyFinding(Struct, frozen=True):
    """The family of a model and its variant by id ("" = not known), and who tells each: "header: demo.safetensors"."""

    value: str = ""
    source: str = ""
    variant: str = ""
    variant_source: str = ""


class ModelSettings(Struct, frozen=True, kw_only=True):
    """Everything known about one model. `offers` holds per catalogue path all recommended values, the winner first.

    `kind` is checkpoint, diffusion model, lora, vae, text encoder, embedding, upscaler, or another word; `family`
    "sdxl", "sd15"… or "", and `found` who tells it. `previews` are file names, the best first. `sources` are the files
    that said something.
    """

    kind: str = ""
    family: str = ""
    found: FamilyFinding = FamilyFinding()
    title: str = ""
    names: tuple[str, ...] = ()
    offers: Mapping[str, tuple[FieldValue, ...]] = {}
    trigger_phrases: tuple[str, ...] = ()
    trigger_source: str = ""
    negative: str = ""
    weights: tuple[Weight, ...] = ()
    weight_range: tuple[float, float] | None = None
    notes: tuple[Note, ...] = ()
    hashes: Hashes = Hashes()
    style: StyleProfile | None = None
    profile: ModelProfile | None = None
    lora_profile: LoraProfile | None = None
    previews: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, FieldValue]:
        """The winner of each path."""
        return {path: offered[0] for path, offered in self.offers.items()}


class Usable(Struct, frozen=True):
    """The winners in the backend's names, and sentences about what it does not have."""

    values: Mapping[str, FieldValue]
    notices: tuple[str, ...] = ()


def merged(
    readings: Sequence[FileRecommendation],
    styles: StyleCatalogue,
    *,
    name: str = "",
    folders: Sequence[str] = (),
    previews: Sequence[str] = (),
) -> ModelSettings:
    """One result out of all files of a model. `name` is that of its file, `folders` those of the folders it lies in,
    outermost first.
    """
    ordered = sorted(readings, key=lambda one: DIALECTS.index(one.dialect))
    style, unknown = _style(ordered, styles)
    triggers = next((one for one in ordered if one.trigger_phrases and not one.phrases_guessed), None)
    triggers = triggers or next((one for one in ordered if one.trigger_phrases), None)
    kind = _kind(ordered, folders)
    told = [
        FamilyWords(one.dialect, one.file, one.family, one.base or one.family, one.seen, one.title) for one in ordered
    ]
    found = family_among(told, styles.families, kind=kind, name=name)
    return ModelSettings(
        kind=kind,
        family=found.value,
        found=found,
        title=next((one.title for one in ordered if one.title), ""),
        names=tuple(dict.fromkeys(name for one in ordered for name in one.names)),
        offers=_with_family(_offers(ordered, style), found, styles.families, kind),
        trigger_phrases=triggers.trigger_phrases if triggers else (),
        trigger_source=triggers.source("trigger_phrases") if triggers else "",
        negative=next((one.negative for one in ordered if one.negative), ""),
        weights=_weights(ordered),
        weight_range=next((one.weight_range for one in ordered if one.weight_range), None),
        notes=tuple(Note(one.note, one.source()) for one in ordered if one.note),
        hashes=_hashes(ordered),
        style=style,
        profile=next((one.profile for one in ordered if one.profile is not None), None),
        lora_profile=next((one.lora_profile for one in ordered if one.lora_profile is not None), None),
        previews=tuple(previews),
        sources=tuple(one.file for one in ordered if one.says_anything),
        problems=(*(problem for one in ordered for problem in one.problems), *unknown),
    )


def usable(
    settings: ModelSettings,
    styles: StyleCatalogue,
    offered: Callable[[str], Sequence[str]],
    *,
    checkpoint: str = "",
    features: Collection[str] | None = None,
) -> Usable:
    """The winners that a backend can work with; a name it does not have is skipped with a notice.

    `offered` gives the backend's names for samplers, checkpoints and so on; an empty list means that they are not
    known: plain names are kept then, logical ids skipped. A refiner or a hires upscaler that our profile or its style
    names is also switched on; a checkpoint does not refine itself. `features` of the backend decide whether it is given
    the guidance and shift that suit the family; None = not known.
    """
    family = styles.families.family(settings.family)
    values: dict[str, FieldValue] = {}
    notices: list[str] = []
    for path, field in settings.values.items():
        if field.word == FAMILY_WORD and features is not None and not can_be_told(path, family, features):
            continue
        choices = parameter(path).choices
        if not choices:
            values[path] = field
            continue
        name = str(field.value)
        known = offered(choices)
        found = styles.resolve_alias(name, known) if known else None if name in styles.aliases else name
        if path == REFINER and found == checkpoint:
            continue
        if choices == "schedulers" and not known and features is not None and not _has_joined(name, offered):
            found = None
        if found is not None:
            values[path] = replace(field, value=found)
        elif (known or choices == "schedulers") and name.casefold() not in ("", NONE) and field.word != FAMILY_WORD:
            label = styles.aliases[name].label if name in styles.aliases else name
            notices.append(f"{parameter(path).title}: {label} is not installed there, so it is left out.")
    values |= dict(_switches(settings, values))
    if settings.kind in CHECKPOINTS:
        who, table = settings.found, styles.families
        told = (open_question(who, table), prediction_words(who, table, features))
        notices += [sentence for sentence in told if sentence]
    return Usable(values, tuple(notices))


def _has_joined(scheduler: str, offered: Callable[[str], Sequence[str]]) -> bool:
    """Whether an engine without schedulers has it as a part of a sampler's name, or leaves it to the sampler."""
    return scheduler == "Automatic" or any(one.endswith(f" {scheduler}") for one in offered("samplers"))


def _switches(settings: ModelSettings, values: Mapping[str, FieldValue]) -> Iterator[tuple[str, FieldValue]]:
    for path in (REFINER, UPSCALER):
        field = settings.values.get(path)
        # What the pictures on a website used is no reason to switch a pass on.
        if field is None or not field.ours:
            continue
        switch = f"{path.partition('.')[0]}.enabled"
        if path in values:
            yield switch, replace(field, value=True)
        elif str(field.value).casefold() == NONE:
            yield switch, replace(field, value=False)


class FamilyWords(Struct, frozen=True):
    """What one file tells of the family: `family` as it is spelled here, `base` as it is written, `seen` in tensors."""

    dialect: Dialect
    file: str
    family: str = ""
    base: str = ""
    seen: Recognised = Recognised()
    title: str = ""

    @property
    def source(self) -> str:
        """Who tells it: "header: demo.safetensors", "sidecar: demo.civitai.info"."""
        return f"{'header' if self.dialect == 'header' else 'sidecar'}: {self.file}"


def family_among(
    told: Sequence[FamilyWords], families: FamilyCatalogue, *, kind: str = "", name: str = ""
) -> FamilyFinding:
    """The family as `family_told` says it, and its variant.

    The variant, which tensors mostly do not tell, is looked for in the same order in all words that describe the model.
    """
    value, source = family_told(told, families, kind=kind, name=name)
    if kind not in CHECKPOINTS:
        return FamilyFinding(value, source)
    family = families.family(value)
    both = (_variant(family, told, name), _prediction(family, told, name))
    known = [(variant.id, whose) for variant, whose in both if variant is not None]
    whose = "; ".join(dict.fromkeys(whose for _, whose in known))
    return FamilyFinding(value, source, AND.join(variant for variant, _ in known), whose)


def family_told(
    told: Sequence[FamilyWords], families: FamilyCatalogue, *, kind: str = "", name: str = ""
) -> tuple[str, str]:
    """The family's id and who tells it: the tensors, else what a file says, in order of precedence, else the name of
    the file.
    """
    # Asked one after the other: what a name tells takes longer to find out than all the rest.
    if seen := next((one for one in told if one.seen.family), None):
        return seen.seen.family, seen.source
    if said := next(((found, one.source) for one in told if (found := families.id_of(one.family))), None):
        return said
    found = families.id_in_name(name) if kind in _NAMED_KINDS and name else ""
    return found, f"file name: {name}" if found else ""


def _variant(family: Family, told: Sequence[FamilyWords], name: str) -> tuple[FamilyVariant | None, str]:
    if found := _named(family, told, name, prediction=False):
        return found
    # What a header shows goes last: "inpaint" or "medium" is less than "turbo".
    return _seen(family, told, prediction=False)


def _prediction(family: Family, told: Sequence[FamilyWords], name: str) -> tuple[FamilyVariant | None, str]:
    # What the file itself says every engine sees; only where it is silent, others count.
    seen = _seen(family, told, prediction=True)
    return seen if seen[0] is not None else _named(family, told, name, prediction=True) or (None, "")


def _named(
    family: Family, told: Sequence[FamilyWords], name: str, *, prediction: bool
) -> tuple[FamilyVariant, str] | None:
    for one in told:
        if found := family.named_variant(one.base, prediction=prediction):
            return found[0], one.source
    for one in told:
        if found := family.named_variant(one.title, prediction=prediction):
            return found[0], one.source
    if found := family.named_variant(name, prediction=prediction):
        return found[0], f"file name: {name}"
    return None


def _seen(family: Family, told: Sequence[FamilyWords], *, prediction: bool) -> tuple[FamilyVariant | None, str]:
    for one in told:
        for name in one.seen.variant.split(AND):
            variant = family.variant(name)
            if variant is not None and bool(variant.prediction) is prediction:
                return variant, one.source
    return None, ""


def _with_family(
    offers: dict[str, tuple[FieldValue, ...]], found: FamilyFinding, families: FamilyCatalogue, kind: str
) -> dict[str, tuple[FieldValue, ...]]:
    """The offers, behind them what suits the family."""
    if kind not in CHECKPOINTS or not found.value:
        return offers
    family = families.family(found.value).as_variant(found.variant)
    sampler_is_decided = SAMPLER in offers
    for path, value in family.defaults.items():
        if path == SCHEDULER and sampler_is_decided:
            # It belongs to the sampler that suits the family.
            continue
        source = f"suits {family.title} · {found.variant_source or found.source}"
        offers[path] = (*offers.get(path, ()), FieldValue(value, "style", source, word=FAMILY_WORD))
    return offers


def open_question(found: FamilyFinding, families: FamilyCatalogue) -> str:
    """What nothing tells about a checkpoint, as a sentence that says how to tell it; "" for nothing."""
    family = families.family(found.value)
    if not family.open or found.variant:
        return ""
    return (
        f"Nothing tells whether it is {family.title} {family.open}, which want other steps and another CFG. Write it "
        f"into its file name, or into base_type of its profile."
    )


def prediction_words(found: FamilyFinding, families: FamilyCatalogue, features: Collection[str] | None) -> str:
    """Who says that a checkpoint predicts v, where its file does not, and whether an engine with these features can be
    told; "" where there is nothing to tell.
    """
    family = families.family(found.value).as_variant(found.variant)
    if family.prediction not in ("v", "v zsnr"):
        return ""
    whose = found.variant_source.rpartition("; ")[2]
    if features is None or "prediction" in features:
        return (
            f"It is sampled as v-prediction and the engine is told so ({whose}), for the file itself does not say it."
        )
    return (
        f"It is a v-prediction model ({whose}). This engine cannot be told so: unless it sees it in the file, the "
        "pictures come out as noise. ComfyUI can be told."
    )


def _style(
    readings: Sequence[FileRecommendation], styles: StyleCatalogue
) -> tuple[StyleProfile | None, tuple[str, ...]]:
    reading = next((one for one in readings if one.style_id), None)
    if reading is None:
        return None, ()
    style = styles.style(reading.style_id)
    if style is not None:
        return style, ()
    return None, (unknown_style(reading.file, reading.style_id, styles),)


def unknown_style(file: str, style_id: str, styles: StyleCatalogue) -> str:
    """The sentence for a style that does not exist."""
    return f'{file}: there is no style "{style_id[:60]}". Name one of: {", ".join(styles.styles) or "none"}.'


def _offers(readings: Sequence[FileRecommendation], style: StyleProfile | None) -> dict[str, tuple[FieldValue, ...]]:
    offers: dict[str, list[FieldValue]] = {}
    ours = [one for one in readings if one.dialect in OURS]
    for reading in ours:
        _add(offers, reading)
    if style is not None:
        source = f"style {style.label}, chosen in {next(one.file for one in readings if one.style_id)}"
        for path, value in _of_style(style):
            offers.setdefault(path, []).append(FieldValue(value, "style", source, ours=True))
    for reading in readings[len(ours) :]:
        _add(offers, reading)
    return {path: tuple(found) for path, found in offers.items()}


def _add(offers: dict[str, list[FieldValue]], reading: FileRecommendation) -> None:
    # A scheduler belongs to its sampler: where a stronger file names the sampler alone, this one's does not fit it.
    sampler_is_decided = SAMPLER in offers and SCHEDULER not in offers
    for path, value in reading.values.items():
        if not (path == SCHEDULER and sampler_is_decided):
            ours, plan_id = reading.dialect in OURS, reading.learned.get(path)
            field = FieldValue(value, "profile", reading.source(path), ours, plan_id)
            offers.setdefault(path, []).append(field)


def _of_style(style: StyleProfile) -> Iterator[tuple[str, Value]]:
    if style.default_refiner_id is not None:
        yield REFINER, style.default_refiner_id
    if style.default_hires_upscaler_id is not None:
        yield UPSCALER, style.default_hires_upscaler_id
    if style.default_hires_denoise is not None:
        yield DENOISE, style.default_hires_denoise


def _weights(readings: Sequence[FileRecommendation]) -> tuple[Weight, ...]:
    found = [Weight(weight, rating, one.source("weights")) for one in readings for weight, rating in one.weights]
    # What somebody found bad is known, but nothing to begin with.
    return tuple(sorted(found, key=lambda one: one.rating == "bad"))


def _hashes(readings: Sequence[FileRecommendation]) -> Hashes:
    def first(name: str) -> str:
        return next((found for one in readings if (found := str(getattr(one.hashes, name)))), "")

    return Hashes(**{name: first(name) for name in Hashes.__struct_fields__})


def _kind(readings: Sequence[FileRecommendation], folders: Sequence[str]) -> str:
    return kind_among([(one.dialect, one.kind) for one in readings if one.kind], folders)


def kind_among(kinds: Sequence[tuple[Dialect, str]], folders: Sequence[str]) -> str:
    """Which of the kinds that files tell is right; `told` in order of precedence, without empty ones."""
    ours = next((kind for dialect, kind in kinds if dialect in OURS), "")
    # What is really in the file counts more than what another tool believes of it.
    header = next((kind for dialect, kind in kinds if dialect == "header"), "")
    return ours or header or next((kind for _, kind in kinds), "") or kind_by_folders(folders) or "checkpoint"
