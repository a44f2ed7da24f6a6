"""What a search over prompts, seeds, checkpoints, samplers and notes costs with 100,000 pictures. Prints one JSON.

Every record has a prompt of its own, which is the worst case. CPU ms of the thread that searches. `preparing` is what
the page has done in idle time, in helpings; `unprepared` is a first search that comes before all of them.

    .venv/bin/python scripts/bench/search.py [pictures]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

WORDS = [
    "tram",
    "harbour",
    "rain",
    "night",
    "neon",
    "castle",
    "boat",
    "forest",
    "lighthouse",
    "cat",
    "storm",
    "window",
    "street",
    "lamp",
    "mist",
]
SEARCHES = ("tram", "neon rain", "seed:2140", 'sampler:"dpm++ 2m" tram', "checkpoint:one", "2140", "nothing of this")


def write_journal(folder: Path, count: int) -> None:
    """Records as the app writes them, one picture each."""
    import random

    import msgspec

    from stablenew_tk.domain.base.ids import ulid
    from stablenew_tk.domain.config.catalogue import with_values
    from stablenew_tk.domain.config.pipeline_config import PipelineConfig
    from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord, Output
    from stablenew_tk.storage.journal.segments import with_crc

    chance, backend = random.Random(1), BackendInfo(kind="webui", name="bench")
    configs = [
        with_values(PipelineConfig(checkpoint=name), {"txt2img.sampler": sampler})
        for name in ("one.safetensors", "two.safetensors")
        for sampler in ("Euler a", "DPM++ 2M", "DDIM")
    ]
    folder.mkdir()
    with (folder / "records-000001.jsonl").open("wb") as out:
        for number in range(count):
            moment = 1_780_000_000_000 + number * 20_000
            seed = chance.randrange(1 << 32)
            output = Output(
                image_id=ulid(moment, number.to_bytes(10, "big")),
                stage="txt2img",
                path="a.png",
                sha256="",
                width=832,
                height=1216,
                seed=seed,
            )
            record = LearningRecord(
                event_id=ulid(moment, (1 << 70 | number).to_bytes(10, "big")),
                writer="bench",
                seq=number + 1,
                ts="2026-06-01T10:00:00.000Z",
                run_id=f"run {number // 12}",
                job_id=f"j{number}",
                pack_id="bench",
                prompt_id="p",
                prompt=", ".join(chance.choices(WORDS, k=30)) + f", {number}",
                negative="blurry",
                seed=seed,
                stages=("txt2img",),
                config=chance.choice(configs),
                backend=backend,
                status="ok",
                outputs=(output,),
            )
            out.write(with_crc(msgspec.json.encode(record)) + b"\n")


def main() -> None:
    from stablenew_tk.domain.journal.query import Query
    from stablenew_tk.pipeline.picture_search import PictureSearch
    from stablenew_tk.storage.journal.snapshot import load_history

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as temporary:
        journal = Path(temporary) / "journal"
        write_journal(journal, count)
        history = load_history(journal, Path(temporary) / "snapshot").history
        began = time.thread_time()
        columns = history.visible().columns()
        copied = time.thread_time() - began
        began = time.thread_time()
        PictureSearch(journal).select(columns, Query(text="tram"))
        unprepared = time.thread_time() - began
        search, helpings, left = PictureSearch(journal), [], 1
        while left:
            began = time.thread_time()
            left = search.prepare(columns, 1500)
            helpings.append((time.thread_time() - began) * 1000)
        began = time.thread_time()
        search.select(columns, Query(text="tram"))
        report: dict[str, object] = {
            "pictures": count,
            "copy_of_columns_on_the_tk_thread_ms": round(copied * 1000, 2),
            "preparing_ms": {"whole": round(sum(helpings)), "longest": round(max(helpings), 1), "times": len(helpings)},
            "first_ms": round((time.thread_time() - began) * 1000),
            "unprepared_ms": round(unprepared * 1000),
        }
        for text in SEARCHES:
            taken = []
            for _ in range(5):
                began = time.thread_time()
                found = search.select(columns, Query(text=text))
                taken.append((time.thread_time() - began) * 1000)
            report[text] = {"found": len(found.rows), "cpu_ms": round(statistics.median(taken), 1)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
