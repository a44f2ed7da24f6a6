"""Files that an order names: those that a WebUI does not list, and LoRAs that it did not use."""

from __future__ import annotations

from ...domain.base.lora_tags import loras_in
from ...domain.config.styles import style_names
from ...domain.recipes.infotext import parse
from ..base import StageOrder
from .server_facts import AUTOMATIC, ServerFacts

# What the server leaves out of a name before it writes the hash of that LoRA.
_LEFT_OUT = str.maketrans("", "", ":,")


def named_loras(order: StageOrder) -> tuple[str, ...]:
    """The LoRAs that the prompts of an order name, each once."""
    texts = (order.prompt, order.config.hires.prompt if order.config.hires.enabled else "")
    return tuple(dict.fromkeys(name for text in texts for name in loras_in(text)))


def unlisted_files(order: StageOrder, facts: ServerFacts) -> frozenset[str]:
    """Checkpoints, VAE, text encoders and LoRAs that the server does not list. It reads its folders only when it starts
    and when it is told to, so these may be new.
    """
    config = order.config
    checkpoints = {config.checkpoint}
    checkpoints |= {config.refiner.checkpoint} if config.refiner.enabled else set()
    checkpoints |= {config.hires.checkpoint} if config.hires.enabled else set()
    modules = {config.vae, *style_names(config.text_encoders, sorted(facts.encoders))}
    unknown = {name for name in checkpoints if facts.checkpoints and not facts.checkpoint(name)}
    unknown |= modules - {*facts.vaes, *facts.encoders, AUTOMATIC, "None"}
    return frozenset((*unknown, *unlisted_loras(order, facts))) - {""}


def unlisted_loras(order: StageOrder, facts: ServerFacts) -> tuple[str, ...]:
    """Those that the server does not list, where it lists any."""
    return tuple(name for name in named_loras(order) if not facts.has_lora(name)) if facts.lists_loras else ()


def unused_loras(order: StageOrder, text: str, facts: ServerFacts) -> tuple[tuple[str, ...], bool]:
    """Those that the picture with this generation text was made without, and whether that is one that the server has.

    A LoRA that was used stands there with its hash. One that is not found, or a damaged file, costs Forge all LoRAs of
    the prompt; others go on with the rest. Where the text proves nothing it is those that the server does not list.
    """
    values = parse(text).values
    told = {pair.partition(":")[0].strip() for pair in values.get("Lora hashes", "").split(",")} - {""}
    names = [name for name in named_loras(order) if name.translate(_LEFT_OUT).strip() not in told]
    unlisted = unlisted_loras(order, facts)
    # Without any hash in the text the server may have been told to write none.
    if order.stage in ("txt2img", "img2img") and "Model hash" in values and (told or _always_tells(facts)):
        return tuple(names), any(name not in unlisted for name in names)
    return tuple(name for name in names if name in unlisted), False


def _always_tells(facts: ServerFacts) -> bool:
    return facts.is_forge and facts.options.get("lora_add_hashes_to_infotext") is not False
