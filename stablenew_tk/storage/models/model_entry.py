"""What is known of one model, and of all: values that may be handed to any thread."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ...domain.models.recommendations import Dialect


class SidecarFile(Struct, frozen=True, array_like=True, gc=False):
    """A file that may say something about a model: a sidecar, or the model itself for its header.

    `reading` is the encoded FileRecommendation, b"" before the file was read in full. `is_read` says that it belongs to
    the file as it is now; else it is what the file said before.
    """

    name: str
    dialect: Dialect
    is_read: bool = False
    reading: bytes = b""


class ModelEntry(Struct, frozen=True, array_like=True, gc=False):
    """One model of the library. Safe to hand to any thread.

    `name` is its file; "" when sidecars describe a model that is not there. `kind` is checkpoint, lora, vae, embedding,
    upscaler, or another word; `family` "sdxl", "sd15"… or "". `previews` are file names, the best first; `sources` the
    files that said something; `problems` are sentences.
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
        """The files beside it that were, or will be, read."""
        return tuple(one for one in self.files if one.dialect != "header")

    @property
    def is_read(self) -> bool:
        """Whether all its files were read in full. Before that `settings_of` knows only what they said earlier."""
        for one in self.files:  # noqa: SIM110  (asked for ten thousand models at once)
            if not one.is_read:
                return False
        return True


class LibrarySnapshot(Struct, frozen=True):
    """All models, ordered by folder and name, and sentences about folders. Safe to hand to any thread."""

    entries: tuple[ModelEntry, ...] = ()
    problems: tuple[str, ...] = ()
