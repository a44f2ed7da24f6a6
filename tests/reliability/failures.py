"""The n-th failure of every file operation, in everything that StableNew writes: what was saved stays, what is called
saved is there, and afterwards it works again without anybody mending anything.
"""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from journal_lines import output, rate, record
from PIL import Image

from reliability.faulty_disk import ERRORS, FaultyDisk
from reliability.outcome import Outcome
from stablenew_tk.domain.base.errors import InvalidInput, NotSaved, StableNewError
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.models.profile import LoraProfile
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.storage.disk.files import replacing
from stablenew_tk.storage.journal.backups import Backups
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.repair import export, repair
from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot
from stablenew_tk.storage.journal.spool import Spool
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.models.profile_writer import save_profile
from stablenew_tk.storage.packs import writer as packs
from stablenew_tk.storage.packs.reader import open_pack
from stablenew_tk.storage.pending_jobs import WaitingFile
from stablenew_tk.storage.pictures.images import save_image
from stablenew_tk.storage.settings import load_settings, save_settings

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def ids(journal):
    return [json.loads(line)["event_id"] for _, _, _, line in JournalReading(journal)]


def kept(folder):
    """The ids of the lines that wait for the next start."""
    lines = [line for path in folder.glob("unsaved-*.jsonl") for line in path.read_bytes().splitlines()]
    return {json.loads(line)["event_id"] for line in lines}


def whole(journal):
    found = verify(journal)
    return not found.damaged and not found.gaps


class Scenario:
    """`make` prepares a folder, `act` does the work that may fail, `holds` says whether the state is right: before the
    work was done or after it, and with `done` only after it.
    """

    def make(self, folder):
        raise NotImplementedError

    def act(self, folder):
        raise NotImplementedError

    def holds(self, folder, done):
        raise NotImplementedError


class Append(Scenario):
    """Three lines into a journal with two segments and a torn end, so that one is sealed and another begun."""

    limit = 4_000

    def make(self, folder):
        self.before = [
            LearningRecordWriter(folder / "journal", segment_limit=3_000).append(record()).line for _ in "12"
        ]
        with (folder / "journal" / "records-000001.jsonl").open("ab") as file:
            file.write(b'{"kind":"run","schema":1,"torn')
        self.lines = [record(), rate("x", 3), record()]

    def act(self, folder):
        writer, self.saved, problem = LearningRecordWriter(folder / "journal", segment_limit=self.limit), [], None
        for line in self.lines:
            try:
                self.saved.append(writer.append(line).line.event_id)
            except StableNewError as refused:
                problem = refused
        if problem:
            raise problem

    def holds(self, folder, done):
        there = set(ids(folder / "journal"))
        wanted = [line.event_id for line in self.before] + (
            [line.event_id for line in self.lines] if done else self.saved
        )
        return there >= set(wanted)


class AppendFirst(Append):
    """Into a folder that is not there yet."""

    def make(self, folder):
        self.before, self.lines = [], [record(), rate("x", 2)]


class Repair(Scenario):
    def make(self, folder):
        writer = LearningRecordWriter(folder / "journal")
        self.lines = [writer.append(record()).line.event_id for _ in range(3)]
        path = folder / "journal" / "records-000001.jsonl"
        path.write_bytes(path.read_bytes() + b'{"kind":"run", torn\n' + b"\0" * 40 + b"\n")
        self.data = path.read_bytes()

    def act(self, folder):
        repair(folder / "journal")

    def holds(self, folder, done):
        kept = self.data in [path.read_bytes() for path in (folder / "journal").iterdir() if path.suffix != ".lock"]
        return kept and ids(folder / "journal") == self.lines and (not done or whole(folder / "journal"))


class SaveSettings(Scenario):
    def make(self, folder):
        save_settings(folder / "settings.json", Settings(backend="http://one"))

    def act(self, folder):
        save_settings(folder / "settings.json", Settings(backend="http://two"))

    def holds(self, folder, done):
        found = load_settings(folder / "settings.json")
        return not found.notices and found.settings.backend in (
            ("http://two",) if done else ("http://one", "http://two")
        )


class SaveSnapshot(Scenario):
    def make(self, folder):
        writer = LearningRecordWriter(folder / "journal")
        for _ in range(3):
            writer.append(record())
        self.history = load_history(folder / "journal", folder / "cache" / "none").history

    def act(self, folder):
        save_snapshot(self.history, folder / "journal", folder / "cache" / "checkpoint")

    def holds(self, folder, done):
        return len(load_history(folder / "journal", folder / "cache" / "checkpoint").history) == 3


class KeepUnsaved(Scenario):
    def make(self, folder):
        self.lines = [record(), rate("x", 3)]

    def act(self, folder):
        self.lost = Spool(folder).keep(self.lines).lost

    def holds(self, folder, done):
        return kept(folder) >= {line.event_id for line in self.lines if line not in self.lost}


class TakeInUnsaved(Scenario):
    def make(self, folder):
        self.lines = [record(), rate("x", 3), record()]
        Spool(folder).keep(self.lines)

    def act(self, folder):
        found = Spool(folder).take_in(LearningRecordWriter(folder / "journal").append)
        if found.problem:
            raise NotSaved(found.problem)

    def holds(self, folder, done):
        there = set(ids(folder / "journal"))
        wanted = {line.event_id for line in self.lines}
        return there == wanted if done else there | kept(folder) >= wanted


class KeepWaiting(Scenario):
    def make(self, folder):
        from jobs import job

        self.one, self.two = (job(),), (job(), job())
        WaitingFile(folder / "waiting.json").keep(self.one)

    def act(self, folder):
        WaitingFile(folder / "waiting.json").keep(self.two)

    def holds(self, folder, done):
        return WaitingFile(folder / "waiting.json").load().jobs in ((self.two,) if done else (self.one, self.two))


class KeepMoreWaiting(Scenario):
    """As `KeepWaiting`, by a program that has read the file and adds to it."""

    def make(self, folder):
        from jobs import job

        self.one, self.two = (job(),), (job(), job())
        WaitingFile(folder / "waiting.json").keep(self.one)

    def act(self, folder):
        file = WaitingFile(folder / "waiting.json")
        file.load()
        file.keep(self.two)

    def holds(self, folder, done):
        between = ((*self.one, *self.two[:1]), (*self.one, *self.two))
        found = WaitingFile(folder / "waiting.json").load().jobs
        return found in ((self.two,) if done else (self.one, *between, self.two))


class SavePicture(Scenario):
    def make(self, folder):
        out = io.BytesIO()
        Image.new("RGB", (8, 8)).save(out, "PNG")
        self.data, self.saved = out.getvalue(), None

    def act(self, folder):
        self.saved = None
        place = {"day": "2026-01-01", "run_name": "run", "stage": "txt2img", "name_parts": ["1"], "suffix": ".png"}
        self.saved = save_image(folder / "outputs", data=self.data, **place)

    def holds(self, folder, done):
        files = [path for path in (folder / "outputs").rglob("*") if path.is_file()]
        return all(path.read_bytes() in (self.data, b"") or ".tmp-" in path.name for path in files) and (
            not done or (folder / "outputs" / self.saved.path).read_bytes() == self.data
        )


class SavePack(Scenario):
    def make(self, folder):
        self.path = packs.new_pack("boats", "a red boat\n", folder / "packs")

    def act(self, folder):
        packs.save_text(folder / "packs" / "boats.txt", "a blue boat\n", "")
        packs.save_settings(folder / "packs" / "boats.txt", PackSettings(learning="off"))

    def holds(self, folder, done):
        opened = open_pack(folder / "packs" / "boats.txt")
        state = (opened.text, opened.settings.learning)
        return not opened.notices and state in [
            *([] if done else [("a red boat\n", ""), ("a blue boat\n", "")]),
            ("a blue boat\n", "off"),
        ]


class SaveProfile(Scenario):
    def make(self, folder):
        self.path = "a.loraprofile.json"
        (folder / self.path).write_text('{"trigger_phrases": ["old"], "mine": [1,  2]}')

    def act(self, folder):
        save_profile(folder / self.path, LoraProfile(trigger_phrases=("new",)))

    def holds(self, folder, done):
        text = (folder / self.path).read_text()
        return '"mine": [1,  2]' in text and ('"new"' in text or (not done and '"old"' in text))


class Export(Scenario):
    def make(self, folder):
        writer = LearningRecordWriter(folder / "journal")
        made = record(images=0, outputs=(output(),))
        for line in (made, rate(made.outputs[0], 5)):
            writer.append(line)
        (folder / "out.jsonl").write_bytes(b"of last time\n")

    def act(self, folder):
        with replacing(folder / "out.jsonl") as file:
            export(folder / "journal", file, merged=True)

    def holds(self, folder, done):
        data = (folder / "out.jsonl").read_bytes()
        return (data == b"of last time\n" and not done) or (data.count(b"\n") == 1 and b'"rating":5' in data)


class MakeBackup(Scenario):
    def make(self, folder):
        writer = LearningRecordWriter(folder / "journal", segment_limit=3_000)
        self.lines = [writer.append(record()).line.event_id for _ in range(4)]

    def act(self, folder):
        self.made = Backups(folder / "backups", folder / "journal", version="1").make("asked", NOON)

    def holds(self, folder, done):
        there = Backups(folder / "backups", folder / "journal", version="1").list()
        kept = all(ids(folder / "backups" / one.name) == self.lines for one in there)
        return ids(folder / "journal") == self.lines and kept and (bool(there) or not done)


class RestoreBackup(Scenario):
    """A journal that has lost a line and got another one since."""

    def make(self, folder):
        journal = folder / "journal"
        writer = LearningRecordWriter(journal, segment_limit=3_000)
        old = [writer.append(record()).line.event_id for _ in range(4)]
        Backups(folder / "backups", journal, version="1").make("daily", NOON)
        path = journal / "records-000001.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
        self.lines = [*old, writer.append(record()).line.event_id]

    def act(self, folder):
        backups = Backups(folder / "backups", folder / "journal", version="1")
        try:
            backups.restore(backups.find("last"), NOON)
        except InvalidInput as nothing:
            if "Nothing to restore" not in str(nothing):
                raise

    def holds(self, folder, done):
        there = ids(folder / "journal")
        before = self.lines[1:]
        return set(there) >= set(before) and (set(there) == set(self.lines) or not done)


SCENARIOS = (
    Append, AppendFirst, Repair, SaveSettings, SaveSnapshot, KeepUnsaved, TakeInUnsaved, KeepWaiting, KeepMoreWaiting,
    SavePicture, SavePack, SaveProfile, Export, MakeBackup, RestoreBackup,
)  # fmt: skip


def one_failure(
    template: Path, folder: Path, scenario: Scenario, kind: str, nth: int, for_ever: bool
) -> Outcome | None:
    """None when the scenario has no n-th operation."""
    shutil.copytree(template, folder)
    found, where, done = Outcome(tries=1), f"{type(scenario).__name__}, {kind}, {nth}{'…' if for_ever else ''}", False
    try:
        with FaultyDisk(folder, kind, nth, for_ever=for_ever) as disk:
            try:
                scenario.act(folder)
                done = True
            except StableNewError:
                pass
        if not disk.fired:
            return None
        found.faults = disk.fired
        if not scenario.holds(folder, done):
            found.lost += 1
            found.note(f"{where}: {'called done, and not there' if done else 'what was saved is not there'}")
        scenario.act(folder)
        if not scenario.holds(folder, True):
            found.wrong += 1
            found.note(f"{where}: does not work again afterwards")
    except Exception as error:
        found.uncaught += 1
        found.note(f"{where}: {type(error).__name__}: {error}")
    finally:
        shutil.rmtree(folder)
    return found


def failures(dice: Random, folder: Path, count: int) -> Outcome:
    """All operations of all scenarios with all errors, in random order, until `count` tries were made."""
    found = Outcome()
    ways = [(made, kind, for_ever) for made in SCENARIOS for kind in ERRORS for for_ever in (False, True)]
    dice.shuffle(ways)
    for made, kind, for_ever in ways:
        scenario, template = made(), folder / "template"
        template.mkdir()
        scenario.make(template)
        for nth in range(1, 200):
            if found.tries >= count:
                break
            one = one_failure(template, folder / "try", scenario, kind, nth, for_ever)
            if one is None:
                break
            found.add(one)
        shutil.rmtree(template)
    return found
