"""A disk that rots: flipped bits, zeroed sectors, cuts, lines deleted, doubled, swapped. Whatever changed is reported,
whatever did not change is read, and a repair keeps both.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from random import Random

from journal_lines import rate, record

from reliability.outcome import Outcome
from stablenew_tk.domain.base.errors import StableNewError
from stablenew_tk.storage.journal.reader import JournalReading
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.segments import intact
from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot, verify_all
from stablenew_tk.storage.journal.writer import LearningRecordWriter

SEGMENT = "records-000001.jsonl"
LINES = 10
WRITERS = 3
REPAIRS = 0.05  # of all tries; a repair forces five files to the disk


@cache
def sample() -> tuple[bytes, ...]:
    """Lines of three writers as they are on the disk, with their line ends, after another journal was opened once."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        journal = Path(name)
        writers = [LearningRecordWriter(journal, writer=f"pc-{number}") for number in range(WRITERS)]
        for number in range(LINES):
            writers[number % WRITERS].append(record() if number % 2 else rate(f"x{number}", 3, note="a\nb\u2028c"))
        return tuple((journal / SEGMENT).read_bytes().splitlines(keepends=True))


def rotten(dice: Random, lines: list[bytes]) -> tuple[str, bytes]:
    """The kind of the damage and the data with it."""
    kind = dice.choice(("bit", "byte", "sector", "cut", "copied", "deleted", "doubled", "swapped", "tail"))
    data = bytearray(b"".join(lines))
    at = dice.randrange(len(data))
    if kind == "bit":
        data[at] ^= 1 << dice.randrange(8)
    elif kind == "byte":
        data[at] = (data[at] + dice.randrange(1, 256)) % 256
    elif kind == "sector":
        start = at // 512 * 512
        data[start : start + 512] = bytes(len(data[start : start + 512]))
    elif kind == "cut":
        del data[at : at + dice.randrange(1, 200)]
    elif kind == "copied":
        piece = data[at : at + dice.randrange(1, 100)]
        data[at:at] = piece
    elif kind == "tail":
        del data[at:]
        data += bytes(dice.choice((0, 0, 1, 300)))
    else:
        one, other = dice.sample(range(len(lines)), 2)
        if kind == "deleted":
            del lines[one]
        elif kind == "doubled":
            lines.insert(other, lines[one])
        else:
            lines[one], lines[other] = lines[other], lines[one]
        data = bytearray(b"".join(lines))
    return kind, bytes(data)


def one_rot(dice: Random, folder: Path, snapshot: Path, *, mend: bool) -> Outcome:
    found = Outcome(tries=1, faults=1)
    before = list(sample())
    kind, data = rotten(dice, list(before))
    path = folder / SEGMENT
    path.write_bytes(data)
    untouched = [line[:-1] for line in before if line in data.splitlines(keepends=True)]
    try:
        checked = verify_all(folder, snapshot)
        read = [line for _, _, _, line in JournalReading(folder, ends={1: len(data)})]
    except StableNewError as error:
        found.wrong += 1
        found.note(f"{kind}: a damaged journal cannot be read: {error}")
        return found
    except Exception as error:
        found.uncaught += 1
        found.note(f"{kind}: {type(error).__name__}: {error}")
        return found
    if set(read) - {line[:-1] for line in before}:
        found.wrong += 1
        found.note(f"{kind}: a changed line was believed")
    if not set(untouched) <= set(read):
        found.lost += 1
        found.note(f"{kind}: an untouched line was not read")
    gone = {line[:-1] for line in before} - set(read)
    seen = bool(checked.damaged or checked.gaps)
    if gone and not seen:
        found.wrong += 1
        found.note(f"{kind}: {len(gone)} of {len(before)} lines are gone and nothing says so")
    if mend:
        repair(folder)
        kept = [line for _, _, _, line in JournalReading(folder)]
        after = verify_all(folder, folder)
        if not set(untouched) <= set(kept) or after.damaged or not all(map(intact, kept)):
            found.wrong += 1
            found.note(f"{kind}: repaired, and not whole")
        for extra in folder.iterdir():
            extra.unlink()
    return found


def rots(dice: Random, folder: Path, count: int) -> Outcome:
    """One damage at a time, then a check, a reading, and sometimes a repair."""
    found, journal, snapshot = Outcome(), folder / "journal", folder / "checkpoint"
    journal.mkdir()
    (journal / SEGMENT).write_bytes(b"".join(sample()))
    save_snapshot(load_history(journal, snapshot).history, journal, snapshot)
    for _ in range(count):
        found.add(one_rot(dice, journal, snapshot, mend=dice.random() < REPAIRS))
    return found


def snapshots(dice: Random, folder: Path, count: int) -> Outcome:
    """A snapshot with chance damage gives the same history as the journal, whatever is in it."""
    found, journal, path = Outcome(), folder / "journal", folder / "checkpoint"
    journal.mkdir()
    (journal / SEGMENT).write_bytes(b"".join(sample()))
    whole = load_history(journal, folder / "none").history
    save_snapshot(whole, journal, path)
    good = path.read_bytes()
    for _ in range(count):
        found.tries += 1
        found.faults += 1
        data = bytearray(good)
        for _ in range(dice.choice((1, 1, 2, 8))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        del data[dice.choice((len(data), len(data), dice.randrange(len(data)))) :]
        path.write_bytes(data)
        try:
            loaded = load_history(journal, path).history
            if list(loaded.saved()) != list(whole.saved()):
                found.wrong += 1
                found.note("a damaged snapshot was believed")
        except Exception as error:
            found.uncaught += 1
            found.note(f"snapshot: {type(error).__name__}: {error}")
    shutil.rmtree(journal)
    return found
