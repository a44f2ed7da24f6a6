"""Base classes of messages: `Order` (to a worker thread), `Event` (from a worker through the inbox), `OrderFailed`."""

from __future__ import annotations

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Base class of everything that arrives in the inbox."""


class Order(Struct, frozen=True, kw_only=True):
    """Base class of all orders."""

    def failed(self, message: str) -> Event:
        """The answer when the order could not be carried out: somebody may wait for one of a certain kind."""
        return OrderFailed(order=self, message=message)


class OrderFailed(Event, frozen=True, kw_only=True):
    """An order could not be carried out. `order` is that object, None for a failure without an order.

    `message` is for the user.
    """

    message: str
    order: Order | None = None
