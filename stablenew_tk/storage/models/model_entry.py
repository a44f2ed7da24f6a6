"""Immutable values of the model library: `ModelEntry` (one model), `SidecarFile`, `LibrarySnapshot` (all models)."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ...domain.models.recommendations import Dialect


class SidecarFile(Struct, frozen=True, array_like=True, gc=False):
    """A file with information about a model: a sidecar, or the model file itself for its header.

    `reading` is the encoded FileRecommendation, b"" before the first full reading. `is_read`: the reading is current;
    else it is of an earlier version of the file.
    """

    name: str
    dialect: Dialect
    is_read: bool = False
    reading: bytes = b""


class ModelEntry(Struct, frozen=True, array_like=True, gc=False):
    """One model of the library. Any thread.

    `name` is the name of its file, "" when there are only sidecars. `kind` is checkpoint, lora, vae, embedding,
    upscaler, or another word; `family` "sdxl", "sd15"… or "". `previews` are file names, the best first; `sources` the
    files with information; `problems` are sentences.
    """

    folder: str
    name: str
    stem: str
    kind: str = ""
    family: str = ""
    title: str = ""
    size: int = 0
    mtime_ns: int = 0
    files: tuple[SidecarFile, ...] = ()
    previews: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The model's file, else its first sidecar."""
        return Path(self.folder, self.key)

    @property
    def key(self) -> str:
        """The file name by which its folder knows it."""
        return self.name or self.files[0].name

    @property
    def sidecars(self) -> tuple[SidecarFile, ...]:
        """The sidecar files of the model."""
        return tuple(one for one in self.files if one.dialect != "header")

    @property
    def is_read(self) -> bool:
        """Whether all its files were read in full. Before that `settings_of` knows only what they said earlier."""
        for one in self.files:  # noqa: SIM110  (asked for ten thousand models at once)
            if not one.is_read:
                return False
        return True


class LibrarySnapshot(Struct, frozen=True):
    """All models, ordered by folder and name, and sentences about folders. Any thread."""

    entries: tuple[ModelEntry, ...] = ()
    problems: tuple[str, ...] = ()
