"""`FinishedJobs`: answers of a worker, kept on its disk until the operator has them in the journal."""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from pathlib import Path

from ...domain.base.errors import NotSaved, StorageError, Unreadable
from ..disk.files import discard, make_folder, read_bounded, sweep_temporary, write_atomic

KEPT_S = 7 * 24 * 3600.0
_LARGEST = 1 << 30
_DIGEST = hashlib.sha256().digest_size
_SWEPT_EVERY_S = 3600.0
_KEY = re.compile(r"[0-9a-f]{64}")


class FinishedJobs:
    """One file for each finished job, by its key (64 hex digits): digest of the answer, and the answer. Any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._swept_at = 0.0

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer. It is on disk on return. Raises NotSaved, and Unreadable for what is no key."""
        try:
            make_folder(self.folder)
        except OSError as error:
            raise NotSaved(f"{self.folder} cannot be made: {error.strerror}.") from error
        write_atomic(self._file(key), hashlib.sha256(answer).digest() + answer, mode=0o600)

    def get(self, key: str) -> bytes | None:
        """A kept answer, None where there is none that is whole."""
        with suppress(StorageError):
            data = read_bounded(self._file(key), _LARGEST)
            digest, answer = data[:_DIGEST], data[_DIGEST:]
            return answer if hashlib.sha256(answer).digest() == digest else None
        return None

    def forget(self, key: str) -> None:
        """The operator has it."""
        with suppress(StorageError):
            # Not forced to disk: after a power cut it is there again for a week, which does no harm.
            discard(self._file(key))

    def keys(self) -> tuple[str, ...]:
        """All that wait for the operator."""
        with suppress(OSError):
            return tuple(sorted(path.stem for path in self.folder.glob("*.job") if _KEY.fullmatch(path.stem)))
        return ()

    def sweep(self) -> None:
        """Remove what nobody has asked for in a week, and what was begun by a program that was killed. It looks once in
        an hour.
        """
        now = time.monotonic()
        if self._swept_at and now - self._swept_at < _SWEPT_EVERY_S:
            return
        self._swept_at = now
        sweep_temporary(self.folder)
        for key in self.keys():
            with suppress(OSError):
                if time.time() - self._file(key).stat().st_mtime > KEPT_S:
                    discard(self._file(key))

    def _file(self, key: str) -> Path:
        # It comes from another machine, and must not lead out of the folder.
        if not _KEY.fullmatch(key):
            raise Unreadable(f"{key[:80]!r} is not the key of a job.")
        return self.folder / f"{key}.job"
