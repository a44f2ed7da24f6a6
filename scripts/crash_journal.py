"""Kill programs in the middle of writing to one journal, again and again, and look whether anything saved was lost.

    python scripts/crash_journal.py [--kills 1000] [--writers 4] [--seed N]

Prints one JSON object; exit 1 when a line that was reported as saved cannot be read afterwards. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.segments import LINE
from stablenew_tk.storage.journal.writer import LearningRecordWriter

SEGMENT_LIMIT = 4 << 20


def write_until_killed(journal: Path, saved: Path) -> None:
    """Append lines of very different lengths; note each one only after the journal has said that it is saved."""
    dice = random.Random(os.getpid())
    writer = LearningRecordWriter(journal, segment_limit=SEGMENT_LIMIT)
    notes = os.open(saved, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    while True:
        event_id = ulid(time.time_ns() // 1_000_000, dice.randbytes(10))
        note = "x" * dice.choice((10, 3_000, 3_000, 3_000, 100_000, 900_000))
        writer.append(Feedback(event_id=event_id, ts="2026-01-01T00:00:00Z", image_id=event_id, rating=3, note=note))
        os.write(notes, event_id.encode() + b"\n")


def start_writer(journal: Path, saved: Path) -> int:
    """Start one writer as a process of its own; gives its number."""
    child = os.fork()
    if child == 0:
        try:
            write_until_killed(journal, saved)
        finally:
            os._exit(1)
    return child


def crash(folder: Path, *, kills: int, writers: int, seed: int) -> dict[str, object]:
    """Kill and restart writers at random moments, then read everything back."""
    dice = random.Random(seed)
    journal, saved = folder / "journal", folder / "saved"
    running = [start_writer(journal, saved) for _ in range(writers)]
    ended_by_itself = 0
    for _ in range(kills):
        time.sleep(dice.expovariate(1 / 0.012))
        victim = running.pop(dice.randrange(len(running)))
        os.kill(victim, signal.SIGKILL)
        ended_by_itself += os.WIFEXITED(os.waitpid(victim, 0)[1])
        running.append(start_writer(journal, saved))
    for child in running:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return {"kills": kills + writers, "writers": writers, "ended_by_itself": ended_by_itself, **_found(journal, saved)}


def _found(journal: Path, saved: Path) -> dict[str, object]:
    promised = saved.read_bytes().splitlines() if saved.exists() else []
    readable = {LINE.decode(line).event_id.encode() for _, _, _, line in JournalReading(journal)}
    check = verify(journal)
    return {
        "saved": len(promised),
        "lost": len(set(promised) - readable),
        "readable": check.ok,
        "damaged": len(check.damaged),
        "gaps": len(check.gaps),
        "segments": len(list(journal.glob("records-*.jsonl"))),
    }


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = crash(Path(folder), kills=options.kills, writers=options.writers, seed=options.seed)
    print(json.dumps(result))
    return 1 if result["lost"] or result["gaps"] or result["ended_by_itself"] else 0


if __name__ == "__main__":
    sys.exit(main())
