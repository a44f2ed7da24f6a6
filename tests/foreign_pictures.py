"""What other tools write into their pictures, each document in that tool's own names, with a value at every name."""

from __future__ import annotations

import json
from pathlib import Path

_FOLDER = Path(__file__).parent / "fixtures" / "foreign"


def _read(name: str) -> dict:
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


TEXTS: dict[str, str] = _read("texts")
OBJECTS: dict[str, dict[str, object]] = _read("objects")
GRAPHS: dict[str, dict[str, dict]] = _read("graphs")
# Graphs with what must come of each: expected values by path, words that must be said, words that must not.
SUITES: dict[str, dict] = _read("suites")
# The texts of pictures of other tools, likewise.
PICTURES: dict[str, dict] = _read("pictures")
