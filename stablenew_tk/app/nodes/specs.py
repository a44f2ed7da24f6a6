"""Which machines the settings name, and how they are called."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.config.engines import CLUSTER, SD_SERVER, SKETCH
from ...domain.config.user_settings import Machine, Settings, usable_address, without_login
from ...domain.nodes.names import distinct, name_of_address, server_of_address
from ...pipeline.messages.jobs import CheckBackend, backend_order, machine_order


class NodeSpec(Struct, frozen=True):
    """One machine: its name, and how its backend is asked."""

    name: str
    order: CheckBackend

    @property
    def address(self) -> str:
        """Its address as it may be shown."""
        return without_login(self.order.address)


def node_specs(settings: Settings) -> tuple[NodeSpec, ...]:
    """All machines of the settings, the backend in force first."""
    orders = [backend_order(settings), *(machine_order(settings, one) for one in settings.machines)]
    # The first one may have got another address since it was named.
    is_its_name = settings.backend_name.startswith(name_of_address(settings.backend))
    given = [settings.backend_name if is_its_name else "", *(one.name for one in settings.machines)]
    names = distinct(name or name_of_address(order.address) for name, order in zip(given, orders, strict=True))
    return tuple(map(NodeSpec, names, orders))


def with_machine(settings: Settings, typed: str) -> Settings:
    """The settings with one more machine. Raises InvalidInput for what is no address."""
    text = typed.strip()
    address = text if text in (SKETCH, SD_SERVER) or text.startswith(CLUSTER) else usable_address(text)
    if not address:
        raise InvalidInput(
            f"{without_login(text)!r} is not an address. Write http://tower:7860, or sketch for one more here.",
            "address",
        )
    known = {server_of_address(one) for one in (settings.backend, *(one.address for one in settings.machines))}
    if address not in (SKETCH, SD_SERVER) and server_of_address(address) in known:
        raise InvalidInput(f"{without_login(address)} is in the list already.", "address")
    taken = [spec.name for spec in node_specs(settings)]
    name = distinct((*taken, name_of_address(address)))[-1]
    return replace(settings, machines=(*settings.machines, Machine(address, name=name)))


def without_machine(settings: Settings, name: str) -> Settings:
    """The settings without a machine; when it is the first one the next takes its place. Raises InvalidInput for the
    only one.
    """
    names = [spec.name for spec in node_specs(settings)]
    if len(names) == 1:
        raise InvalidInput("This is the only machine. Add another one first, or change it in Settings.", "name")
    # Every machine keeps its name when the others move up.
    kept = replace(
        settings,
        backend_name=names[0],
        machines=tuple(replace(one, name=own) for one, own in zip(settings.machines, names[1:], strict=True)),
    )
    if name == names[0]:
        first, *others = kept.machines
        return replace(
            kept,
            backend=first.address,
            backend_name=first.name,
            user=first.user,
            password=first.password,
            machines=tuple(others),
        )
    return replace(kept, machines=tuple(one for one in kept.machines if one.name != name))
