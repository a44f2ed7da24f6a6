"""Makes the run request to repeat a recorded picture."""

from __future__ import annotations

from ...domain.journal.record import LearningRecord
from ...domain.prompts.variant import Variant
from ...domain.runs.job import RunRequest


def request_again(record: LearningRecord) -> RunRequest:
    """The same prompt, values and seed as in the record."""
    made = record.randomizer
    variant = Variant(
        prompt_id=record.prompt_id,
        name=record.prompt_id,
        prompt=record.prompt,
        negative=record.negative,
        index=made.index,
        choices=made.choices,
    )
    return RunRequest(
        pack_id=record.pack_id,
        variants=(variant,),
        mode=made.mode,
        count=made.count,
        config=record.config,
        origins=record.origins,
        presets=record.presets,
        seed=record.seed,
        start_image=record.start_image,
        stage_texts=record.stage_texts,
    )
