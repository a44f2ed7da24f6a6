"""Texts that several pages share: times, durations, values, names of choices, reasons why a picture is suspect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted, pack_title
from ..domain.config.catalogue import Value, catalogue, parameter
from ..domain.journal.columns import time_ms
from ..domain.journal.query import Group
from ..domain.journal.record import LearningRecord, Output, StageRecord
from ..domain.runs.job import RandomizerChoice
from ..domain.runs.plan import LearningPlan
from ..domain.runs.plan_title import subject

NOT_TOLD = "not told"
_MOST_NOTES = 3


def moment(time_ms: int, now: datetime | None = None) -> str:
    """ "today, 14:32", "yesterday, 09:10", "3 Nov, 14:32", with the year when it is another one. Local time."""
    if time_ms <= 0:
        return "at an unknown time"
    then = datetime.fromtimestamp(time_ms / 1000)
    today = (now or datetime.now()).date()
    days = (today - then.date()).days
    clock = f"{then:%H:%M}"
    if days == 0:
        return f"today, {clock}"
    if days == 1:
        return f"yesterday, {clock}"
    year = "" if then.year == today.year else f" {then.year}"
    return f"{then.day} {then:%b}{year}, {clock}"


def plan_names(plans: Iterable[LearningPlan]) -> dict[str, tuple[str, str]]:
    """Name and time of Learning Runs by id. Of several with the same name each gets its number, the oldest the first
    one, and tells its time: ("Steps · run 2", "today, 14:32"); the time of any other is "".
    """
    by_name: dict[str, list[LearningPlan]] = {}
    for plan in plans:
        by_name.setdefault(plan.name or subject(plan)[0], []).append(plan)
    names: dict[str, tuple[str, str]] = {}
    for name, alike in by_name.items():
        alike.sort(key=lambda plan: (plan.metadata.when or plan.ts, plan.plan_id))
        for number, plan in enumerate(alike, start=1):
            when = moment(time_ms(plan.metadata.when or plan.ts))
            names[plan.plan_id] = (name, "") if len(alike) == 1 else (f"{name} · run {number}", when)
    return names


def ago(time_ms: int, now_ms: int) -> str:
    """How long something is ago, short: "just now", "5 min ago", "3 h ago", "2 days ago"; then the date."""
    minutes = max(0, now_ms - time_ms) // 60_000
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    if hours < 24:
        return f"{hours} h ago"
    days = hours // 24
    return f"{days} day{'s' if days > 1 else ''} ago" if days < 14 else moment(time_ms).partition(",")[0]


def group_words(group: Group, now_ms: int) -> tuple[str, str]:
    """Heading of a run in the grid: pack, and "12 images · 2 h ago · checkpoint"."""
    when = ago(group.time_ms, now_ms) if group.time_ms > 0 else moment(group.time_ms)
    parts = (counted(group.count, "image"), when, group.checkpoint)
    return pack_title(group.pack_id), " · ".join(part for part in parts if part)


def seconds(length_s: float) -> str:
    """ "19.8 s", "2 min 5 s"."""
    if length_s < 60:
        return f"{length_s:.1f} s"
    return f"{int(length_s // 60)} min {int(length_s % 60)} s"


def label(path: str) -> str:
    """The label of a parameter; the path itself for one that this version does not know."""
    try:
        return parameter(path).label
    except InvalidInput:
        return path


def not_offered(path: str, values: Iterable[Value], choices: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """Samplers and schedulers among the values that the backend does not have; none where its lists are unknown.

    Other names are left alone: a model can be meant by a part of its name.
    """
    spec = catalogue().get(path)
    offered = choices(spec.choices) if spec is not None and spec.choices in ("samplers", "schedulers") else ()
    known = {name.casefold() for name in offered}
    return tuple(str(one) for one in values if one and str(one).casefold() not in known) if known else ()


def value_text(path: str, value: Value) -> str:
    """A value as text: shares with two decimals, other numbers as short as possible, "on" and "off" for switches."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        share = value <= 1 and any(word in path for word in ("denoise", "switch_at", "confidence"))
        return f"{value:.2f}" if share else f"{value:g}"
    if path == "clip_skip" and value == 0:
        return "the server's"
    return str(value) if value != "" else "as loaded" if path == "checkpoint" else "none"


def choice_name(name: str) -> str:
    """The name of a choice of a variant: as written in the pack; for a setting its label."""
    if name.startswith("style: "):
        return f"Style {name.removeprefix('style: ')}"
    if name.endswith(" =>"):
        return f"In place of {name.removesuffix(' =>')}"
    if name == "<lora>":
        return "LoRA"
    is_slot = re.fullmatch(r"[\w -]+", name) is not None and not name.startswith("_")
    return f"[[{name}]]" if is_slot else label(name)


def choice_lines(choices: Mapping[str, str]) -> tuple[str, ...]:
    """One line for each choice of a variant: "[[light]]: neon", "Steps: 20", "Style ink: off"."""
    return tuple(f"{choice_name(name)}: {value or 'nothing'}" for name, value in choices.items())


def variant_words(made: RandomizerChoice) -> str:
    """The number of a variant in its run: "Variant 575 of 576"."""
    return f"Variant {made.index + 1:,} of {made.count:,}" if made.count > 1 else ""


def doubts(record: LearningRecord, output: Output) -> tuple[str, ...]:
    """Why a picture is suspect, one sentence each."""
    return tuple(_doubt(code, record) for code in output.suspect)


def _doubt(code: str, record: LearningRecord) -> str:
    who = record.backend.name or record.backend.kind
    kind, _, path = code.partition(":")
    if code == "mismatch:lora":
        return f"{who} made it without a LoRA that was asked. The label would lie."
    if kind == "mismatch":
        asked, applied = _both_sides(record.stage_results, path)
        verb = "were" if path.endswith("steps") else "was"
        what = f"{applied} {label(path).lower()}" if verb == "were" else applied or "something else"
        name = "" if verb == "were" else f" ({label(path)})"
        return f"{who} used {what} where {asked or 'another value'} {verb} asked{name}. The label would lie."
    return {
        "black": "The picture is black. Often the VAE is the reason: try another one.",
        "interrupted": "It was stopped before it was finished.",
        "unchanged": "The upscaler gave the picture back unchanged.",
        "size": f"{who} made another size than asked.",
    }.get(kind, f"{who} did something else than asked ({code}).")


def _both_sides(stages: tuple[StageRecord, ...], path: str) -> tuple[str, str]:
    for stage in stages:
        if path in stage.asked or path in stage.applied:
            return _shown_value(stage.asked, path), _shown_value(stage.applied, path)
    return "", ""


def _shown_value(values: Mapping[str, Value], path: str) -> str:
    return value_text(path, values[path]) if path in values else ""


class SuspectCount:
    """Makes one sentence for each run about its suspect pictures, with a count that is updated as they come."""

    def __init__(self) -> None:
        self._run_id, self._number, self._sentence = "", 0, ""

    def sentence(self, record: LearningRecord) -> tuple[str, str]:
        """The sentence after this record, and the shown one that it replaces; "" when there is none."""
        suspects = [output for output in record.outputs if output.suspect]
        if not suspects:
            return "", ""
        before = self._sentence if self._run_id == record.run_id else ""
        number = len(suspects) + (self._number if before else 0)
        if number == 1:
            words = f"{record.prompt_id}, seed {suspects[0].seed}: suspect, not counted as evidence."
        else:
            words = f"{number} pictures of this run are suspect and not counted as evidence."
        # Before the reveal pictures of a blind Learning Run are not in Review.
        when = "Once its values are revealed, " if record.learning.plan_id else ""
        words += f" {when}Review tells what was asked and what was applied."
        self._run_id, self._number, self._sentence = record.run_id, number, words
        return words, before


class RunNotes:
    """Makes one sentence for each run of what its backend told about the pictures, each thing once."""

    def __init__(self) -> None:
        self._run_id, self._sentence = "", ""
        self._notes: tuple[str, ...] = ()

    def sentence(self, record: LearningRecord) -> tuple[str, str]:
        """The sentence after this record, and the shown one that it replaces; "" when nothing is new."""
        if self._run_id != record.run_id:
            self._run_id, self._notes, self._sentence = record.run_id, (), ""
        known = self._notes
        told = (note for stage in record.stage_results for note in stage.notes)
        self._notes = tuple(dict.fromkeys((*known, *told)))
        if self._notes == known:
            return "", ""
        before, more = self._sentence, len(self._notes) - _MOST_NOTES
        words = " ".join(self._notes[:_MOST_NOTES])
        self._sentence = f"{words} And {more} more: see the pictures in Review." if more > 0 else words
        return self._sentence, before
