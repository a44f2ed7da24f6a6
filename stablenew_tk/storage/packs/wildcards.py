"""Reads wildcard files: text files with a value per line, and JSON files with lists, in folders of any depth.

`animals/cat.txt` is `__animals/cat__`. A JSON file may hold a list, or a tree of lists whose keys are the names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.errors import Unreadable
from ...domain.prompts.pack import LONGEST_TEXT
from ...domain.prompts.wildcards import WildcardList, Wildcards, list_of
from ..disk.files import read_bounded

SIZE_LIMIT = 64 * 1024 * 1024
# A folder with more files than this is some other folder, chosen by mistake.
MOST_FILES = 20_000
BESIDE = "wildcards"
_DEEPEST = 20
_MOST_WEIGHT = 1e9
_MOST_SENTENCES = 5
_ENDINGS = (".txt", ".json", ".yaml", ".yml")

_FileState = tuple[int, int]


class _WildcardFile(Struct, frozen=True):
    """One file: its lists, further names for them, and why it cannot be read."""

    lists: tuple[WildcardList, ...] = ()
    aliases: Mapping[str, str] = {}
    problem: str = ""


class WildcardReader:
    """Reads wildcard folders, each file again only after it has changed. For one thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_FileState, str, _WildcardFile]] = {}
        self._last: tuple[list[tuple[Path, str, _FileState]], Wildcards, tuple[str, ...]] | None = None

    def load(self, folders: Sequence[Path]) -> tuple[Wildcards, tuple[str, ...]]:
        """All lists below the folders, and a sentence for each file that cannot be read, or folder that holds too many.

        Of lists with the same name that of the first folder counts. Folders need not exist.
        """
        listed = {root: [*_files(root)] for root in folders}
        found = [(root, path, state) for root, files in listed.items() for path, state in files[:MOST_FILES]]
        if self._last is not None and self._last[0] == found:
            return self._last[1:]
        kept: dict[str, tuple[_FileState, str, _WildcardFile]] = {}
        lists: dict[str, WildcardList] = {}
        aliases: dict[str, str] = {}
        problems = [_too_many(root, files) for root, files in listed.items() if len(files) > MOST_FILES]
        for root, path, state in found:
            name = Path(path).relative_to(root).with_suffix("").as_posix()
            known = self._known.get(path)
            read = known[2] if known is not None and known[:2] == (state, name) else _read(Path(path), name, root)
            kept[path] = (state, name, read)
            for one in read.lists:
                lists.setdefault(one.name, one)
            for alias, target in read.aliases.items():
                aliases.setdefault(alias, target)
            problems += [read.problem] if read.problem else []
        self._known = kept
        self._last = found, Wildcards(lists.values(), aliases), tuple(problems)
        return self._last[1:]


def wildcard_places(pack_folders: Iterable[Path], own: Path, further: Iterable[str]) -> tuple[Path, ...]:
    """The folders of wildcards in the order in which they count: `wildcards` beside the packs, the program's `own`,
    then those of the settings. Never raises.
    """
    beside = [folder / BESIDE for folder in pack_folders]
    return tuple(dict.fromkeys((*beside, own, *named_folders(further))))


def named_folders(names: Iterable[str]) -> list[Path]:
    """Absolute paths of folders as a person wrote them, with ~ expanded where it can be. Never raises."""
    return [Path(os.path.abspath(os.path.expanduser(one))) for one in names if one.strip()]  # noqa: PTH100, PTH111


def load_wildcards(folders: Sequence[Path]) -> tuple[Wildcards, tuple[str, ...]]:
    """As `WildcardReader.load`, once."""
    return WildcardReader().load(folders)


def _files(root: Path) -> Iterator[tuple[str, _FileState]]:
    """The wildcard files below a folder with size and time, in alphabetical order, one more than MOST_FILES at most;
    unreadable folders are skipped.
    """
    count = 0
    waiting = [(str(root), 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted((one for one in listed if one.name[0] != "."), key=lambda one: one.name)
        except OSError:
            continue  # a drive that is not plugged in; the other folders still count
        # Links to folders may lead back up; a folder that is meant can be named itself.
        below = [one.path for one in reversed(entries) if depth < _DEEPEST and one.is_dir(follow_symlinks=False)]
        waiting += [(path, depth + 1) for path in below]
        for entry in entries:
            if not entry.name.lower().endswith(_ENDINGS) or entry.is_dir(follow_symlinks=False):
                continue
            try:
                status = entry.stat()
            except OSError:
                if not entry.is_symlink():
                    continue  # gone since the folder was listed
                status = entry.stat(follow_symlinks=False)  # leads nowhere, which is told when it is read
            yield entry.path, (status.st_size, status.st_mtime_ns)
            count += 1
            if count > MOST_FILES:
                return


def _too_many(root: Path, files: Sequence[tuple[str, _FileState]]) -> str:
    last = Path(files[MOST_FILES - 1][0]).relative_to(root).as_posix()
    return (
        f"{root} holds more than {MOST_FILES:,} wildcard files. Those behind {last} are not read: keep fewer there, or "
        "name the folders below it one by one in the settings."
    )


def _read(path: Path, name: str, root: Path) -> _WildcardFile:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _WildcardFile(
            problem=f"{path.name}: YAML is not read. Save the lists as .txt, a value per line, or as .json."
        )
    try:
        data = read_bounded(path, SIZE_LIMIT, within=root)
        text = data.decode("utf-8-sig")
    except Unreadable as error:
        return _WildcardFile(problem=str(error))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _WildcardFile(problem=f"{path.name}, line {line}: not UTF-8 text. Save the file as UTF-8.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return _WildcardFile(problem=f"{path.name}, line {line}: holds a zero byte, so it is not a text file.")
    if suffix == ".json":
        return _json(path.name, name, text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    problem = _without_long(lines, path.name, "line")
    return _WildcardFile((list_of(name, lines, path.name),), problem=problem)


def _without_long(lines: list[str], where: str, what: str) -> str:
    """Empty the lines that no prompt can hold. Gives a sentence about them, or ""."""
    long = [place for place, line in enumerate(lines) if len(line) > LONGEST_TEXT]
    if not long:
        return ""
    number, length = long[0] + 1, len(lines[long[0]])
    for place in long:
        lines[place] = ""
    more = f" (and {len(long) - 1:,} more)" if len(long) > 1 else ""
    return f"{where}, {what} {number}{more} was left out: of {length:,} characters; {LONGEST_TEXT:,} are the most."


def _json(where: str, name: str, text: str) -> _WildcardFile:
    try:
        tree = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        return _WildcardFile(problem=f"{where}: not readable as JSON ({error}).")
    if not isinstance(tree, (list, dict)):
        return _WildcardFile(problem=f"{where}: a list of values, or lists by name, should stand here.")
    above = name.rpartition("/")[0]
    lists: list[WildcardList] = []
    aliases: dict[str, str] = {}
    left_out = 0
    problems: list[str] = []
    for keys, values in _lists(tree, ()):
        # The names are those of the tree, as other programs have it; with the file's name they are found, too.
        known = "/".join(filter(None, (above, *keys))) if keys else name
        lines = [_value(value) for value in values]
        left_out += sum(not line and value != "" for line, value in zip(lines, values, strict=True))
        if long := _without_long(lines, where, "value"):
            problems.append(long)
        lists.append(list_of(known, lines, where))
        if keys:
            aliases["/".join((name, *keys))] = known
    if left_out:
        problems.append(f"{where}: values that are neither text nor numbers were left out ({left_out} of them).")
    return _WildcardFile(tuple(lists), aliases, " ".join(problems[:_MOST_SENTENCES]))


def _lists(tree: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[object]]]:
    if isinstance(tree, dict) and len(keys) < _DEEPEST:
        for key, value in tree.items():
            yield from _lists(value, (*keys, str(key).strip("/ ")))
    elif isinstance(tree, list):
        yield keys, tree
    elif _value(tree) and keys:
        yield keys, [tree]


def _value(value: object) -> str:
    """A JSON value as a line; "" for anything but text, numbers and texts with a weight."""
    if isinstance(value, dict):
        text = next((_value(value[key]) for key in ("text", "content", "value") if key in value), "")
        weight = value.get("weight", 1)
        is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        # A whole number of JSON may be larger than any weight can be.
        return f"{weight:.9g}::{text}" if text and is_number and 0 <= weight <= _MOST_WEIGHT and weight != 1 else text
    if isinstance(value, str):
        return " ".join(value.split("\n")).strip()
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
