"""Base classes of messages: `Order` (to a worker thread), `Event` (from a worker through the inbox).

`OrderFailed` and `SecondStart` concern the program as a whole.
"""

from __future__ import annotations

from collections.abc import Callable

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


class SecondStart(Event, frozen=True, kw_only=True):
    """The program was started again on the same data folder. Call `shown()` once the window is in front."""

    shown: Callable[[], object]
