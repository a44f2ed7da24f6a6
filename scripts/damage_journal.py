"""Change every byte of a journal, one at a time, and look whether each change is noticed and costs only its line.

    python scripts/damage_journal.py [--lines 1000] [--every 1] [--seed N]

Each changed line is read between its neighbours: lines stand for themselves, so this tells the same as reading the
whole journal each time. Prints one JSON object; exit 1 when a change went unnoticed or cost another line.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.record import BackendInfo, Feedback, LearningRecord, Output
from stablenew_tk.storage.journal.reader import JournalReading
from stablenew_tk.storage.journal.segments import segment_path
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def make_journal(folder: Path, lines: int, dice: random.Random) -> list[bytes]:
    """Records and ratings in turn, written by the real writer; gives the lines with their line ends."""
    writer = LearningRecordWriter(folder)
    ts = "2026-01-01T00:00:00.000Z"
    for number in range(lines):
        event_id, other_id = (ulid(1_790_000_000_000 + number, dice.randbytes(10)) for _ in range(2))
        if number % 2:
            writer.append(Feedback(event_id=event_id, ts=ts, image_id=other_id, rating=number % 6, note="a\nb"))
            continue
        image = Output(image_id=other_id, stage="txt2img", path="a/b.png", sha256="0" * 64, width=8, height=8, seed=1)
        writer.append(
            LearningRecord(
                event_id=event_id,
                ts=ts,
                run_id="R",
                job_id="J",
                pack_id="heroes",
                prompt_id="1",
                prompt="a “knight”",
                negative="",
                seed=number,
                stages=("txt2img",),
                config=PipelineConfig(),
                status="ok",
                outputs=(image,),
                backend=BackendInfo(kind="sketch", name="sketch"),
            )
        )
    return segment_path(folder, 1).read_bytes().splitlines(keepends=True)


def try_byte(folder: Path, window: list[bytes], at: int, changed: int) -> bool:
    """Whether changing byte `at` of the middle line is noticed, and leaves every other line (at a line end: all)."""
    before, line, after = window
    data = bytearray(line)
    whole = [before, after] if data[at] != 10 else window
    data[at] = changed
    joined = before + data + after
    segment_path(folder, 1).write_bytes(joined)
    reading = JournalReading(folder, ends={1: len(joined)})
    found = [good for _, _, _, good in reading]
    return bool(reading.damaged) and found == [good[:-1] for good in whole]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1, help="take only every so many bytes (line ends always)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice, tried, failed = random.Random(options.seed), 0, []
    with tempfile.TemporaryDirectory() as name:
        lines = make_journal(Path(name) / "journal", options.lines, dice)
        scratch = Path(name) / "scratch"
        scratch.mkdir()
        for number in range(1, len(lines) - 1):
            line = lines[number]
            for at in sorted({*range(number % options.every, len(line), options.every), len(line) - 1}):
                # A line end, a quote and a neighbouring bit are the changes that a reader may mistake for good.
                changed = dice.choice(
                    [byte for byte in (10, 34, line[at] ^ 1, dice.randrange(256)) if byte != line[at]]
                )
                tried += 1
                if not try_byte(scratch, lines[number - 1 : number + 2], at, changed):
                    failed.append([number + 1, at, line[at], changed])
    print(json.dumps({"lines": len(lines), "bytes_changed": tried, "unnoticed_or_costly": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
