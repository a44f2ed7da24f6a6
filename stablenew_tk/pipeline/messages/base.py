"""Base classes of messages: `Order` (to a worker thread), `Event` (from a worker through the inbox), `OrderFailed`."""

from __future__ import annotations

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Base class of everything that arrives in the inbox."""


class Order(Struct, frozen=True, kw_only=True):
    """Base class of all orders."""


class OrderFailed(Event, frozen=True, kw_only=True):
    """An order could not be carried out. `order` is that object, None for a failure without an order.

    `message` is for the user.
    """

    message: str
    order: Order | None = None
