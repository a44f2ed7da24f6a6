"""Machines of the cluster among the machines of the settings."""

from __future__ import annotations

from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.config.engines import CLUSTER
from ..domain.config.user_settings import Machine, Settings
from .nodes.specs import NodeSpec, node_specs


def with_cluster_machine(settings: Settings, name: str) -> Settings:
    """The settings with a machine of the cluster, which makes pictures as soon as it is connected."""
    address = CLUSTER + name
    if address in (settings.backend, *(one.address for one in settings.machines)):
        return settings
    if name in [spec.name for spec in node_specs(settings)]:
        raise InvalidInput(f"There is a machine called {name} already. Choose another name.", "name")
    return replace(settings, machines=(*settings.machines, Machine(address, name=name)))


def cluster_name(spec: NodeSpec) -> str:
    """What a machine is called in its cluster, "" for one that is in none."""
    address = spec.order.address
    return address.removeprefix(CLUSTER) if address.startswith(CLUSTER) else ""


def without_cluster_machine(settings: Settings, name: str) -> Settings:
    """The settings without a machine of the cluster."""
    return replace(settings, machines=tuple(one for one in settings.machines if one.address != CLUSTER + name))
