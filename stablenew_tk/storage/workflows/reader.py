"""Reads the text of a workflow from its file, or from a picture that ComfyUI made by it."""

from __future__ import annotations

from pathlib import Path

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.workflows.workflow import digest_of, looks_like_one
from ..disk.files import read_bounded
from ..pictures.metadata import read_texts

LARGEST = 4 << 20  # bytes
_PICTURES = (".png", ".webp", ".jpg", ".jpeg", ".avif", ".tif", ".tiff")


def workflow_text(file: Path) -> bytes:
    """The text of a workflow. Raises Unreadable for a file that cannot be read, InvalidInput for a picture without one.

    Of the two that a picture may hold, that which the server ran is taken: it needs no conversion.
    """
    if file.suffix.lower() not in _PICTURES:
        return read_bounded(file, LARGEST)
    texts = read_texts(file)
    found = texts.get("prompt") or texts.get("workflow") or ""
    if not found.lstrip("\0 \t\r\n").startswith("{"):
        raise InvalidInput(f"No workflow in the picture {file.name}. Pictures of ComfyUI hold one.", str(file))
    return found.strip("\0 \t\r\n").encode("utf-8", "replace")


def holds_one(file: Path) -> bool:
    """Whether a file is meant as a workflow, also where it cannot be read as one now."""
    try:
        return looks_like_one(workflow_text(file))
    except (InvalidInput, Unreadable):
        return False


def unchanged_text(file: Path, digest: str) -> bytes:
    """The text of the workflow that jobs were made for. Raises InvalidInput when it was changed since, Unreadable."""
    text = workflow_text(file)
    if digest_of(text) != digest:
        raise InvalidInput(
            f"The workflow {file.name} was changed since this was planned. Put the old file back, or plan it anew.",
            str(file),
        )
    return text
