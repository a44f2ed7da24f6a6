"""What the model library knows that decides which values suit a checkpoint and the LoRAs of a prompt."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ..backends.base import Capabilities
from ..domain.models.idle_settings import EngineTraits
from ..domain.models.recommendations import ModelSettings
from ..domain.models.sensible_range import ModelTraits, lora_range, traits_of
from ..storage.models.model_entry import ModelEntry
from .controller import Controller


def known_traits(controller: Controller, checkpoint: str = "", loras: Iterable[str] = ()) -> ModelTraits:
    """The traits of a checkpoint, "" = the loaded one, and of LoRAs, by the names that a backend or prompt uses.

    Of a model in none of the folders only its name is known. After LibraryChanged and ModelRead the answer may be
    another one.
    """
    offered = controller.capabilities
    models = controller.models
    name = checkpoint or (offered.loaded_checkpoint if offered is not None else "")
    entry = models.find(name)
    known = _known(controller, entry) if entry is not None else ModelSettings()
    ranges: dict[str, tuple[float, float]] = {}
    for lora in loras:
        found = models.find(lora, "lora")
        if found is not None and (ends := lora_range(_known(controller, found))) is not None:
            ranges[lora] = ends
    engine = engine_traits(offered)
    if not name and entry is None:
        # Nothing is chosen yet: so the table of families need not be read before the window is in sight.
        return ModelTraits(lora_ranges=ranges, engine=engine)
    return replace(traits_of(known, models.styles.families, name), lora_ranges=ranges, engine=engine)


def engine_traits(offered: Capabilities | None) -> EngineTraits:
    """What the engine with these capabilities can be told; None: nobody answers."""
    return EngineTraits(offered.name, offered.features) if offered is not None else EngineTraits()


def _known(controller: Controller, entry: ModelEntry) -> ModelSettings:
    """What is known about a model at once, without waiting until its files were read."""
    models = controller.models
    from ..storage.models.index import settings_of

    found = models.settings(entry.path) or settings_of(entry, models.styles)
    return found if found.family else replace(found, family=entry.family)
