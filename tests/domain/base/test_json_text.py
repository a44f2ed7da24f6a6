"""Names of files that are no text never keep anything from being saved."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Struct

from stablenew_tk.domain.base.json_text import json_bytes


class _Pack(Struct):
    name: str
    notes: dict[str, list[str]] = {}


@pytest.mark.parametrize("text", ["plain", "ein Boot, 船", "\udcff.txt", "half \ud83d"])
def test_every_text_becomes_json_that_can_be_read(text):
    read = msgspec.json.decode(json_bytes(_Pack(text, {text: [text]})), type=_Pack)
    shown = text.encode("utf-8", "backslashreplace").decode()
    assert read == _Pack(shown, {shown: [shown]})
