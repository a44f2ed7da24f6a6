"""What a machine of the cluster says is checked before anything of it counts."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from jobs import SMALL
from msgspec.structs import replace

from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.job import Job
from stablenew_tk.pipeline.cluster.machine import ClusterMachine
from stablenew_tk.pipeline.cluster.wire import Forget, Versions, answer_of, request_of, to_bytes
from stablenew_tk.pipeline.cluster.worker_jobs import WorkerJobs
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.runner import JobContext, PipelineRunner

SAME = Versions("1", "3", "1")


class DirectLink:
    """Machine and worker in one process, with `twist` on the way back."""

    versions = SAME

    def __init__(self, worker, twist=lambda answer: answer):
        self.worker, self.twist, self.told = worker, twist, []

    def make(self, one):
        return self.twist(self.worker.answer(one.request))

    def ask(self, _machine, request):
        return self.worker.answer(request)

    def tell(self, _machine, request, *, lasting=False):
        self.told.append(request_of(request))
        self.worker.answer(request)

    def progress_of(self, _key):
        return None


@pytest.fixture
def worker(tmp_path):
    made = WorkerJobs(Sketch(), tmp_path / "worker", "tower", SAME)
    yield made
    made.close()


def a_job(**what):
    config = with_values(PipelineConfig(), SMALL)
    known = {"job_id": "j1", "run_id": "r1", "run_name": "r", "index": 0, "pack_id": "p", "prompt_id": "a"}
    return Job(**(known | {"prompt": "a boat", "negative": "", "seed": 7, "config": config, "record": False} | what))


def run(link, tmp_path, job, folder="here"):
    events = queue.SimpleQueue()
    ids = iter(range(1000))
    context = JobContext(outputs=tmp_path / folder, node="tower", emit=events.put, new_id=lambda: f"id{next(ids)}")
    return PipelineRunner(ClusterMachine(lambda: link, "tower"), context).run(job)


def twisted(**changes):
    return lambda data: to_bytes(replace(answer_of(data, ""), **changes))


def twisted_picture(**changes):
    def twist(data):
        made = answer_of(data, "")
        result = made.results[0]
        image = replace(result.images[0], **changes)
        return to_bytes(replace(made, results=(replace(result, images=(image,)), *made.results[1:])))

    return twist


def test_a_machine_makes_the_picture_that_this_computer_would_make(worker, tmp_path):
    config = with_values(PipelineConfig(), {**SMALL, "upscale.enabled": True})
    theirs = run(DirectLink(worker), tmp_path, a_job(config=config))
    own = PipelineRunner(
        Sketch(), JobContext(outputs=tmp_path / "own", node="", emit=lambda _event: None, new_id=lambda: "x")
    ).run(a_job(config=config))
    assert (theirs.status, theirs.stages) == ("ok", own.stages)
    assert [one.sha256 for one in theirs.outputs] == [one.sha256 for one in own.outputs]
    assert theirs.backend == replace(own.backend, node="tower")


def test_what_is_finished_is_kept_until_it_is_recorded(worker, tmp_path):
    link = DirectLink(worker)
    made = run(link, tmp_path, a_job())
    assert made.status == "ok"
    assert [type(one) for one in link.told] == [Forget]
    assert list((tmp_path / "worker" / "finished").iterdir()) == []


def test_a_picture_that_was_finished_before_the_operator_died_is_not_made_again(worker, tmp_path):
    lost = []
    link = DirectLink(worker, twist=lambda answer: lost.append(answer) or b"")
    assert run(link, tmp_path, a_job()).status == "failed"
    link.twist = lambda answer: lost.append(answer) or answer
    assert run(link, tmp_path, a_job(), "again").status == "ok"
    assert [answer_of(one, "").again for one in lost] == [False, True]


@pytest.mark.parametrize(
    ("twist", "error"),
    [
        (lambda _data: b"", "AnswerLost"),
        (lambda data: data[: len(data) // 2], "AnswerLost"),
        (lambda _data: 7, "AnswerLost"),
        (twisted(key="0" * 64), "AnswerLost"),
        (twisted(results=()), "AnswerLost"),
        (twisted(kind="webui"), "AnswerLost"),
        (twisted_picture(data=b"no picture"), "BadImage"),
        (twisted_picture(width=9999), "BadImage"),
        (twisted_picture(seed=8), "BadImage"),
        (twisted_picture(suffix=".exe"), "BadImage"),
    ],
)
def test_an_answer_that_lies_is_never_saved(worker, tmp_path, twist, error):
    record = run(DirectLink(worker, twist), tmp_path, a_job())
    assert (record.status, record.outputs, record.error.error) == ("failed", (), error)
    assert not (tmp_path / "here").exists()


def test_another_version_of_the_program_is_refused(worker, tmp_path):
    link = DirectLink(worker)
    link.versions = Versions("2", "3", "1")
    record = run(link, tmp_path, a_job())
    assert record.error.error == "Refused"
    assert "same on both" in record.error.message
    # Also where nothing but the versions is understood.
    link.ask = lambda _machine, _request: msgspec.msgpack.encode(
        {"type": "hello", "versions": {"program": "9", "python": "3", "distributed": "1"}, "capabilities": 7}
    )
    assert "has StableNew 9" in run(link, tmp_path, a_job()).error.message


def test_a_full_disk_of_the_machine_costs_no_picture(worker, tmp_path):
    (tmp_path / "worker").mkdir(exist_ok=True)
    (tmp_path / "worker" / "finished").write_bytes(b"no folder can be here")
    assert run(DirectLink(worker), tmp_path, a_job()).status == "ok"


def test_a_machine_that_cannot_keep_the_start_of_a_job_says_so(worker, tmp_path):
    (tmp_path / "worker").mkdir(exist_ok=True)
    (tmp_path / "worker" / "work").write_bytes(b"no folder can be here")
    error = run(DirectLink(worker), tmp_path, a_job()).error
    assert (error.error, "cannot be made" in error.message) == ("EngineFault", True)


def test_a_finished_picture_that_is_refused_does_not_come_again_and_again(worker, tmp_path):
    link = DirectLink(worker, twisted_picture(data=b"damaged"))
    assert run(link, tmp_path, a_job()).error.error == "BadImage"
    assert [type(one) for one in link.told] == [Forget]
    link.twist = lambda answer: answer
    assert run(link, tmp_path, a_job(), "again").status == "ok"


def test_two_jobs_at_once_are_made_one_after_the_other_each_with_its_own_picture(tmp_path):
    # As after a machine was asleep: the job of before is still being made when it is given the next one.
    worker = WorkerJobs(Sketch(0.02), tmp_path / "worker", "tower", SAME)
    jobs = [a_job(job_id=f"j{number}", seed=number, prompt=f"a boat {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda job: run(DirectLink(worker), tmp_path, job, job.job_id), jobs))
    worker.close()
    own = JobContext(outputs=tmp_path / "own", node="", emit=lambda _event: None, new_id=lambda: "x")
    alone = [PipelineRunner(Sketch(), own).run(job) for job in jobs]
    assert [[one.pixels for one in record.outputs] for record in made] == [
        [one.pixels for one in record.outputs] for record in alone
    ]


def test_a_job_that_is_asked_for_again_while_it_is_made_is_made_once(tmp_path):
    begun = []

    class Counting(Sketch):
        def generate(self, order):
            begun.append(order.job_id)
            return super().generate(order)

    worker = WorkerJobs(Counting(0.02), tmp_path / "worker", "tower", SAME)
    asked = []
    link = DirectLink(worker, lambda answer: asked.append(answer) or answer)
    link.tell = lambda _machine, _request, *, lasting=False: None
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda folder: run(link, tmp_path, a_job(), folder), ("first", "second")))
    worker.close()
    assert [record.status for record in made] == ["ok", "ok"]
    assert len(begun) == 1
    assert sorted(answer_of(one, "").again for one in asked) == [False, True]


def test_exactly_one_end_comes_of_a_job_of_a_machine(worker, tmp_path):
    ends = []
    context = JobContext(
        outputs=tmp_path,
        node="tower",
        emit=lambda event: ends.append(event) if isinstance(event, JobEnded) else None,
        new_id=lambda: "x",
    )
    PipelineRunner(ClusterMachine(lambda: DirectLink(worker), "tower"), context).run(a_job())
    assert len(ends) == 1
