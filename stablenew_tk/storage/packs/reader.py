"""Reads one pack: its text, the settings file beside it, and a predecessor's NAME.json."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.prompts.pack import PromptPack, parse_pack
from ...domain.prompts.settings import PackSettings
from ...domain.prompts.stablenew2_import import Imported, imported
from ...domain.prompts.tsv import parse_table
from ..disk.files import is_file, read_bounded
from .settings_file import SUFFIX, read_sidecar, sidecar_path

SIZE_LIMIT = 4 * 1024 * 1024
ENDINGS = (".txt", ".tsv")
PREDECESSOR = ".json"
_NOTHING = Imported("", PackSettings())


class PackContent(Struct, frozen=True):
    """A pack that was read. `text` has \\n as line ends, `seen` is its fingerprint.

    `notices` are sentences about the files beside it.
    """

    path: Path
    pack: PromptPack
    text: str
    seen: str
    settings: PackSettings = PackSettings()
    notices: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """Why it cannot be run, with file and line, or ""."""
        if not self.pack.errors:
            return ""
        first = self.pack.errors[0]
        return f"{self.path.name}, line {first.line}: {first.message}"


def open_pack(path: Path) -> PackContent:
    """Read a pack, its errors and warnings included. Raises Unreadable when it is no text file."""
    data, predecessor = read_bounded(path, SIZE_LIMIT, within=path.parent), imported_by(path)
    own = "" if path.suffix.lower() == PREDECESSOR else _text(data, path)
    if path.suffix.lower() == PREDECESSOR and not predecessor.text:
        raise Unreadable((predecessor.notices or (f"{path.name} holds no prompts, so it is not a pack.",))[0])
    pack = parsed(own, path)
    if predecessor.text and not pack.prompts:
        own, pack = predecessor.text, parse_pack(predecessor.text, path.stem)
    sidecar = read_sidecar(path)
    # Once there is a settings file, what was left out of the predecessor's is no news any more.
    notices = sidecar.notices if sidecar.exists else predecessor.notices
    return PackContent(path, pack, own, fingerprint(own), sidecar.over(predecessor.settings), notices)


def parsed(text: str, path: Path) -> PromptPack:
    """Parse the text of this file. Never raises."""
    return (parse_table if path.suffix.lower() == ".tsv" else parse_pack)(text, path.stem)


def read_pack(path: Path) -> PromptPack:
    """Read the prompts of a pack, errors and warnings included. Raises Unreadable when it is not a UTF-8 text file."""
    return open_pack(path).pack


def load_pack(path: Path) -> PromptPack:
    """Read the prompts of a pack to be run. Raises Unreadable, or InvalidInput naming file and line of an error."""
    return load_whole(path).pack


def load_whole(path: Path) -> PackContent:
    """Read a pack to be run, with its settings. Raises as `load_pack`."""
    opened = open_pack(path)
    if opened.problem:
        raise InvalidInput(opened.problem, str(path))
    return opened


def imported_by(path: Path) -> Imported:
    """Import the predecessor's file of a pack; empty when there is none. Never raises."""
    twin = path.with_suffix(PREDECESSOR) if path.suffix.lower() == ".txt" else path
    if twin.suffix.lower() != PREDECESSOR or not is_file(twin):
        return _NOTHING
    try:
        return imported(read_bounded(twin, SIZE_LIMIT, within=twin.parent), twin.name) or _NOTHING
    except Unreadable as error:
        return Imported("", PackSettings(), (str(error),))


def beside(path: Path) -> tuple[Path, ...]:
    """The paths of all files that may belong to a pack, its own first."""
    twin = path.with_suffix(PREDECESSOR)
    return (path, sidecar_path(path), *((twin,) if path.suffix.lower() == ".txt" else ()))


def is_sidecar(path: Path) -> bool:
    """Whether a file has the name of a pack's settings file."""
    return path.name.lower().endswith(SUFFIX)


def fingerprint(text: str) -> str:
    """SHA-256 of a text with \\n as line ends."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(text: str) -> str:
    """A text as an editor shows it: without a BOM, with \\n as line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _text(data: bytes, path: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{path.name} is saved as UTF-16. Save it as UTF-8 in your editor and try again.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path.name}, line {line}: not UTF-8 text. Save the file as UTF-8 and try again.") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(f"{path.name}, line {line}: holds a zero byte, so it is not a text file.")
    return plain(text)
