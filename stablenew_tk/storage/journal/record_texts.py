"""Reads of records only what a search looks at: prompt, sampler and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from ..disk.files import open_regular
from .segments import BOUND, segment_path


class _SamplerText(msgspec.Struct, gc=False, frozen=True):
    sampler: str = ""


class _ConfigText(msgspec.Struct, gc=False, frozen=True):
    txt2img: _SamplerText = _SamplerText()


class _SeedText(msgspec.Struct, gc=False):
    seed: int = 0


class RecordTexts(msgspec.Struct, gc=False):
    """Prompt and config of a record, and the seeds of its pictures."""

    prompt: str = ""
    config: _ConfigText = _ConfigText()
    outputs: list[_SeedText] = []

    @property
    def sampler(self) -> str:
        """The sampler of the first stage."""
        return self.config.txt2img.sampler

    def seed(self, output_index: int) -> int:
        """The seed of one of its pictures."""
        return self.outputs[output_index].seed if output_index < len(self.outputs) else 0


_DECODER = msgspec.json.Decoder(RecordTexts)


def read_texts(folder: Path, positions: Iterable[tuple[int, int, int]]) -> Iterator[RecordTexts]:
    """The texts of the records at (segment, offset, length), one for each. One that cannot be read is empty."""
    with ExitStack() as opened:
        number, file = -1, None
        for segment, offset, length in positions:
            try:
                if segment != number:
                    opened.close()
                    number, file = segment, None
                    file = opened.enter_context(open_regular(segment_path(folder, segment)))
                if file is None:
                    raise OSError
                file.seek(offset)
                yield _DECODER.decode(file.read(min(length, BOUND)))
            except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
                yield RecordTexts()
