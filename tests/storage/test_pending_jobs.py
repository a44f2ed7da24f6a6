"""Jobs left over from last time: kept whole, forgotten when done, never a reason not to start."""

from __future__ import annotations

import os
import sys

import pytest
from jobs import LATER, job
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.storage.pending_jobs import MOST_BEHIND, WaitingFile, load_waiting, save_waiting


def test_jobs_come_back_as_they_were(tmp_path):
    jobs = (job(**LATER, txt2img__steps=9), job("ein Boot, 船, \U0001f6a2", start_image="/a/b.png", seed=2**32 - 1))
    save_waiting(tmp_path / "new" / "waiting.json", jobs)
    assert load_waiting(tmp_path / "new" / "waiting.json").jobs == jobs


def test_no_jobs_leave_no_file(tmp_path):
    path = tmp_path / "waiting.json"
    save_waiting(path, (job(),))
    save_waiting(path, ())
    save_waiting(path, ())
    assert not path.exists()
    assert load_waiting(path).jobs == ()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[NaN]"])
def test_a_file_that_cannot_be_understood_is_told_and_kept_beside(tmp_path, content):
    path = tmp_path / "waiting.json"
    path.write_bytes(content)
    read = load_waiting(path)
    assert read.jobs == ()
    kept = next(tmp_path.glob("waiting.json.broken-*"))
    assert kept.read_bytes() == content
    assert kept.name in read.problem
    save_waiting(path, jobs := (job(),))
    assert load_waiting(path).jobs == jobs


@pytest.mark.parametrize("damage", [b"{}", b'{"job_id": "x"}', b"7", b"[[[[]]]]"])
def test_a_job_that_cannot_be_read_costs_only_itself(tmp_path, damage):
    path = tmp_path / "waiting.json"
    save_waiting(path, jobs := (job("a boat"), job("a tram")))
    path.write_bytes(path.read_bytes().replace(b"[", b"[" + damage + b",", 1))
    read = load_waiting(path)
    assert read.jobs == jobs
    assert "2 of its 3 jobs can be gone on with" in read.problem
    assert next(tmp_path.glob("waiting.json.broken-*")).read_bytes().count(damage)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
@pytest.mark.parametrize(
    "make", [lambda path: path.mkdir(), lambda path: os.mkfifo(path), lambda path: path.symlink_to("waiting.json")]
)
def test_what_is_no_file_in_its_place_is_told_and_moved_away(tmp_path, make):
    path = tmp_path / "waiting.json"
    make(path)
    read = load_waiting(path)
    assert (read.jobs, "waiting.json.broken-" in read.problem) == ((), True)
    save_waiting(path, jobs := (job(),))
    assert load_waiting(path).jobs == jobs


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(NotSaved, match="waiting jobs were not written"):
        save_waiting(tmp_path / "data" / "deep" / "waiting.json", (job(),))


class TestManyJobs:
    """A long queue is not written again after each job, and yet nothing is lost or made twice."""

    def left(self, path):
        return [one.job_id for one in load_waiting(path).jobs]

    def jobs(self, count, **changes):
        return [replace(job(), job_id=f"job{n}", **changes) for n in range(count)]

    def test_the_file_is_never_more_than_some_jobs_behind(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(3 * MOST_BEHIND)
        kept = WaitingFile(path)
        kept.keep(jobs)
        for done in range(1, 2 * MOST_BEHIND):
            kept.keep(jobs[done:], ended=True)
            left = self.left(path)
            assert set(left) >= {one.job_id for one in jobs[done:]}
            assert len(left) - len(jobs[done:]) < MOST_BEHIND

    def test_what_comes_and_what_is_taken_away_is_written_at_once(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(5)
        kept = WaitingFile(path)
        kept.keep(jobs[:3])
        kept.keep(jobs[1:4], ended=True)
        assert self.left(path) == ["job1", "job2", "job3"]
        kept.keep(jobs[2:3])
        assert self.left(path) == ["job2"]
        kept.keep((), ended=True)
        assert not path.exists()

    def test_jobs_that_leave_no_record_are_written_after_each(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(3, record=False)
        kept = WaitingFile(path)
        kept.keep(jobs)
        kept.keep(jobs[1:], ended=True)
        assert self.left(path) == ["job1", "job2"]
