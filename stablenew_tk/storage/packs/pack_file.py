"""`PackFile`: the entry of a prompt pack in a list of packs."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ...domain.prompts.settings import PackSettings


class PackFile(Struct, frozen=True):
    """One pack in a list. `count`: number of prompts; `problem`: why it cannot be run, "" when it can.

    `seen` is the fingerprint of its text, `notices` are sentences about the files beside it.
    """

    path: Path
    pack_id: str
    title: str
    count: int
    problem: str = ""
    settings: PackSettings = PackSettings()
    notices: tuple[str, ...] = ()
    seen: str = ""
