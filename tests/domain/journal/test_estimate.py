"""How long it will take, from what it took."""

from journal_lines import record

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig, work
from stablenew_tk.domain.journal.estimate import about, seconds_per_work
from stablenew_tk.domain.journal.record import StageRecord


def test_more_steps_pixels_and_stages_are_more_work():
    least = work(PipelineConfig())
    for values in ({"txt2img.steps": 40}, {"txt2img.width": 1024}, {"hires.enabled": True}, {"upscale.enabled": True}):
        assert work(with_values(PipelineConfig(), values)) > least


def test_durations_read_as_people_say_them():
    assert [about(s) for s in (0.2, 40, 240, 7200, 9000)] == [
        "about 1 s",
        "about 40 s",
        "about 4 min",
        "about 2 h",
        "about 2.5 h",
    ]


def test_the_time_behind_jobs_of_others_makes_no_job_slower():
    alone = record(seconds=10.0, stage_results=(StageRecord(stage="txt2img", seconds=10.0),))
    behind = record(seconds=100.0, stage_results=(StageRecord(stage="txt2img", seconds=100.0, queue_wait_s=90.0),))
    assert seconds_per_work([behind], "webui") == seconds_per_work([alone], "webui")
