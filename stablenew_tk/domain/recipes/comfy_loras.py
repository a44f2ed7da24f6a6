"""The LoRAs of a ComfyUI picture: loaders of one, stacks of many, lists of objects, tags in the text of a loader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from .comfy_nodes import ComfyNode, LinkedNodes, Plain
from .recipe import MODEL_ENDING, RecipeDraft, bare_name, is_nothing, list_of, number_of, object_of, read_json, text_of

# A name, with the number of its slot before or behind.
_NAME = re.compile(r"lora(?:_?name)?(_?\d{0,2})|lora_(\d{1,2})_name|(?:unet_)?lora_?file(_?\d{0,2})")
_COUNT = re.compile(r"(?:num|number_of|count|active)_loras?|loras?_(?:num|number|count|slots)")
_WEIGHTS = (
    *("strength_model", "lora_strength", "model_weight", "lora_model_strength", "model_str", "model_strength"),
    *("strength", "weight", "lora_weight", "lora_wt", "strength_lora", "wt"),
)
# In their simple mode stacks have one weight for both, and keep those of the other mode.
_SIMPLE = ("lora_wt", "lora_strength", "strength", "weight", "lora_weight")
_CLIP = ("strength_clip", "lora_clip_strength", "clip_weight", "clip_str", "clip_strength", "strengthTwo", "lora_clip")
_SWITCH = ("switch", "toggle", "enabled", "enable", "on", "active", "lora_on", "lora_enabled")
_TAG = re.compile(r"<(?:lora|lyco):([^<>:]{1,200}):?(-?[0-9.]{1,12})?(?::(-?[0-9.]{1,12}))?>")
_TEXTS = ("text", "lora_syntax", "lora_text", "lora_list", "prompt")
# A LoRA for each line, with a remark behind; of loaders that take nothing else a bare name will do, too.
_LINE = re.compile(r"(?:<(?:lora|lyco):)?([^<>:,\n]{1,200}?)(?::(-?[0-9.]{1,12}))?(?::(-?[0-9.]{1,12}))?(>?)")
_LINES_ONLY = "MultiLoraLoader"
_OF_WEIGHT = re.compile(r"strength|weight|wt|str(_|$)|multiplier|scale|power|alpha", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;\n]")
_NUMBER = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_REMARK = re.compile(r"\s*#.*")
_ENTRY = ("name", "full_path", "path", "file")
_OFF = ("off", "false", "no", "disable", "disabled", "0")
_LORAS = 100
_TEXT = 20_000


class UsedLora(Struct, frozen=True):
    """A LoRA as its loader was set: by name, with the weight for the model and for the words where there are two. One
    that is not `on` was switched off, or stands in a slot that was not used.
    """

    name: str
    weight: Plain | None
    clip: Plain | None = None
    on: bool = True


def loras_above(graph: LinkedNodes, start: object, stop: Sequence[str]) -> list[UsedLora]:
    """The LoRAs on the way of a model, the first one first."""
    found: list[UsedLora] = []
    for node in graph.up([start], stop):
        found += reversed(list(islice(_of_node(graph, node), _LORAS)))
        if len(found) >= _LORAS:
            break
    # The walk meets the last one first.
    return found[::-1]


def put_loras(draft: RecipeDraft, loras: Sequence[UsedLora]) -> None:
    """Take the LoRAs over as tags, and say what a tag cannot hold."""
    for lora in loras:
        name, weight, clip = bare_name(lora.name), number_of(lora.weight), number_of(lora.clip)
        if is_nothing(name):
            continue
        if not lora.on:
            draft.leave_out(
                "LoRA",
                f"{name} ({'' if weight is None else f'{weight:g}'})",
                "It was switched off, or stands in a slot that was not used.",
            )
            continue
        if weight is None and clip is None:
            draft.note(f"The weight of the LoRA {name[:80]} was not found; 1 was taken.")
            draft.leave_out(f"weight of the LoRA {name[:60]}", "", "It stands under a name that is not known here.")
        elif weight == 0 and clip:
            draft.note(f"The LoRA {name[:80]} acted on the words only ({clip:g}), which no tag says. It was left out.")
            draft.leave_out("LoRA", f"{name} (model 0, words {clip:g})", "A tag cannot leave the model alone.")
        elif weight is not None and clip is not None and clip != weight:
            draft.note(f"The LoRA {name[:80]} had the weight {clip:g} for the words; the tag says {weight:g} for both.")
            draft.leave_out(f"weight for the words of the LoRA {name[:60]}", clip, "A tag has one weight.")
        draft.add_lora(name, lora.weight if weight is not None or clip is None else clip)


def tag_of(lora: UsedLora) -> str:
    """A LoRA as a tag in a prompt."""
    weight = number_of(lora.weight, 1.0)
    return f"<lora:{bare_name(lora.name)}:{1.0 if weight is None else weight:g}>"


def _of_node(graph: LinkedNodes, node: ComfyNode) -> Iterator[UsedLora]:
    listed = [*_listed(graph, node)]
    yield from listed
    whole = not _is_off(node, ("toggle", "switch", "enabled", "enable"))
    count = next((number_of(graph.value(node, key)) for key in node.inputs if _COUNT.fullmatch(key)), None)
    for key in node.inputs:
        if match := _NAME.fullmatch(key):
            tail = match[1] or match[3] or ""
            before = f"lora_{match[2]}_" if match[2] else ""
            number = number_of(tail.strip("_") or match[2])
            # A name may be left behind in a slot that the stack does not use.
            used = count is None or number is None or number <= count
            name = _name_at(graph, node, key)
            slot = _Slot(before, tail, f"{key}_")
            off = _is_off(node, [at for one in _SWITCH for at in slot.keys(one)] if tail or before else ())
            if not is_nothing(name):
                yield replace(_with_weight(graph, node, name, slot), on=whole and used and not off)
    if not listed and "lora" in node.kind.casefold() and not any(map(_NAME.fullmatch, node.inputs)):
        yield from _under_other_names(graph, node)
    for one in (*(_TEXTS if "lora" in node.kind.casefold() else ()), "loras"):
        text = str(graph.seen(node, one) or "")[:_TEXT]
        tags = _lines(text, bare=node.kind.startswith(_LINES_ONLY)) if one != "loras" else []
        tags = tags or _TAG.findall(text)
        if tags:
            graph.value(node, one)
        # The objects tell which of the tags are on.
        for name, weight, clip in tags if not listed else ():
            yield UsedLora(name, weight or 1, clip or None)


def _under_other_names(graph: LinkedNodes, node: ComfyNode) -> Iterator[UsedLora]:
    """The one file that a loader names in another language, with its one number; or all files of one text, where
    another text has a weight for each.
    """
    texts = {key: [*filter(None, map(str.strip, _BETWEEN.split(raw[:_TEXT])))] for key, raw in _texts(node)}
    files = [key for key, parts in texts.items() if parts and all(map(MODEL_ENDING.search, parts))]
    if len(files) != 1:
        return
    names = texts[files[0]]
    numbers = (key for key, parts in texts.items() if parts and all(map(_NUMBER.fullmatch, parts)))
    listed = [key for key in numbers if _OF_WEIGHT.search(key) and len(texts[key]) == len(names)]
    weights: list[Plain | None] = []
    if len(listed) == 1:
        graph.value(node, listed[0])
        weights = [*map(float, texts[listed[0]])]
    elif len(names) == 1:
        plain = [key for key, raw in node.inputs.items() if isinstance(raw, (int, float)) and not isinstance(raw, bool)]
        found = {graph.value(node, key) for key in plain}
        weights = [found.pop() if len(found) == 1 else None]
    if weights:
        graph.value(node, files[0])
        yield from map(UsedLora, names, weights)


def _texts(node: ComfyNode) -> Iterator[tuple[str, str]]:
    return ((key, raw) for key, raw in node.inputs.items() if isinstance(raw, str))


def _lines(text: str, *, bare: bool) -> list[tuple[str, str, str]]:
    """The LoRAs of a text that has one in each line, with their weights; [] when any line could be something else.
    With `bare` a name alone is enough.
    """
    lines = [line for one in text.splitlines() if (line := _REMARK.sub("", one).strip())]
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    sure = all(bare or match[2] or match[4] or MODEL_ENDING.search(match[1]) for match in found)
    return [(one[1], one[2] or "", one[3] or "") for one in found] if sure and len(found) == len(lines) else []


def _name_at(graph: LinkedNodes, node: ComfyNode, key: str) -> str:
    raw = node.inputs[key]
    # Loaders with a picture for each name keep an object.
    named = text_of(object_of(raw).get("content")) or text_of(graph.value(node, key))
    return "" if "on" in object_of(raw) else named


class _Slot(Struct, frozen=True):
    """How a stack names what it tells of one of its LoRAs: with its number `before`, as a `tail`, or all its `own`."""

    before: str
    tail: str
    own: str

    def keys(self, fact: str) -> tuple[str, ...]:
        """What a fact may be called."""
        plain = f"{self.before}{fact}{self.tail}"
        shorter = f"{self.before}{fact.removeprefix('lora_')}" if self.before else plain
        return plain, shorter, f"{self.own}{fact}"


def _with_weight(graph: LinkedNodes, node: ComfyNode, name: str, slot: _Slot) -> UsedLora:
    simple = node.plain("input_mode") == "simple" or node.plain("mode") == "simple"
    weight = _first_of(graph, node, (*_SIMPLE, *_WEIGHTS) if simple else _WEIGHTS, slot)
    clip = None if simple else _first_of(graph, node, _CLIP, slot)
    if weight is None and clip is None:
        weight = _likely_weight(graph, node, slot)
    return UsedLora(name, weight, clip)


def _first_of(graph: LinkedNodes, node: ComfyNode, names: Sequence[str], slot: _Slot) -> Plain | None:
    keys = [key for name in names for key in slot.keys(name)]
    return next((value for key in keys if key in node.inputs and (value := graph.value(node, key)) is not None), None)


def _likely_weight(graph: LinkedNodes, node: ComfyNode, slot: _Slot) -> Plain | None:
    """The number of this slot whose name speaks of a weight."""
    before, tail = slot.before, slot.tail
    for key in node.inputs:
        fits = key.startswith(before) and key.endswith(tail) and (tail or before or not key[-1:].isdigit())
        if fits and _OF_WEIGHT.search(key):
            value = graph.value(node, key)
            if number_of(value) is not None:
                return value
    return None


def _listed(graph: LinkedNodes, node: ComfyNode) -> Iterator[UsedLora]:
    """LoRAs as objects: one for each input, or a list in one of them."""
    of_loras = "lora" in node.kind.casefold()
    for key, raw in node.inputs.items():
        wrapped = object_of(raw).get("__value__", raw)
        if of_loras and isinstance(wrapped, str) and wrapped.lstrip().startswith(("[{", "{")):
            wrapped = _parsed(wrapped)
        whole = object_of(wrapped)
        listed = list_of(whole.get("loras")) if of_loras else []
        share = number_of(whole.get("global_strength"), 1.0) if listed else None
        for entry in map(object_of, (listed or ([whole] if whole else list_of(wrapped)))[:_LORAS]):
            known = "lora" in entry or (of_loras and any(one in entry for one in _ENTRY))
            off = any(entry.get(switch) is False for switch in ("on", "active", "enabled"))
            if known:
                graph.mark(node, key)
                name = next((name for one in ("lora", *_ENTRY) if (name := text_of(entry.get(one)))), "")
                keys = ("strength", "weight", "strength_model", "model_strength")
                weight = next((number_of(entry[one]) for one in keys if one in entry), None)
                clip = next((number_of(entry[one]) for one in ("strengthTwo", "clipStrength") if entry.get(one)), None)
                if weight is not None and share is not None:
                    weight = round(weight * share, 6)
                yield UsedLora(name, weight, clip, not off)


def _parsed(text: str) -> object:
    try:
        return read_json(text[:_TEXT], "The list of LoRAs")
    except InvalidInput:
        return None


def _is_off(node: ComfyNode, keys: Sequence[str]) -> bool:
    values = [node.inputs[key] for key in keys if key in node.inputs]
    return any(value is False or (isinstance(value, str) and value.casefold() in _OFF) for value in values)
