"""The words of a ComfyUI picture: the texts above a side of its sampler, and what in them means something else here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .comfy_nodes import ComfyNode, LinkedNodes
from .infotext import LIMIT
from .recipe import RecipeDraft, bare_name, number_of

_NOT_WORDS = ("clip", "model", "vae", "control_net", "image", "mask", "style_model", "clip_vision_output", "samples")
_CONDITIONS = re.compile(r"cond(itioning)?(_?(to|from|\d{1,2}|[a-z]))?|any_\d\d|pipe|basic_pipe|sdxl_tuple|context|bus")
_WORDS = re.compile(
    r"(text|string|prompt|user_prompt|value|t5xxl|clip_[lg]|llama|bert|mt5xl|populated_text|Text|STRING|input)(_?[a-z0-9]{1,2})?"
)
# The name of a model is no word, whatever its input is called.
_FILE = re.compile(r"[^\s,:()<>]{1,300}\.(safetensors|ckpt|gguf|sft|pth?|bin)", re.IGNORECASE)
_DEEP = 60
_NODES_OF_WORDS = 400
# Nodes that act on the LoRA tags in their texts; all others, the encoders of ComfyUI itself above all, do not.
_READS_TAGS = re.compile(r"lora|wildcard|power ?prompt|tag|schedul|^PC|^easy", re.IGNORECASE)
_TEMPLATE = re.compile(r"wildcard|random|dynamic|combinatorial|^DP[A-Z]", re.IGNORECASE)
# Nodes whose words are an order to a writer, or are changed before they are used.
_WRITES = re.compile(
    r"ollama|llm|gpt|gemini|claude|florence|caption|tagger|interrogat|joy|VL|generate|enhanc", re.IGNORECASE
)
_CHANGES = re.compile(r"replace|regex|truncat|format|split|substring|slice|extract|translat", re.IGNORECASE)
_STYLES = re.compile(r"(text_)?styles?(_\d)?|template_name|style_name")
_NO_STYLE = ("", "base", "none", "no style", "no", "default")
_TAG = re.compile(r" ?<(?:lora|lyco):[^<>]{1,300}>")
_EMBEDDING = re.compile(r"embedding:([^\s,():<>\[\]]{1,200})")
# How conditionings are put together, and what a WebUI writes for it.
_TOGETHER = {
    "ConditioningCombine": "a :0.5 AND b :0.5",
    "ConditioningConcat": "a BREAK b",
    "ConditioningAverage": "(a:0.5) (b:0.5)",
    "ConditioningSetTimestepRange": "[a:b:0.5]",
    "ConditioningSetArea": "a region of the picture, by an extension",
    "ConditioningSetMask": "a region of the picture, by an extension",
}
_OTHER_MEANING = re.compile(r"[\[\]{}]|\b(?:BREAK|AND)\b")


class PromptTexts:
    """The words of one side of the picture, each node read once."""

    def __init__(self, graph: LinkedNodes, side: str) -> None:
        self._graph = graph
        self._side = side
        self._seen: set[str] = set()
        self._length = 0
        self._read_tags = 0
        self._without_effect: list[str] = []
        self._together: list[ComfyNode] = []
        self._templates: list[str] = []
        self._said: list[str] = []
        # Where the words stand, in the order read: node and input.
        self.places: list[tuple[ComfyNode, str]] = []

    def of(self, link: object, deep: int = 0) -> str:
        """All words above a link."""
        name = self._graph.target(link)
        if not name or name in self._seen or len(self._seen) >= _NODES_OF_WORDS or deep > _DEEP:
            return ""
        self._seen.add(name)
        node = self._graph.nodes[name]
        if "ZeroOut" in node.kind:
            self._graph.mark(node)
            return ""
        if any(node.kind.startswith(kind) for kind in _TOGETHER):
            self._together.append(node)
        before = self._read_tags
        keys = self._keys(node)
        text = self._joined(node, keys, deep)
        self._say(node, keys, text)
        if _READS_TAGS.search(node.kind):
            self._read_tags += 1
        if node.kind.startswith("CLIPTextEncode") and self._read_tags == before and "<l" in text:
            self._without_effect += _TAG.findall(text)
            text = _TAG.sub("", text)
        return text

    def _say(self, node: ComfyNode, keys: Sequence[str], text: str) -> None:
        """Note what the words of a node do not tell."""
        kind = node.kind[:60]
        if not text.strip():
            return
        if _WRITES.search(node.kind):
            self._said.append(f"The words of {kind} are an order to it; what it wrote is not in the picture.")
        elif _CHANGES.search(node.kind):
            self._said.append(f"{kind} changes the words; what came of it is not in the picture.")
        for key in node.inputs:
            style = str(node.plain(key) or "")
            if _STYLES.fullmatch(key) and style.casefold() not in _NO_STYLE and any(map(node.plain, keys)):
                self._said.append(f"{kind} added the words of its style, which are not in this prompt: {style[:80]}.")
        several = [key for key in keys if node.kind.startswith("CLIPTextEncode") and key in node.inputs]
        if len(several) > 1 and ", " in text and len({str(node.inputs[key]) for key in several}) > 1:
            names = ", ".join(several[:4])
            self._said.append(f"{kind} has a text for each of its encoders ({names}); they were joined with a comma.")

    def told(self, link: object, draft: RecipeDraft) -> str:
        """All words above a link, and in the draft what they do not say or would say differently to a WebUI."""
        text = self.of(link)
        for tag in self._without_effect[:20]:
            draft.leave_out("LoRA tag", tag.strip(), "It stood in a node of ComfyUI that does not act on tags.")
        if self._without_effect:
            tags = ", ".join(tag.strip() for tag in self._without_effect[:4])
            draft.note(f"ComfyUI did not act on {tags[:200]} in the words, so it was taken out.")
        for node in self._together[:20]:
            kind = next(kind for kind in _TOGETHER if node.kind.startswith(kind))
            draft.note(f"{kind} put the words together, not a comma. A WebUI writes {_TOGETHER[kind]}.")
            plain = self._graph.left_in(node)
            draft.leave_out(kind, plain or "", f"Only the words were taken over. A WebUI writes {_TOGETHER[kind]}.")
            self._graph.mark(node, *plain)
        for sentence in dict.fromkeys(self._said):
            draft.note(sentence)
        for kind in dict.fromkeys(self._templates):
            draft.note(f"The words of {kind[:60]} are a template; what was drawn from it is not in the picture.")
        if _OTHER_MEANING.search(text):
            draft.note("[ ], { }, BREAK or AND in the words are plain letters to ComfyUI, but not to a WebUI.")
        return _EMBEDDING.sub(lambda found: bare_name(found[1]), text)

    def _keys(self, node: ComfyNode) -> list[str]:
        """The inputs to follow: the side's own, else words, else what words were made into."""
        other = "negative" if self._side == "positive" else "positive"
        inputs = node.inputs
        for key in (self._side, f"text_{self._side}", f"{self._side}_prompt"):
            if key in inputs:
                return ["cond2" if "cond2" in inputs and self._says_the_same(node) else key]
        if "populated_text" in inputs:
            return ["populated_text"]
        if "guider" in node.kind.casefold() and self._side == "negative":
            return []
        if "cond1" in inputs and "negative" in inputs:
            return ["cond1"]  # the second one is what it is weighed against
        if "text" in inputs and isinstance(inputs.get("conditioning_to"), list):
            return ["conditioning_to"]  # its own words are for a part of the picture
        if "strings" in inputs and "select" in inputs:
            return ["strings"]
        if words := [
            key for key, raw in inputs.items() if raw is not None and _WORDS.fullmatch(key) and other not in key
        ]:
            return words
        if known := [key for key, value in inputs.items() if _CONDITIONS.fullmatch(key) and isinstance(value, list)]:
            # What is added comes behind what it is added to.
            return sorted(known, key=lambda key: key.endswith("from"))
        return [key for key in inputs if key not in _NOT_WORDS and key != other]

    def _says_the_same(self, guider: ComfyNode) -> bool:
        """Whether both sides of a guider have the same words; the other words are then those between them."""
        positive = PromptTexts(self._graph, "positive").of(guider.inputs.get("cond1"))
        return positive == PromptTexts(self._graph, "negative").of(guider.inputs.get("negative"))

    def _joined(self, node: ComfyNode, keys: Sequence[str], deep: int) -> str:
        parts: list[str] = []
        for key in keys:
            raw = node.inputs[key]
            part = self.of(raw, deep + 1) if isinstance(raw, list) else self._read(node, key)
            if part.strip(" ,\n") and part not in parts:
                parts.append(part)
        joint = next((key for key in ("delimiter", "separator") if key in node.inputs), "")
        between = node.plain(joint)
        if joint:
            self._graph.mark(node, joint)
        plain_text = not node.kind.startswith(("CLIPText", "Conditioning")) and isinstance(between, str)
        return (str(between).replace("\\n", "\n") if plain_text else ", ").join(parts)

    def _read(self, node: ComfyNode, key: str) -> str:
        raw = node.inputs[key]
        # A file of conditionings or a wordlist is named in a like input.
        known = _WORDS.fullmatch(key) or self._side in key or key == "strings"
        if not isinstance(raw, str) or not known or _FILE.fullmatch(raw.strip()):
            return ""
        self._graph.mark(node, key)
        self.places.append((node, key))
        self._length += len(raw)
        if _TEMPLATE.search(node.kind) and key != "populated_text" and re.search(r"\{|__", raw):
            self._templates.append(node.kind)
        lines, place = raw.split("\n"), number_of(node.plain("select"))
        if key == "strings" and place is not None and not node.plain("multiline"):
            # It hands on one of its lines, counted round.
            self._graph.mark(node, "select", "multiline")
            raw = lines[int(place) % len(lines)]
        return raw if self._length <= 2 * LIMIT else ""
