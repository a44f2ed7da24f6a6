"""`make_backend`: the engine that stands behind an address of the settings."""

from __future__ import annotations

from ...backends.base import Backend
from ...domain.base.errors import InvalidInput
from ...domain.config.engines import SD_SERVER
from ...domain.config.user_settings import without_login
from ...pipeline.messages.jobs import CheckBackend


def make_backend(order: CheckBackend) -> Backend:
    """The backend for an address: "sketch", "sd-server" or a URL. Raises InvalidInput for anything else.

    Each engine is imported when it is asked for: all together are a third of what opening the window takes.
    """
    if order.address == "sketch":
        from ...backends.sketch.backend import Sketch

        return Sketch()
    if order.address == SD_SERVER:
        from .own_engine import own_engine

        return own_engine(order.engine)
    if not order.address.lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"{without_login(order.address)!r} is not an address. Write sketch, sd-server or http://…", "backend"
        )
    from ...backends.remote.backend import Remote

    return Remote(order.address, user=order.user, password=order.password, certificate=order.certificate)
