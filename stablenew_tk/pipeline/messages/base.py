"""What every message between threads is: an order to a worker, or an event that comes back through the inbox."""

from __future__ import annotations

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Base of everything that arrives in the inbox."""


class Order(Struct, frozen=True, kw_only=True):
    """Base of everything the desk can be asked."""


class OrderFailed(Event, frozen=True, kw_only=True):
    """An order could not be carried out; `order` is that very object, None for what no order asked for.

    `message` is for the user.
    """

    message: str
    order: Order | None = None
