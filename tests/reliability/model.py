"""The whole app without its window against a model of a few lines: runs, ratings, tags, undo and redo, other programs,
restarts, crashes, a lost or spoiled snapshot. After every step both know the same.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import traceback
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from journal_lines import rate, undo
from whole_app import App

from reliability.outcome import Outcome
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.record import ImageFeedback
from stablenew_tk.pipeline.messages.journal import JournalTouched
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.writer import LearningRecordWriter

TAGS = ("sharp", "soft", "hands")


class Model:
    """What was said, in order, and what was taken back."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self.said: list[tuple[str, str, dict]] = []
        self.voids: list[tuple[str, str]] = []

    def is_withdrawn(self, event_id: str) -> bool:
        return any(target == event_id and not self.is_withdrawn(void) for void, target in self.voids)

    def held(self) -> list[ImageFeedback]:
        found = {image: (0, tuple[str, ...](), "") for image in self.images}
        for event_id, image, change in self.said:
            if not self.is_withdrawn(event_id):
                rating, tags, note = found[image]
                added, gone = change.get("tags_added", ()), change.get("tags_removed", ())
                tags = (*(tag for tag in tags if tag not in (*added, *gone)), *added)
                found[image] = (change.get("rating", rating), tags, change.get("note", note))
        return [ImageFeedback(rating, tags, note) for rating, tags, note in found.values()]


class Machine(RuleBasedStateMachine):
    """`steps` counts over all examples."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model, self.stacks = Model(), ([], [])
        self.other = None
        self.app = self.opened()

    def opened(self) -> App:
        Machine.steps += 1
        return App(self.folder / "data")

    def teardown(self) -> None:
        self.app.controller.close()
        shutil.rmtree(self.folder)

    # ---- what people do

    @precondition(lambda self: len(self.model.images) < 4)
    @rule()
    def run(self) -> None:
        before = len(self.model.images)
        self.app.make()
        self.app.wait(lambda: len(self.app.images()) > before)
        self.model.images = self.app.images()
        self.settle()

    @precondition(lambda self: self.model.images)
    @rule(
        which=st.integers(0, 3),
        both=st.booleans(),
        change=st.one_of(
            st.fixed_dictionaries({"rating": st.integers(0, 5)}),
            st.fixed_dictionaries({"tags_added": st.sampled_from(TAGS).map(lambda tag: (tag,))}),
            st.fixed_dictionaries({"tags_removed": st.sampled_from(TAGS).map(lambda tag: (tag,))}),
            st.fixed_dictionaries({"note": st.text(max_size=5).filter(lambda text: text.isprintable())}),
        ),
    )
    def say(self, which: int, both: bool, change: dict) -> None:
        first = self.model.images[which % len(self.model.images)]
        images = [first, *([one for one in self.model.images if one != first][:1] if both else [])]
        ids = self.app.say(images, **change)
        self.model.said += [(event_id, image, change) for event_id, image in zip(ids, images, strict=True)]
        self.stacks[0].append(ids)
        self.stacks[1].clear()
        self.settle()

    @rule(redo=st.booleans())
    def undo(self, redo: bool) -> None:
        source, other = self.stacks[redo], self.stacks[not redo]
        before = {line.event_id for line in self.lines()}
        assert self.app.controller.undo(redo=redo) is bool(source)
        if not source:
            return
        group = source.pop()
        self.app.wait(lambda: len(self.lines()) == len(before) + len(group))
        new = [line for line in self.lines() if line.event_id not in before]
        assert [line.target for line in new] == list(group)
        self.model.voids += [(line.event_id, line.target) for line in new]
        other.append(tuple(line.event_id for line in new))
        self.settle()

    # ---- what happens

    @precondition(lambda self: self.model.images)
    @rule(which=st.integers(0, 3), stars=st.integers(0, 5), back=st.booleans())
    def another_program_rates(self, which: int, stars: int, back: bool) -> None:
        self.other = self.other or LearningRecordWriter(self.app.places.journal)
        image = self.model.images[which % len(self.model.images)]
        line = rate(image, stars)
        self.other.append(line)
        self.model.said.append((line.event_id, image, {"rating": stars}))
        if back:
            taken = self.other.append(undo(line)).line
            self.model.voids.append((taken.event_id, line.event_id))
        self.app.controller.inbox.put(JournalTouched())
        self.settle()

    @rule()
    def restart(self) -> None:
        assert len(self.app.controller.close()) == 0
        self.stacks = ([], [])
        self.app = self.opened()

    @rule(torn=st.booleans())
    def crash(self, torn: bool) -> None:
        """What is on the disk now is all there is; perhaps it was in the middle of a line."""
        # A file that is just being written has a name of its own and is not there after a crash either.
        rest = shutil.ignore_patterns("*.tmp-*", "packs", "backups")
        shutil.copytree(self.folder / "data", self.folder / "after", ignore=rest, copy_function=_copy_if_there)
        self.app.controller.close()
        shutil.rmtree(self.folder / "data")
        (self.folder / "after").rename(self.folder / "data")
        segment = self.folder / "data" / "journal" / "records-000001.jsonl"
        if torn and segment.exists():
            with segment.open("ab") as file:
                file.write(b'{"kind":"feedback","schema":1,"event_id":"torn')
        self.stacks, self.other = ([], []), None
        self.app = self.opened()

    @rule(way=st.sampled_from(("remove", "cut", "zeros", "old")))
    def spoil_the_snapshot(self, way: str) -> None:
        path = self.app.places.snapshot
        if path.exists():
            data = path.read_bytes()
            path.unlink()
            if way != "remove":
                path.write_bytes(data[: len(data) // 2] if way == "cut" else bytes(40) if way == "zeros" else data)

    # ---- what must hold

    def settle(self) -> None:
        """Wait until what is on the disk has come to the window, too: the threads tell it a moment later."""
        self.app.wait(lambda: self.app.held() == self.model.held())

    def lines(self) -> list:
        from stablenew_tk.storage.journal.segments import LINE

        return [LINE.decode(data) for _, _, _, data in JournalReading(self.app.places.journal)]

    @invariant()
    def both_know_the_same(self) -> None:
        assert self.app.images() == self.model.images
        assert self.app.held() == self.model.held()

    @invariant()
    def the_disk_knows_it_too(self) -> None:
        history = History()
        history.fold_lines(JournalReading(self.app.places.journal))
        assert [history.unblinded().feedback(row) for row in range(len(history))] == self.model.held()
        assert not verify(self.app.places.journal).gaps


def _copy_if_there(source: str, target: str) -> None:
    # What is removed while it is copied may be gone after a crash.
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target)


def machine(dice: Random, _folder: Path, count: int) -> Outcome:
    """`count` examples of at most twelve steps each."""
    found = Outcome(tries=count)
    before = Machine.steps
    options = settings(
        max_examples=count,
        stateful_step_count=12,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        run_state_machine_as_test(seed(dice.randrange(1 << 31))(Machine), settings=options)
    except (AssertionError, pytest.fail.Exception) as error:
        found.wrong += 1
        found.note("".join(traceback.format_exception(error)))
    except Exception as error:
        found.uncaught += 1
        found.note("".join(traceback.format_exception(error)))
    found.faults = Machine.steps - before
    return found
