"""A journal of rated pictures for other benchmarks: one record and one rating for each."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path


def write_rated_journal(
    journal: Path, count: int, size: tuple[int, int], path_of: Callable[[int], str], prompt_of: Callable[[int], str]
) -> None:
    """Write `count` pictures of `size` px, twelve in a run. `path_of` and `prompt_of` take the number of a picture."""
    import msgspec

    from stablenew_tk.domain.base.ids import ulid
    from stablenew_tk.domain.config.pipeline_config import PipelineConfig
    from stablenew_tk.domain.journal.record import BackendInfo, Feedback, LearningRecord, Output
    from stablenew_tk.storage.journal.segments import with_crc

    stars, backend = random.Random(1), BackendInfo(kind="webui", name="bench")
    config = PipelineConfig(checkpoint="one")
    journal.mkdir(parents=True)
    with (journal / "records-000001.jsonl").open("wb") as lines:
        for number in range(count):
            moment = 1_780_000_000_000 + number * 1000
            image_id = ulid(moment, number.to_bytes(10, "big"))
            output = Output(
                image_id=image_id,
                stage="txt2img",
                path=path_of(number),
                sha256="",
                width=size[0],
                height=size[1],
                seed=number,
            )
            record = LearningRecord(
                event_id=ulid(moment, (1 << 70 | number).to_bytes(10, "big")),
                writer="bench",
                seq=2 * number + 1,
                ts="2026-06-01T10:00:00.000Z",
                run_id=f"run {number // 12}",
                job_id=f"j{number}",
                pack_id="bench",
                prompt_id="p",
                prompt=prompt_of(number),
                negative="",
                seed=number,
                stages=("txt2img",),
                config=config,
                backend=backend,
                status="ok",
                outputs=(output,),
            )
            said = Feedback(
                event_id=ulid(moment + 1, (1 << 71 | number).to_bytes(10, "big")),
                writer="bench",
                seq=2 * number + 2,
                ts="2026-06-01T10:00:01.000Z",
                image_id=image_id,
                rating=stars.randint(1, 5),
            )
            for line in (record, said):
                lines.write(with_crc(msgspec.json.encode(line)) + b"\n")
