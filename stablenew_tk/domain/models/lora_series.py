"""Series of LoRA files: what one training saved along its way, in the order in which it was learned.

Headers tell most: files with one session id are one training, whatever they are called. Without headers the names
decide, by the habits of the trainers; a number counts only behind a separator, so `face8` is no eighth epoch of `fac`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from ..base.lora_tags import lora_folders

Unit = Literal["", "epoch", "step"]
# The habits of trainers and people, the strictest first; a word for steps is looked for before one for epochs.
_HABITS: tuple[tuple[str, Unit], ...] = (
    (r"(?P<base>.+)-step(?P<at>\d{8})", "step"),
    (r"(?P<base>.+)-(?P<at>\d{6})", "epoch"),
    (r"(?P<base>.+?)(?:_lora)?_(?P<at>\d{9})", "step"),
    (r"(?P<base>.*?)[-_ ]?(?P<when>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)-save-(?P<at>\d+)-\d+-\d+", "step"),
    (r"(?P<base>.+)_(?P<at>\d+)_steps(?:_\d+_?)?", "step"),
    # "_s2" is a season or a style; steps are saved by the hundred.
    (r"(?P<base>.+)[-_. ](?:steps?[-_]?(?=\d)|s[-_]?(?=\d{3}))(?P<at>\d{1,9})", "step"),
    (r"(?P<base>.+)[-_. ](?:epoch|ep|e)[-_]?(?P<at>\d{1,6})", "epoch"),
)
# What kind of numbers a file holds: the same training is kept in several, each a series of its own.
_PRECISION = re.compile(r"[-_. ](?:fp16|fp32|bf16|fp8(?:_e\dm\d(?:fn)?)?|f16|f32)$", re.IGNORECASE)
# Where all files have the same name, these are the folders that they lie in.
_FOLDER_HABITS: tuple[tuple[str, Unit], ...] = (
    (r"(?:checkpoint|(?:global_)?steps?)[-_]?(?P<at>\d{1,9})", "step"),
    (r"epochs?[-_]?(?P<at>\d{1,6})", "epoch"),
)


class Training(Struct, frozen=True, omit_defaults=True):
    """What the header of a file tells of its training; 0 and "" = not told. `steps` and `epoch` are those done so far.

    `finished_at`: seconds since 1970. `shape` is equal in files that hold the same kinds of weights.
    """

    session_id: str = ""
    output_name: str = ""
    steps: int = 0
    epoch: int = 0
    finished_at: float = 0.0
    shape: str = ""


class LoraFile(Struct, frozen=True):
    """A LoRA file: its stem, the folder of its training, and what its header tells. The stem of a file that is called
    as its trainer calls all has its folders before it: "RUN/epoch20/adapter_model".
    """

    stem: str
    folder: str = ""
    training: Training = Training()


class LoraSeries(Struct, frozen=True):
    """The files of one training in the order of learning, two or more, by their stems. `name` is what they share."""

    name: str
    stems: tuple[str, ...]


class _FileSeries(Protocol):
    """A series of files, of whatever kind."""

    @property
    def name(self) -> str: ...

    @property
    def stems(self) -> tuple[str, ...]: ...


_Series = TypeVar("_Series", bound=_FileSeries)


class NumberedStem(Struct, frozen=True):
    """What a stem says: the name of its training, and the epoch or step at which it was saved; `unit` "" = nothing.

    `when` is the time that some trainers write into the name.
    """

    base: str
    unit: Unit = ""
    at: int = 0
    when: str = ""


def numbered(stem: str) -> NumberedStem:
    """The parts of a stem by the habits of trainers."""
    if folders := lora_folders(stem):
        for habit, unit in _FOLDER_HABITS:
            if found := re.fullmatch(habit, folders[-1], re.IGNORECASE):
                return NumberedStem("".join(folders[-2:-1]), unit, int(found["at"]))
        return NumberedStem(folders[-1])
    precision = found[0] if (found := _PRECISION.search(stem)) else ""
    for habit, unit in _HABITS:
        if found := re.fullmatch(habit, stem.removesuffix(precision), re.IGNORECASE):
            parts = found.groupdict()
            base = parts["base"].rstrip("-_ ") + precision
            return NumberedStem(base, unit, int(parts["at"]), parts.get("when") or "")
    return NumberedStem(stem)


def series_of(files: Iterable[LoraFile]) -> tuple[LoraSeries, ...]:
    """All series among these files, by their name; see `trainings`."""
    return tuple(LoraSeries(name, tuple(one.stem for one in members)) for name, members in trainings(files))


def trainings(files: Iterable[LoraFile]) -> tuple[tuple[str, tuple[LoraFile, ...]], ...]:
    """Name and files, in the order of learning, of all series among these files. A file is in one at the most.

    Equal session ids make a series wherever the files lie. The others go by folder, name and kind of weights; a file
    without a number belongs to the numbered ones of its name, as the final one.
    """
    trained: dict[str, list[LoraFile]] = {}
    named: dict[tuple[str, ...], list[LoraFile]] = {}
    for one in files:
        if one.training.session_id:
            trained.setdefault(one.training.session_id, []).append(one)
        else:
            base = numbered(one.stem).base.casefold()
            named.setdefault((one.folder, base, one.training.output_name, one.training.shape), []).append(one)
    groups = [*trained.values()]
    for members in named.values():
        if any(numbered(one.stem).unit for one in members):
            groups += _runs(members)
    found = ((_name(members), _ordered(members)) for members in groups)
    return tuple(sorted((one for one in found if len(one[1]) > 1), key=lambda one: one[0].casefold()))


def place_words(one: LoraFile) -> str:
    """Where in its training a file was saved: "epoch 6", "step 500", "epoch 12, last", "last"."""
    said = numbered(one.stem)
    if said.unit:
        return f"{said.unit} {said.at}"
    return f"epoch {one.training.epoch}, last" if one.training.epoch else "last"


def same_names(series: LoraSeries) -> str:
    """Why a backend that knows LoRAs by the names of their files alone cannot use these; "" when it can."""
    if not any(map(lora_folders, series.stems)):
        return ""
    called = re.split(r"[/\\]", series.stems[0])[-1]
    at = numbered(series.stems[0])
    example = f"{series.name}-{at.unit}{at.at:06}" if at.unit else series.name
    return (
        f"The files of {series.name} are all called {called}, and this backend tells LoRAs apart by the names of their "
        f"files. Rename them, for example to {example}."
    )


def series_named(name: str, series: Sequence[_Series]) -> _Series | None:
    """The only series of that name, or the only one that a stem belongs to; None where there is none, or several."""
    wanted = name.strip().casefold()
    named = [one for one in series if one.name.casefold() == wanted]
    fits = named or [one for one in series if wanted in map(str.casefold, one.stems)]
    return fits[0] if len(fits) == 1 else None


def _runs(members: Sequence[LoraFile]) -> list[list[LoraFile]]:
    """Files of one name apart where a later one begins again: the time in the name rises, its step does not."""
    timed = sorted((one for one in members if numbered(one.stem).when), key=lambda one: numbered(one.stem).when)
    if not timed:
        return [list(members)]
    runs = [[timed[0]]]
    for before, after in pairwise(timed):
        if numbered(after.stem).at <= numbered(before.stem).at:
            runs.append([])
        runs[-1].append(after)
    # A file without a time is of nobody knows which run; of the only one, it is the final file.
    if len(runs) == 1:
        runs[0] += [one for one in members if not numbered(one.stem).when]
    return runs


def _ordered(members: Sequence[LoraFile]) -> tuple[LoraFile, ...]:
    known = all(one.training.steps for one in members)

    def place(one: LoraFile) -> tuple[float, ...]:
        said = numbered(one.stem)
        if known:
            return (one.training.steps, one.training.finished_at, not said.unit)
        # Epochs and steps of one training cannot be compared without their headers; the final file has no number.
        return (
            not said.unit,
            said.unit == "step",
            said.at,
            one.training.steps,
            one.training.epoch,
            one.training.finished_at,
        )

    ordered = sorted(members, key=lambda one: (place(one), one.stem))
    first: dict[str, LoraFile] = {}
    for one in ordered:
        first.setdefault(one.stem, one)
    return tuple(first.values())


def _name(members: Sequence[LoraFile]) -> str:
    bases = [numbered(one.stem).base for one in members]
    shared = {base.casefold() for base in bases}
    if len(shared) == 1 and bases[0]:
        return bases[0]
    # Renamed by hand: their common beginning says less than what the training was called.
    return (
        next((one.training.output_name for one in members if one.training.output_name), "")
        or min(bases, key=len)
        or members[0].stem
    )
