"""What the journal costs, each figure beside a limit measured in the same run.

    python scripts/bench/journal.py [--records 20000] [--repeat 5] [--million]

Prints one JSON object. Ratios count; seconds are of this machine at this moment.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec

from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query, select
from stablenew_tk.domain.journal.record import BackendInfo, Feedback, LearningRecord, Output, StageRecord
from stablenew_tk.storage.journal.reader import JournalReading, recent
from stablenew_tk.storage.journal.segments import segment_path, with_crc
from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot
from stablenew_tk.storage.journal.writer import LearningRecordWriter

DICE = random.Random(1)
BEGAN_MS = 1_790_000_000_000
SEGMENT = 64 << 20


def a_record(number: int) -> LearningRecord:
    """A record of usual size: two stages, four pictures, a quarter of an hour per run."""
    moment = BEGAN_MS + number * 10_000
    values = {"txt2img.steps": 30, "txt2img.sampler": "DPM++ 2M", "txt2img.cfg_scale": 6.5, "txt2img.width": 832}
    stages = ("txt2img", "adetailer")
    return LearningRecord(
        event_id=ulid(moment, DICE.randbytes(10)),
        writer="bench",
        seq=number + 1,
        ts=f"2026-11-{1 + number // 8640 % 28:02d}T{number // 360 % 24:02d}:{number // 6 % 60:02d}:00.000Z",
        run_id=ulid(BEGAN_MS + number // 90 * 900_000, bytes(10)),
        run_name="heroes",
        job_id=ulid(moment - 9_000, DICE.randbytes(10)),
        pack_id=f"pack {number // 900 % 12}",
        prompt_id="1",
        prompt="a knight in shining armour on a hill at dawn, " * 10,
        negative="blurry, bad hands, " * 8,
        seed=number,
        stages=stages,
        config=PipelineConfig(checkpoint=f"checkpoint {number // 500 % 7}"),
        backend=BackendInfo(kind="webui", name="local"),
        stage_results=tuple(StageRecord(stage=stage, asked=values, applied=values, seconds=3.0) for stage in stages),
        outputs=tuple(
            Output(
                image_id=ulid(moment + place, DICE.randbytes(10)),
                stage=stages[place // 2],
                path=f"2026-11-01/heroes/{stages[place // 2]}/{number:06d}-{place}.png",
                sha256=DICE.randbytes(32).hex(),
                width=832,
                height=1216,
                seed=number,
            )
            for place in range(4)
        ),
        status="ok",
        seconds=9.0,
    )


def make_journal(folder: Path, records: int) -> None:
    """A journal with one rating for every fourth record, written without the care (and the time) of the real writer."""
    folder.mkdir()
    number, size = 1, 0
    file = segment_path(folder, number).open("wb")
    images: list[str] = []
    for count in range(records):
        made = a_record(count)
        images = [*images[-200:], *(image.image_id for image in made.outputs)]
        lines = [msgspec.json.encode(made)]
        if count % 4 == 0:
            rated = Feedback(
                event_id=ulid(BEGAN_MS + count * 10_000, DICE.randbytes(10)),
                ts=made.ts,
                image_id=DICE.choice(images),
                rating=DICE.randrange(1, 6),
            )
            lines.append(msgspec.json.encode(rated))
        data = b"".join(with_crc(line) + b"\n" for line in lines)
        if size + len(data) > SEGMENT:
            file.close()
            number, size = number + 1, 0
            file = segment_path(folder, number).open("wb")
        size += file.write(data)
    file.close()


def cpu_s(work: Callable[[], object], repeat: int) -> float:
    """The least processor time of several tries: what disturbs a measurement only ever adds."""
    tries = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        tries.append(time.process_time() - start)
    return min(tries)


def iterate(folder: Path) -> int:
    """The plainest possible reading: every line once, nothing done with it."""
    total = 0
    for path in sorted(folder.glob("records-*.jsonl")):
        with path.open("rb", buffering=1 << 20) as file:
            for line in file:
                total += len(line)
    return total


def check_sums(folder: Path) -> int:
    """Every line once, with its checksum computed."""
    total = 0
    for path in sorted(folder.glob("records-*.jsonl")):
        with path.open("rb", buffering=1 << 20) as file:
            for line in file:
                total ^= zlib.crc32(line)
    return total


def fold(folder: Path) -> History:
    """The whole journal, as when the app opens without a checkpoint."""
    history, reading = History(), JournalReading(folder)
    history.fold_lines(reading)
    history.end = reading.end
    return history


def appends(folder: Path, count: int) -> dict[str, float]:
    """Saving one record, beside writing and syncing the same bytes with nothing else, in turn."""
    writer = LearningRecordWriter(folder / "appended")
    records = [a_record(number) for number in range(count)]
    ready = [with_crc(msgspec.json.encode(record)) + b"\n" for record in records]
    raw = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    times: dict[str, list[float]] = {"raw": [], "append": []}
    for record, line in zip(records, ready, strict=True):
        start = time.perf_counter()
        os.write(raw, line)
        os.fsync(raw)
        middle = time.perf_counter()
        writer.append(record)
        times["append"].append(time.perf_counter() - middle)
        times["raw"].append(middle - start)
    os.close(raw)
    ratings = [Feedback(event_id=one.job_id, ts=one.ts, image_id=one.event_id, rating=4) for one in records[:100]]
    start = time.perf_counter()
    writer.append_all(ratings)
    together = (time.perf_counter() - start) / len(ratings)
    raw_p50, append_p50 = (statistics.median(times[name]) for name in ("raw", "append"))
    return {
        "raw_write_fsync_p50_us": round(raw_p50 * 1e6),
        "append_p50_us": round(append_p50 * 1e6),
        "append_p99_us": round(sorted(times["append"])[len(records) * 99 // 100] * 1e6),
        "append_over_raw": round(append_p50 / raw_p50, 2),
        "one_of_100_ratings_over_raw": round(together / raw_p50, 2),
    }


def whole_journal(folder: Path, records: int, repeat: int) -> dict[str, object]:
    """Folding, the checkpoint, selecting, and the recent records, for one size of journal."""
    journal, checkpoint = folder / f"journal {records}", folder / f"checkpoint {records}"
    make_journal(journal, records)
    plain, sums = cpu_s(lambda: iterate(journal), repeat), cpu_s(lambda: check_sums(journal), repeat)
    full = cpu_s(lambda: fold(journal), repeat)
    history = fold(journal)
    save = cpu_s(lambda: save_snapshot(history, journal, checkpoint), repeat)
    load = cpu_s(lambda: load_history(journal, checkpoint), repeat)
    assert load_history(journal, checkpoint).from_snapshot
    columns = history.visible().columns()
    return {
        "records": records,
        "pictures": len(history),
        "journal_mib": round(sum(path.stat().st_size for path in journal.iterdir()) / (1 << 20)),
        "iterate_s": round(plain, 3),
        "iterate_and_checksum_s": round(sums, 3),
        "fold_s": round(full, 3),
        "fold_over_iterate": round(full / plain, 2),
        "fold_over_checksum": round(full / sums, 2),
        "checkpoint_mib": round(checkpoint.stat().st_size / (1 << 20), 1),
        "checkpoint_save_s": round(save, 3),
        "checkpoint_load_s": round(load, 3),
        "fold_over_checkpoint_load": round(full / load, 1),
        "recent_200_ms": round(cpu_s(lambda: recent(journal, 200), repeat + 3) * 1e3, 2),
        "columns_ms": round(cpu_s(history.visible().columns, repeat + 3) * 1e3, 2),
        "select_newest_ms": round(cpu_s(lambda: select(columns, Query()), repeat) * 1e3, 1),
        "select_best_ms": round(cpu_s(lambda: select(columns, Query(order="best", rating="stars")), repeat) * 1e3, 1),
        "live": live(history),
    }


def live(history: History) -> dict[str, float]:
    """Folding single lines while the app runs, in microseconds: the usual one and the slowest of a thousand."""
    at = history.end
    times: dict[str, list[float]] = {"record": [], "rating": [], "lookup": []}
    for number in range(1000):
        row = DICE.randrange(len(history))
        image_id = history.image_id(row)
        made = a_record(10_000_000 + number)
        rated = Feedback(event_id=made.job_id, ts=made.ts, image_id=image_id, rating=3)
        start = time.perf_counter()
        history.fold(made, Position(at.segment + 1, number * 2))
        folded = time.perf_counter()
        history.fold(rated, Position(at.segment + 1, number * 2 + 1))
        rated_at = time.perf_counter()
        history.row_of(image_id)
        times["record"].append(folded - start)
        times["rating"].append(rated_at - folded)
        times["lookup"].append(time.perf_counter() - rated_at)
    return {
        f"{name}_{word}_us": round(value * 1e6, 1)
        for name, measured in times.items()
        for word, value in (("p50", statistics.median(measured)), ("max", max(measured)))
    }


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="also a journal with a million pictures (1 GB of disk)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = [1_000, options.records, *([250_000] if options.million else [])]
        journals = [whole_journal(folder, size, options.repeat if size < 100_000 else 1) for size in sizes]
        result = {
            "append": appends(folder, 500),
            "journals": journals,
            "recent_200_largest_over_smallest": round(journals[-1]["recent_200_ms"] / journals[0]["recent_200_ms"], 2),
        }
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
