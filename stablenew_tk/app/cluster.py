"""Machines of the cluster among the machines of the settings."""

from __future__ import annotations

from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.config.engines import CLUSTER
from ..domain.config.user_settings import Machine, Settings
from ..pipeline.messages.files import ClusterChanged
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


def with_machines_of(settings: Settings, now: ClusterChanged) -> Settings:
    """The settings without the machines that another program took out of the cluster."""
    known = {CLUSTER + name for name in (*now.machines, *now.to_invite)}
    left = tuple(one for one in settings.machines if not one.address.startswith(CLUSTER) or one.address in known)
    return replace(settings, machines=left) if now.is_own else settings


def cluster_words(now: ClusterChanged) -> str:
    """What the bottom bar says of it."""
    words = "The cluster was changed by another program; this window goes on with its new keys."
    return f"{words} Invite again: {', '.join(now.to_invite)}." if now.to_invite else words


def without_cluster_machine(settings: Settings, name: str) -> Settings:
    """The settings without a machine of the cluster."""
    return replace(settings, machines=tuple(one for one in settings.machines if one.address != CLUSTER + name))
