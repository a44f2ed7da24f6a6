"""Finds in a workflow what it is told as every other picture is: prompt, seed, size, steps, checkpoint and so on.

The links are followed up from what is saved to the first sampler and from there to where each value is written. A title
that begins with "stablenew:" and a path decides where that does not: "stablenew:negative", "stablenew:txt2img.steps".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, check_value
from ..recipes.comfy import chain_of
from ..recipes.comfy_nodes import ComfyNode, LinkedNodes
from ..recipes.comfy_sampling import CHECKPOINT, NOT_MODEL, NOT_PICTURE, SamplerSettings, pictures_of
from ..recipes.comfy_words import PromptTexts
from ..recipes.recipe import bare_name, is_nothing, number_of
from .choices import OWN, RARE
from .spelling import in_our_words
from .workflow_nodes import InputPlace, WorkflowNode, searchable

PROMPT, NEGATIVE, SEED = "prompt", "negative", "seed"
_TITLE = "stablenew:"
_SAME = {"positive": PROMPT, "txt2img.prompt": PROMPT, "txt2img.negative": NEGATIVE, "txt2img.seed": SEED}
_NAMED = 4
How = Literal["links", "title", "choice"]
# What nodes call the value of a parameter, by the last part of its path.
_CALLED: Mapping[str, tuple[str, ...]] = {
    PROMPT: ("text", "prompt", "positive", "t5xxl", "text_g", "value", "string"),
    NEGATIVE: ("text", "negative", "prompt", "value", "string"),
    SEED: ("seed", "noise_seed", "value"),
    "cfg_scale": ("cfg", "cfg_scale", "value"),
    "sampler": ("sampler_name", "sampler"),
    "checkpoint": ("ckpt_name", *CHECKPOINT),
    "vae": ("vae_name",),
    "clip_skip": ("stop_at_clip_layer", "clip_skip"),
}
_NO_WORDS = ("control_after_generate", "filename_prefix", "format", "type")
_STOP = ("model", "positive", "negative", "conditioning")
_CHECKPOINT_KEYS = ("ckpt_name", "base_ckpt_name", "ckpt", "unet_name")


class FoundField(Struct, frozen=True):
    """A value that was found: `places` are the inputs where it is written. All are alike but for the texts of encoders
    and what the user put together.
    """

    path: str
    value: Value
    places: tuple[InputPlace, ...]
    how: How = "links"


class FoundLora(Struct, frozen=True):
    """A loader of a LoRA: the LoRA's name without folder and ending, and the inputs for its weight."""

    name: str
    weight: float
    places: tuple[InputPlace, ...]


class FieldSearch(Struct, frozen=True):
    """What a search found; `taken` are the inputs that stand for it."""

    found: Mapping[str, FoundField]
    loras: tuple[FoundLora, ...]
    notices: tuple[str, ...]

    @property
    def taken(self) -> frozenset[InputPlace]:
        """The inputs that are set by what was found."""
        return frozenset(place for field in self.found.values() for place in field.places)


def find_fields(nodes: Mapping[str, WorkflowNode]) -> FieldSearch:
    """Search the nodes. Never raises: what cannot be told is not found, and a notice says so."""
    search = _Search(nodes)
    search.follow_links()
    search.follow_titles()
    search.follow_choices()
    return FieldSearch(search.found, tuple(search.loras), tuple(dict.fromkeys(search.notices)))


_At = tuple[ComfyNode, str]


class _Search:
    def __init__(self, nodes: Mapping[str, WorkflowNode]) -> None:
        self.nodes = nodes
        self.graph: LinkedNodes = searchable(nodes)
        self._names = {id(node): name for name, node in self.graph.nodes.items()}
        self.found: dict[str, FoundField] = {}
        self.loras: list[FoundLora] = []
        self.notices: list[str] = []

    # ---- along the links

    def follow_links(self) -> None:
        chain = chain_of(self.graph, (0, 0))
        if chain is None:
            self.notices.append("No sampler was found above the picture; only titles tell what is what.")
            return
        first = chain.samplers[0]
        # Samplers that share out the steps of one pass must stay alike.
        shared = [one for one in chain.samplers if "start_at_step" in one.inputs and "start_at_step" in first.inputs]
        each = shared or [first]
        inputs = first.inputs
        self._put(SEED, [self._at(first, ("seed", "noise_seed"), inputs.get("noise"))])
        for path, keys, way in (
            ("txt2img.steps", ("steps",), "sigmas"),
            ("txt2img.cfg_scale", ("cfg", "cfg_conds"), "guider"),
            ("txt2img.sampler", ("sampler_name",), "sampler"),
            ("txt2img.scheduler", ("scheduler",), "sigmas"),
        ):
            self._put(path, [self._at(one, keys, one.inputs.get(way)) for one in each])
        words = SamplerSettings.of(self.graph, first).words
        self._put("txt2img.guidance", [self.graph.first_place(words[0], "guidance")])
        self._put("clip_skip", [self.graph.first_place(words[0], "stop_at_clip_layer")])
        self._words(words)
        self._size(first)
        self._models(first)

    def _at(self, sampler: ComfyNode, keys: Sequence[str], way: object) -> _At | None:
        for key in keys:
            if key in sampler.inputs:
                return self.graph.place(sampler, key)
        return self.graph.first_place(way, *keys, stop=_STOP)

    def _words(self, words: tuple[object, object]) -> None:
        sides: dict[str, list[_At]] = {}
        for path, side, link in ((PROMPT, "positive", words[0]), (NEGATIVE, "negative", words[1])):
            texts = PromptTexts(self.graph, side)
            texts.of(link)
            sides[path] = texts.places
        mine = {(id(node), key) for node, key in sides[PROMPT]}
        sides[NEGATIVE] = [(node, key) for node, key in sides[NEGATIVE] if (id(node), key) not in mine]
        for path, places in sides.items():
            full = [at for at in places if str(at[0].plain(at[1])).strip()] or places
            if self._encoders_alike(path, full):
                continue
            if len({str(node.plain(key)) for node, key in full}) > 1:
                where = ", ".join(dict.fromkeys(self._heading(node) for node, _ in full))[:200]
                title = "positive" if path == PROMPT else path
                self.notices.append(
                    f"The {'prompt' if path == PROMPT else 'negative prompt'} is put together from several texts "
                    f"({where}), so none is set. Give the node that is meant the title {_TITLE}{title}."
                )
                continue
            self._put(path, full)

    def _encoders_alike(self, path: str, places: Sequence[_At]) -> bool:
        """Take the texts that one node has for each of its encoders as one, the longest."""
        node = places[0][0] if places else None
        if node is None or len(places) < 2 or any(one is not node for one, _ in places):
            return False
        texts = [str(node.plain(key)) for _, key in places]
        spots = tuple(place for at in places if (place := self._place(at)))
        if not node.kind.startswith("CLIPTextEncode") or len(set(texts)) < 2 or len(spots) < len(places):
            return False
        self.found[path] = FoundField(path, max(texts, key=len), spots)
        names = ", ".join(key for _, key in places)
        self.notices.append(f"{self._heading(node)} has a text for each encoder ({names}); all are set to one prompt.")
        return True

    def _size(self, sampler: ComfyNode) -> None:
        for node in self.graph.up(pictures_of(sampler), NOT_PICTURE):
            if any(self.graph.target(one) for one in pictures_of(node)):
                continue
            for before in ("", "empty_latent_"):
                if f"{before}width" in node.inputs and f"{before}height" in node.inputs:
                    for side in ("width", "height"):
                        self._put(f"txt2img.{side}", [self.graph.place(node, f"{before}{side}")])
                    return

    def _models(self, sampler: ComfyNode) -> None:
        model = SamplerSettings.of(self.graph, sampler).model
        for node in self.graph.up([model], NOT_MODEL):
            key = next((key for key in _CHECKPOINT_KEYS if key in node.inputs), "")
            if key and "lora" not in node.kind.casefold():
                self._put("checkpoint", [self.graph.place(node, key)])
            if "shift" in node.inputs and "txt2img.shift" not in self.found:
                self._put("txt2img.shift", [self.graph.place(node, "shift")])
            self._lora(node)
        decoders = [node.inputs.get("vae") for node in self.graph.nodes.values() if node.kind.startswith("VAEDecode")]
        for link in decoders[:8]:
            if at := self.graph.first_place(link, "vae_name", stop=("samples", "image")):
                self._put("vae", [at])
                return

    def _lora(self, node: ComfyNode) -> None:
        at = self.graph.place(node, "lora_name") if "lora_name" in node.inputs else None
        name = str(at[0].plain(at[1])) if at else ""
        if not at or is_nothing(name):
            return
        keys = [key for key in ("strength_model", "strength_clip", "strength", "lora_wt") if key in node.inputs]
        places = [place for key in keys if (spot := self.graph.place(node, key)) and (place := self._place(spot))]
        value = self.nodes[places[0].node].plain(places[0].input) if places else ""
        weight = number_of(value)
        if weight is not None:
            # The weight for the words follows only where both were one.
            alike = [one for one in places if self.nodes[one.node].plain(one.input) == value]
            self.loras.append(FoundLora(bare_name(name), weight, tuple(alike)))

    # ---- by titles

    def follow_titles(self) -> None:
        titled: dict[str, list[InputPlace]] = {}
        for name, node in self.nodes.items():
            if not node.title.casefold().startswith(_TITLE):
                continue
            written = node.title[len(_TITLE) :].strip()
            path = _SAME.get(written, written)
            if path not in (PROMPT, NEGATIVE, SEED) and path not in catalogue():
                self.notices.append(f"Node {name} has the title “{node.title[:80]}”, and there is no such parameter.")
            elif key := _meant(node, path):
                titled.setdefault(path, []).append(InputPlace(name, key))
            else:
                self.notices.append(
                    f"Node {name} has the title “{node.title[:80]}”, and no input that it could mean holds a value."
                )
        for path, places in titled.items():
            said_otherwise = [one.path for one in self.found.values() if not set(places).isdisjoint(one.places)]
            for other in (path, *said_otherwise):
                self.found.pop(other, None)
            self._found(path, places, "title")

    # ---- by what the user decided

    def follow_choices(self) -> None:
        """What was decided about an input goes before everything else."""
        together: dict[str, list[InputPlace]] = {}
        for name, node in self.nodes.items():
            for key, word in node.choices.items():
                if node.plain(key) is None:
                    continue
                place = InputPlace(name, key)
                self._release(place)
                if word in (PROMPT, NEGATIVE, SEED) or word in catalogue():
                    together.setdefault(word, []).append(place)
                elif word not in (OWN, RARE):
                    self.notices.append(f"Node {name}, input {key}: {word[:80]!r} is no parameter, so it is not set.")
        for path, places in together.items():
            self.found.pop(path, None)
            self._found(path, places, "choice")

    def _release(self, place: InputPlace) -> None:
        for path, field in [*self.found.items()]:
            left = tuple(one for one in field.places if one != place)
            if not left:
                del self.found[path]
            elif left != field.places:
                self.found[path] = replace(field, places=left)

    # ---- taking a value over

    def _put(self, path: str, places: Iterable[_At | None]) -> None:
        spots = [place for at in places if at and (place := self._place(at))]
        if spots and path not in self.found:
            self._found(path, spots, "links")

    def _found(self, path: str, places: Sequence[InputPlace], how: How) -> None:
        places = tuple(dict.fromkeys(places))
        values = [self.nodes[one.node].plain(one.input) for one in places]
        # "nan" is not even equal to itself.
        if how != "choice" and any(value != values[0] for value in values if value == value):
            where = ", ".join(self.nodes[one.node].heading for one in places[:_NAMED])
            self.notices.append(f"{path} stands in several nodes with different values ({where}), so it is not set.")
            return
        twin = next((other for other in self.found.values() if not set(places).isdisjoint(other.places)), None)
        if twin is not None:
            # Setting one of the two would change the other, which nobody named.
            self.notices.append(f"{path} and {twin.path} are one value in the workflow, which keeps its own name.")
            self.found.pop(twin.path)
            return
        value = _fitting(path, values[0])
        if value is not None:
            self.found[path] = FoundField(path, value, places, how)
        elif how != "links":
            self.notices.append(f"{path}: {str(values[0])[:60]!r} is no value of it, so it keeps its own name.")

    def _place(self, at: _At) -> InputPlace | None:
        """The input in the workflow itself; None for what only stands in a picture of it."""
        name = self._names.get(id(at[0]), "")
        known = self.nodes.get(name)
        return InputPlace(name, at[1]) if known and known.plain(at[1]) is not None else None

    def _heading(self, node: ComfyNode) -> str:
        name = self._names.get(id(node), "")
        return f"{self.nodes[name].heading} #{name}" if name in self.nodes else node.kind


def could_be(path: str, key: str, value: Value | None) -> bool:
    """Whether an input of this name and value could be where a parameter stands."""
    if value is None or isinstance(value, bool) or key in _NO_WORDS:
        return False
    if path in (PROMPT, NEGATIVE):
        return isinstance(value, str) and (
            key in _CALLED[PROMPT] or "text" in key or "negative" in key or "\n" in value
        )
    last = path.rpartition(".")[2]
    return key in (last, *_CALLED.get(last, ())) and _fitting(path, value) is not None


def _meant(node: WorkflowNode, path: str) -> str:
    """The input that a title means."""
    last = path.rpartition(".")[2]
    plain = [key for key in node.inputs if node.plain(key) is not None and key != "control_after_generate"]
    for key in (last, *_CALLED.get(last, ())):
        if key in plain:
            return key
    return plain[0] if len(plain) == 1 else ""


def _fitting(path: str, raw: Value | None) -> Value | None:
    """A value as the catalogue has it; None where it has no such parameter or value."""
    if raw is None:
        return None
    if path == SEED:
        return raw if isinstance(raw, int) and not isinstance(raw, bool) else None
    if path in (PROMPT, NEGATIVE):
        return raw if isinstance(raw, str) else None
    if path not in catalogue():
        return None
    try:
        return check_value(path, in_our_words(path, raw))
    except InvalidInput:
        return None
