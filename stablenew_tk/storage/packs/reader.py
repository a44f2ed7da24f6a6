"""Reading one pack: its text, the settings beside it, and what a predecessor's NAME.json adds."""

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
    """One pack with all that belongs to it. `text` has plain line ends; `seen` is the fingerprint it was read at.

    `problem` is a sentence when it cannot be run, `notices` are sentences about the files beside it.
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
    """Read a pack with all its errors and warnings inside. Raises Unreadable when it is no text file."""
    data, said = read_bounded(path, SIZE_LIMIT), imported_by(path)
    own = "" if path.suffix.lower() == PREDECESSOR else _text(data, path)
    if path.suffix.lower() == PREDECESSOR and not said.text:
        raise Unreadable((said.notices or (f"{path.name} holds no prompts, so it is not a pack.",))[0])
    pack = parsed(own, path)
    if said.text and not pack.prompts:
        own, pack = said.text, parse_pack(said.text, path.stem)
    sidecar = read_sidecar(path)
    # Once there are settings of our own, what was left out of the other file is no news any more.
    told = sidecar.notices if sidecar.exists else said.notices
    return PackContent(path, pack, own, fingerprint(own), sidecar.over(said.settings), told)


def parsed(text: str, path: Path) -> PromptPack:
    """The pack of a text that stands in this file, or is going to. Never raises."""
    return (parse_table if path.suffix.lower() == ".tsv" else parse_pack)(text, path.stem)


def read_pack(path: Path) -> PromptPack:
    """Read a pack with all its errors and warnings inside. Raises Unreadable when it is not a UTF-8 text file."""
    return open_pack(path).pack


def load_pack(path: Path) -> PromptPack:
    """Read a pack that is going to be run. Raises Unreadable, or InvalidInput naming file and line of an error."""
    return load_whole(path).pack


def load_whole(path: Path) -> PackContent:
    """Read a pack that is going to be run, with its settings. Raises as `load_pack`."""
    opened = open_pack(path)
    if opened.problem:
        raise InvalidInput(opened.problem, str(path))
    return opened


def imported_by(path: Path) -> Imported:
    """What the predecessor's file of a pack says, or nothing. Never raises."""
    twin = path.with_suffix(PREDECESSOR) if path.suffix.lower() == ".txt" else path
    if twin.suffix.lower() != PREDECESSOR or not is_file(twin):
        return _NOTHING
    try:
        return imported(read_bounded(twin, SIZE_LIMIT), twin.name) or _NOTHING
    except Unreadable as error:
        return Imported("", PackSettings(), (str(error),))


def beside(path: Path) -> tuple[Path, ...]:
    """All files that may belong to a pack, itself first."""
    twin = path.with_suffix(PREDECESSOR)
    return (path, sidecar_path(path), *((twin,) if path.suffix.lower() == ".txt" else ()))


def is_sidecar(path: Path) -> bool:
    """Whether a file is named as the settings of a pack."""
    return path.name.lower().endswith(SUFFIX)


def fingerprint(text: str) -> str:
    """Tells the texts of a pack apart, whatever ends their lines."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(text: str) -> str:
    """A text as an editor shows it: without BOM, every line ended by \\n."""
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
