"""The names that can be used in a prompt on this machine: LoRAs with their weights, embeddings, wildcards."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.prompts.completion import Offer, offers
from ...storage.models.model_entry import LibrarySnapshot
from ..controller import Controller


class PromptInventory:
    """Combines the model library and the backend. The offers are made anew only when one of them has changed."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._seen: tuple[LibrarySnapshot | None, Sequence[str], Sequence[str], Sequence[str]] | None = None
        self._offers: tuple[Offer, ...] = ()

    def offers(self, slots: Sequence[str] = ()) -> tuple[Offer, ...]:
        """Everything that can be inserted, with these slots first."""
        models, offered = self._controller.models, self._controller.capabilities
        backend = offered.loras if offered is not None else ()
        wildcards = self._controller.packs.wildcards
        seen = (models.snapshot, backend, wildcards, slots)
        if (
            self._seen is None
            or any(old is not new for old, new in zip(self._seen[:3], seen[:3], strict=True))
            or (slots != self._seen[3])
        ):
            known = {entry.stem: str(entry.path) for entry in models.entries("lora") if entry.name}
            loras = {**dict.fromkeys(backend, ""), **known}
            embeddings = [entry.stem for entry in models.entries("embedding") if entry.name]
            self._offers = offers(slots=slots, wildcards=wildcards, loras=loras.items(), embeddings=embeddings)
            self._seen = seen
        return self._offers

    def weight(self, offer: Offer) -> float | None:
        """The recommended weight of a LoRA; None when there is none or it is not read yet."""
        if offer.kind != "lora" or not offer.path:
            return None
        settings = self._controller.models.settings(offer.path)
        good = (one.weight for one in settings.weights if one.rating != "bad") if settings is not None else ()
        return next(iter(good), None)

    def loras(self) -> frozenset[str] | None:
        """The existing names; None where they are not known."""
        names = self._names("lora")
        offered = self._controller.capabilities
        if offered is not None and offered.loras:
            return (names or frozenset()) | frozenset(offered.choices("loras"))
        return names

    def embeddings(self) -> frozenset[str] | None:
        """The existing names; None where they are not known."""
        return self._names("embedding")

    def _names(self, kind: str) -> frozenset[str] | None:
        models = self._controller.models
        found = frozenset(entry.stem for entry in models.entries(kind) if entry.name)
        # A library without a single one of them says nothing about what the backend has.
        return found if models.done and found else None
