"""What the app's own engine is started with: program, model files, folders, limits, and a free port."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import Refused


class EngineFiles(Struct, frozen=True, kw_only=True):
    """The files of the engine. `checkpoints` are model files by the name the user knows, the one to begin with first.

    `loras` and `upscalers` are folders, None when there is none.
    """

    program: Path
    checkpoints: Mapping[str, Path]
    loras: Path | None = None
    upscalers: Path | None = None

    def name_of(self, checkpoint: str) -> str:
        """The name by which a checkpoint is known here that is called so: with folder, file ending or hash, or not.

        "" means the one to begin with. Raises Refused when there is none.
        """
        if not checkpoint:
            return next(iter(self.checkpoints))
        plain = checkpoint.partition(" [")[0].strip().replace("\\", "/")
        for wanted in (plain, _without_ending(plain), _without_ending(plain).rpartition("/")[2]):
            if wanted in self.checkpoints:
                return wanted
        some = ", ".join([*self.checkpoints][:6])
        raise Refused(f"checkpoint: there is no model file {checkpoint!r} for sd-server. There are: {some}.")

    def folders(self) -> list[str]:
        """Folders that the program is told of, and that its words must not pass on."""
        files = [self.program.parent, *(path.parent for path in self.checkpoints.values())]
        return [str(folder) for folder in (*files, self.loras, self.upscalers, Path.home()) if folder is not None]

    def command(self, name: str, port: int, threads: int) -> list[str]:
        """The command that serves one checkpoint at a port of this computer. `threads` 0 = as the program likes."""
        words = [str(self.program), "-l", "127.0.0.1", "--listen-port", str(port), "-m", str(self.checkpoints[name])]
        words += ["--lora-model-dir", str(self.loras)] if self.loras else []
        words += ["--hires-upscalers-dir", str(self.upscalers)] if self.upscalers else []
        return [*words, "-t", str(threads)] if threads else words


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending.lower() in ("safetensors", "sft", "ckpt", "gguf", "pt", "bin") else name


def free_port() -> int:
    """A port of this computer that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens at this port of this computer."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
