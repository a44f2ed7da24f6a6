"""The recipe in the texts found inside a picture, whichever tool wrote them.

Tools borrow each other's keys, so a text is known by what is in it more than by the key it stands under.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from msgspec.structs import replace

from ..base.errors import InvalidInput
from .comfy import from_comfy
from .invoke import from_dream, from_invoke, from_invoke_2
from .named_json import from_draw_things, from_named_json, is_draw_things
from .other_tools import MOCHI, comment_of, from_fooocus, from_mochi, from_novelai, from_swarm
from .recipe import LeftOut, Recipe, object_of, plain, read_json, text_of
from .webui import from_infotext, has_settings

# What says most about a picture comes first.
_ORDER = (
    "parameters",
    "invokeai_metadata",
    "sd-metadata",
    "Dream",
    "Comment",
    "UserComment",
    "comment",
    "stealth",
    "XMP comment",
    "XMP description",
)
# Some tools keep all the texts of a PNG as one object.
_WRAPPED = ("Software", "Description", "Comment", "parameters", "prompt", "workflow")
# What WebUIs do to a finished picture has a text of its own.
_EDITS = ("postprocessing", "extras")
_LATER = ("ImageDescription", "XPComment", "XPTitle", "XPSubject", "XPKeywords", "Description", "prompt", "workflow")


def recipe_from(texts: Mapping[str, str], size: tuple[int, int] = (0, 0)) -> Recipe:
    """The recipe in the texts of one picture, by the key each was found under. `size` is that of the picture in px.

    Raises InvalidInput when none of them tells how the picture was made, saying what was found instead.
    """
    refusal: InvalidInput | None = None
    words_only: Recipe | None = None
    for key in sorted(texts, key=_rank):
        try:
            found = _read(key, texts, size)
        except InvalidInput as error:
            refusal = refusal or error
            continue
        if found is not None and found.values:
            return _with_edits(found, texts)
        # Words without a setting may be a note that somebody added; the settings can stand under another key.
        words_only = words_only or found
    # Easy Diffusion keeps each value of a PNG as a text of its own.
    if found := from_named_json({key: text for key, text in texts.items() if not _is_json(text)}):
        return found
    if words_only is not None:
        return words_only
    raise refusal or InvalidInput(_nothing(texts))


def _with_edits(found: Recipe, texts: Mapping[str, str]) -> Recipe:
    edits = [key for key in _EDITS if texts.get(key)]
    if not edits:
        return found
    left_out = [LeftOut(key, plain(texts[key])[:240], "It was done to the finished picture.") for key in edits]
    sentence = f"The finished picture was changed afterwards, which was left out: {left_out[0].value[:120]}."
    return replace(found, notices=(*found.notices, sentence), left_out=(*found.left_out, *left_out))


def _rank(key: str) -> int:
    order = (*_ORDER, *_LATER)
    return order.index(key) if key in order else len(order)


def _nothing(texts: Mapping[str, str]) -> str:
    if not texts:
        return "There is no text in the picture that tells how it was made."
    names = plain(", ".join(_told(key, texts[key]) for key in sorted(texts)[:6]))
    return f"Nothing in the picture tells how it was made. It holds other texts only: {names[:200]}."


def _told(key: str, text: str) -> str:
    """A text by its key, and an object by the names in it: who reads them may know the tool."""
    try:
        document = object_of(read_json(text, "")) if _is_json(text) else {}
    except InvalidInput:
        return key
    inner = ", ".join(name[:20] for name in islice(document, 5))
    return f"{key} (an object with {inner})" if inner else key


def _read(key: str, texts: Mapping[str, str], size: tuple[int, int]) -> Recipe | None:
    text = _without_quotes(texts[key]) if key == "parameters" else texts[key]
    if key == "Dream":
        return from_dream(text)
    if key == "prompt" or (key == "workflow" and "prompt" not in texts):
        return _comfy(texts.get("prompt", ""), texts.get("workflow", ""), size)
    if key == "Comment" and texts.get("Software", "").startswith("NovelAI"):
        return from_novelai(comment_of(text), texts.get("Description", ""), texts.get("Source", ""))
    if _is_json(text):
        return _from_json(text, texts, size)
    if MOCHI in text:
        return from_mochi(text)
    # Only under this key words without any setting are surely a prompt.
    if has_settings(text) or (key == "parameters" and text.strip()):
        return from_infotext(text, "Fooocus" if "fooocus_scheme" in texts else "")
    return None


def _comfy(prompt: str, workflow: str, size: tuple[int, int]) -> Recipe | None:
    # Other tools keep plain words under the same key.
    if not (_is_json(prompt) or _is_json(workflow)):
        return None
    refusal: InvalidInput | None = None
    documents: list[object] = []
    for text, what in ((prompt, "The ComfyUI prompt"), (workflow, "The ComfyUI workflow")):
        try:
            documents.append(read_json(text, what) if _is_json(text) else None)
        except InvalidInput as error:
            refusal = refusal or error
            documents.append(None)
    try:
        return from_comfy(documents[0], documents[1], size)
    except InvalidInput as error:
        raise refusal or error from None


def _without_quotes(text: str) -> str:
    """The text itself where a tool saved it as a JSON string."""
    if not text.startswith('"'):
        return text
    try:
        return text_of(read_json(text, "The generation text")) or text
    except InvalidInput:
        return text


def _is_json(text: str) -> bool:
    return text[:200].lstrip("\0 \t\r\n\ufeff").startswith("{")


def _from_json(text: str, texts: Mapping[str, str], size: tuple[int, int]) -> Recipe | None:
    document = object_of(read_json(text, "The text in the picture"))
    if "sui_image_params" in document:
        return from_swarm(document)
    if "positive_prompt" in document or "generation_mode" in document:
        return from_invoke(document)
    if "prompt" in object_of(document.get("image")):
        return from_invoke_2(document)
    if any(key in document for key in ("base_model", "full_prompt", "Base Model")) or "fooocus_scheme" in texts:
        return from_fooocus(document)
    if is_draw_things(document):
        return from_draw_things(document)
    if "uc" in document or "v4_prompt" in document:
        return from_novelai(document, texts.get("Description", ""), texts.get("Source", ""))
    if found := from_named_json(document):
        return found
    if inner := {key: value for key in _WRAPPED if isinstance(value := document.get(key), str)}:
        return recipe_from(inner, size)
    if isinstance(document.get("prompt"), dict) or "workflow" in document:
        return from_comfy(document.get("prompt"), document.get("workflow"), size)
    if "nodes" in document:
        return from_comfy(None, document, size)
    if any(text_of(object_of(node).get("class_type")) for node in islice(document.values(), 50)):
        return from_comfy(document, None, size)
    return None
