"""`ModelFacts`: what the server's model files say about themselves, asked for when a job needs it, each file once."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import msgspec

from ...domain.base.errors import AccessDenied, BackendError, NotReady, Refused, Unreachable
from ...domain.base.lora_tags import loras_in
from ...domain.config.pipeline_config import stage_spec
from ...domain.models.families import FamilyCatalogue
from ..base import StageOrder
from .families import alias_in, family_in, lora_effect, lora_file
from .graphs import Graph
from .object_info import ServerWords, base_name, pick
from .outcome import KeptPicture
from .server import Server

_log = logging.getLogger(__name__)
_SURVEY_S = 2.0


class ModelFacts:
    """Metadata by folder and file, each asked for once between two surveys. One thread at a time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._about: dict[tuple[str, str], Mapping[str, object]] = {}
        # A server that does not answer this question is not asked it for each file.
        self._is_silent = False

    def surveyed(self, words: ServerWords) -> ServerWords:
        """The server's words with the names under which its LoRAs were trained, as far as they can be told in 2 s.

        The others are asked about when a job names a LoRA that no file is called. What was known before is forgotten.
        """
        self._about, self._is_silent = {}, False
        until = time.monotonic() + _SURVEY_S
        for name in words.loras:
            if time.monotonic() > until:
                break
            try:
                self._metadata("loras", name)
            except BackendError:
                # The lists came; what is wrong now is told when a job is made.
                break
        return self.with_aliases(words)

    def informed(self, order: StageOrder, words: ServerWords) -> ServerWords:
        """The server's words with the family of each checkpoint of an order, and with the LoRA names that it uses.

        All LoRAs are asked for the names under which they were trained as soon as an order uses a name that no file
        has. Raises Unreachable, NotReady or AccessDenied.
        """
        families = {
            name: family
            for name, in_library in _checkpoints(order, words).items()
            if (family := family_in(self._metadata(folder_of(name, words), name)) or in_library)
        }
        words = self.with_aliases(msgspec.structs.replace(words, families=families))
        if any(not _has_lora(name, words) for one in order.each_stage() for name in _loras(one)):
            for name in words.loras:
                self._metadata("loras", name)
            words = self.with_aliases(words)
        return words

    def with_aliases(self, words: ServerWords) -> ServerWords:
        """The server's words with the names under which LoRAs were trained, as far as they are known."""
        aliases: dict[str, tuple[str, ...]] = {}
        for name in words.loras:
            if alias := alias_in(self._about.get(("loras", name), {})):
                aliases[alias] = (*aliases.get(alias, ()), name)
        return msgspec.structs.replace(words, lora_aliases=aliases)

    def with_lora_effect(
        self, made: KeptPicture, sent: Graph, words: ServerWords, families: FamilyCatalogue
    ) -> KeptPicture:
        """The picture with what is known of the effect of its LoRAs: the server ignores foreign ones in silence."""
        loras = _inputs(sent, "lora_name")
        checkpoint = next(iter((*_inputs(sent, "ckpt_name"), *_inputs(sent, "unet_name"))), "")
        try:
            made_for = {name: family_in(self._metadata("loras", name)) for name in loras}
        except BackendError as err:
            # The server went away behind the picture, which is whole.
            _log.debug("no metadata of LoRAs: %s", err)
            made_for = dict.fromkeys(loras, "")
        family = words.families.get(checkpoint) or families.id_in_name(base_name(checkpoint))
        effect = lora_effect(made_for, checkpoint, family, is_sure=checkpoint in words.families)
        image = made.image
        if effect.ignored:
            image = msgspec.structs.replace(image, suspect=(*image.suspect, "mismatch:lora"))
        return msgspec.structs.replace(made, image=image, notes=(*made.notes, *effect.ignored, *effect.unchecked))

    def _metadata(self, folder: str, name: str) -> Mapping[str, object]:
        """What a file says; {} where the server does not tell it."""
        key = folder, name
        if key not in self._about and not self._is_silent:
            try:
                self._about[key] = self._server.metadata(folder, name)
            except (Unreachable, NotReady, AccessDenied):
                # The job waits for the server, and asks again.
                raise
            except BackendError as err:
                _log.info("the server does not tell about %s, so it is not asked about models now: %s", name, err)
                self._is_silent = True
        return self._about.get(key, {})


def folder_of(name: str, words: ServerWords) -> str:
    """The server's word for the folder that a checkpoint lies in."""
    return "checkpoints" if name in words.checkpoints else "diffusion_models"


def _checkpoints(order: StageOrder, words: ServerWords) -> dict[str, str]:
    """The files of the checkpoints of an order that the server has, with the families that the model library tells."""
    config = order.config
    if not any(stage_spec(one.stage).samples(config) for one in order.each_stage()):
        return {}
    only = words.models[0] if len(words.models) == 1 else ""
    families = {config.refiner.checkpoint: ""} if config.refiner.enabled else {}
    families[config.checkpoint or only] = order.family
    found = {}
    for name, family in families.items():
        try:
            found[pick("checkpoint", name, words.models, words.name)] = family
        except Refused:
            # None is named, or one that is not there: the graph refuses it, with its own field.
            continue
    return found


def _loras(order: StageOrder) -> tuple[str, ...]:
    passes = order.config.adetailer.passes if order.stage == "adetailer" else ()
    return tuple(name for text in (order.prompt, *(one.prompt for one in passes)) for name in loras_in(text))


def _has_lora(name: str, words: ServerWords) -> bool:
    try:
        lora_file("prompt", name, words)
    except Refused:
        return False
    return True


def _inputs(sent: Graph, key: str) -> tuple[str, ...]:
    """All values of an input in a graph, in its order."""
    found = (inputs.get(key) for node in sent.prompt.values() if isinstance(inputs := node["inputs"], dict))
    return tuple(value for value in found if isinstance(value, str))
