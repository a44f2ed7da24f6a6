"""Whether the data folder can be used, looked at before the window opens."""

from __future__ import annotations

import os
import secrets

from ...domain.base.errors import NotSaved
from ...storage.disk.files import discard, make_folder, reserve
from ...storage.disk.places import Places


def ready_folder(places: Places) -> str:
    """Make the data folder; answers a sentence when it is there and nothing can be written into it, else "".

    A folder that can only be read can be looked at. Raises NotSaved when there is none and none can be made. Blocks on
    the disk.
    """
    try:
        make_folder(places.data)
    except OSError as error:
        raise NotSaved(
            f"The folder for records, {places.data}, cannot be made ({_why(error)}). Choose another with --data-dir or "
            "the variable STABLENEW_HOME."
        ) from error
    probe = places.data / f".stablenew-probe-{secrets.token_hex(4)}"
    try:
        reserve(probe)
    except OSError as error:
        return (
            f"Nothing can be saved in {places.data} ({_why(error)}): what is there can be looked at. Choose another "
            "folder with --data-dir, or give yourself the right to write there."
        )
    discard(probe)
    return ""


def _why(error: OSError) -> str:
    return error.strerror or os.strerror(error.errno or 0)
