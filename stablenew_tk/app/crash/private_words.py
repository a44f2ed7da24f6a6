"""Words that are nobody else's business: names of the user and of the computer, login and password."""

from __future__ import annotations

import platform
from pathlib import Path
from urllib.parse import urlsplit

from ...domain.config.user_settings import Settings
from ...pipeline.ids_and_times import system_user


def private_words(settings: Settings) -> frozenset[str]:
    """What must not be in a report, as it may stand there."""
    machines = (settings.backend, *(machine.address for machine in settings.machines))
    addresses = [urlsplit(address) for address in machines if "://" in address]
    words = {
        system_user(),
        Path.home().name,
        platform.node(),
        platform.node().partition(".")[0],
        settings.user,
        settings.password,
        settings.user_name,
    }
    for address in addresses:
        words |= {address.netloc, address.hostname or "", address.username or "", address.password or ""}
    for machine in settings.machines:
        words |= {machine.name, machine.user, machine.password}
    return frozenset(filter(None, words))
