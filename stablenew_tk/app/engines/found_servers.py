"""Servers on this computer: what answers at the addresses where WebUIs and ComfyUI listen unless told otherwise."""

from __future__ import annotations

from ...domain.base.wording import counted
from ...pipeline.messages.jobs import BackendChecked, CheckBackend

# WebUIs, Forge without its web page, ComfyUI, ComfyUI as a desktop program.
USUAL = tuple(f"http://127.0.0.1:{port}" for port in (7860, 7861, 8188, 8000))
NOBODY = "no answer"


class FoundServers:
    """What was found so far. `take` the answers to `orders`.

    `usable` are those that make pictures, `others` those where something else is the matter (a login, still starting).
    """

    def __init__(self, addresses: tuple[str, ...] | None = None) -> None:
        self.addresses = USUAL if addresses is None else addresses
        self._answers: dict[str, BackendChecked] = {}

    def orders(self) -> tuple[CheckBackend, ...]:
        """The questions to be asked."""
        return tuple(CheckBackend(address=address) for address in self.addresses)

    def unsettled(self) -> tuple[CheckBackend, ...]:
        """The questions to be asked again: a server that is not ready may be in a moment."""
        return tuple(order for order in self.orders() if order.address in {one.address for one in self.others})

    def take(self, event: BackendChecked) -> bool:
        """Note an answer; False when it is of another question."""
        if event.address not in self.addresses:
            return False
        self._answers[event.address] = event
        return True

    @property
    def is_complete(self) -> bool:
        """Whether all addresses were asked."""
        return len(self._answers) == len(self.addresses)

    @property
    def usable(self) -> tuple[BackendChecked, ...]:
        """Servers that can be used, in the order of the addresses."""
        return tuple(one for one in self._in_order() if one.capabilities is not None)

    @property
    def others(self) -> tuple[BackendChecked, ...]:
        """Servers that answer and cannot be used as they are."""
        return tuple(one for one in self._in_order() if one.capabilities is None and one.brief != NOBODY)

    def _in_order(self) -> list[BackendChecked]:
        return [self._answers[address] for address in self.addresses if address in self._answers]


def program_of(event: BackendChecked) -> str:
    """Name and version of the program that answered, without its address: "ComfyUI 0.3.64"."""
    found = event.capabilities
    return f"{found.name.partition(' · ')[0]} {found.version}".strip() if found is not None else ""


def counts_of(event: BackendChecked) -> str:
    """How much it has: "12 checkpoints, 5 LoRAs"."""
    found = event.capabilities
    if found is None:
        return ""
    return f"{counted(len(found.checkpoints), 'checkpoint')}, {counted(len(found.loras), 'LoRA')}"
