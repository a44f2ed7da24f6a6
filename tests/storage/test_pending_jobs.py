"""Jobs left over from last time: kept whole, forgotten when done, never a reason not to start."""

from __future__ import annotations

import os
import sys
from random import Random

import msgspec
import pytest
from jobs import LATER, full_disk, job
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.storage.pending_jobs import WaitingFile, WaitingRead


def test_jobs_come_back_as_they_were(tmp_path):
    jobs = (job(**LATER, txt2img__steps=9), job("ein Boot, 船, \U0001f6a2", start_image="/a/b.png", seed=2**32 - 1))
    WaitingFile(tmp_path / "new" / "waiting.json").keep(jobs)
    assert WaitingFile(tmp_path / "new" / "waiting.json").load().jobs == jobs


def test_no_jobs_leave_no_file(tmp_path):
    path = tmp_path / "waiting.json"
    WaitingFile(path).keep((job(),))
    WaitingFile(path).keep(())
    WaitingFile(path).keep(())
    assert not path.exists()
    assert WaitingFile(path).load().jobs == ()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[NaN]"])
def test_a_file_that_cannot_be_understood_is_told_and_kept_beside(tmp_path, content):
    path = tmp_path / "waiting.json"
    path.write_bytes(content)
    read = WaitingFile(path).load()
    assert read.jobs == ()
    kept = next(tmp_path.glob("waiting.json.broken-*"))
    assert kept.read_bytes() == content
    assert kept.name in read.problem
    WaitingFile(path).keep(jobs := (job(),))
    assert WaitingFile(path).load().jobs == jobs


@pytest.mark.parametrize("damage", [b"{}", b'{"job_id": "x"}', b"7", b"[[[[]]]]", b'{"gone":7}', b"\0\0"])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_line_that_cannot_be_read_costs_only_itself(tmp_path, damage, before):
    path = tmp_path / "waiting.json"
    WaitingFile(path).keep(jobs := (job("a boat"), job("a tram")))
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join((*lines[:before], damage, *lines[before:], b"")))
    read = WaitingFile(path).load()
    assert read.jobs == jobs
    assert "2 of its 3 jobs can be gone on with" in read.problem
    assert next(tmp_path.glob("waiting.json.broken-*")).read_bytes().count(damage)


@pytest.mark.parametrize("between", [b",\n", b","])
def test_the_list_of_an_older_version_is_gone_on_with(tmp_path, between):
    path, jobs = tmp_path / "waiting.json", (job("a boat"), job("a tram"))
    path.write_bytes(b"[" + between.join(map(msgspec.json.encode, jobs)) + b"]")
    kept = WaitingFile(path)
    assert kept.load() == WaitingRead(jobs)
    kept.keep((*jobs, late := job("a crane")))
    assert WaitingFile(path).load() == WaitingRead((*jobs, late))


def test_in_the_list_of_the_first_versions_a_damaged_job_costs_only_itself(tmp_path):
    path, jobs = tmp_path / "waiting.json", (job("a boat"), job("a tram"))
    path.write_bytes(b"[" + b",".join([*map(msgspec.json.encode, jobs), b'{"job_id":7}']) + b"]")
    read = WaitingFile(path).load()
    assert read.jobs == jobs
    assert "2 of its 3 jobs can be gone on with" in read.problem


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
@pytest.mark.parametrize(
    "make", [lambda path: path.mkdir(), lambda path: os.mkfifo(path), lambda path: path.symlink_to("waiting.json")]
)
def test_what_is_no_file_in_its_place_is_told_and_moved_away(tmp_path, make):
    path = tmp_path / "waiting.json"
    make(path)
    read = WaitingFile(path).load()
    assert (read.jobs, "waiting.json.broken-" in read.problem) == ((), True)
    WaitingFile(path).keep(jobs := (job(),))
    assert WaitingFile(path).load().jobs == jobs


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(NotSaved, match="waiting jobs were not written"):
        WaitingFile(tmp_path / "data" / "deep" / "waiting.json").keep((job(),))


class TestManyJobs:
    """Of a long queue only what changes is written, and nothing is lost or made twice."""

    def left(self, path):
        read = WaitingFile(path).load()
        assert read.problem == ""
        return [one.job_id for one in read.jobs]

    def jobs(self, count):
        return [replace(job(), job_id=f"job{n}") for n in range(count)]

    def test_a_change_costs_what_it_changes(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(3000)
        kept = WaitingFile(path)
        kept.keep(jobs)
        whole = path.stat().st_size
        kept.keep(jobs)
        assert path.stat().st_size == whole
        kept.keep(jobs[1:])
        kept.keep([*jobs[1:], late := replace(job(), job_id="late")])
        assert path.stat().st_size - whole < 2 * whole / len(jobs)
        assert self.left(path) == [one.job_id for one in (*jobs[1:], late)]

    def test_the_next_program_adds_to_what_the_last_one_wrote(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(300)
        WaitingFile(path).keep(jobs)
        whole = path.read_bytes()
        kept = WaitingFile(path)
        assert kept.load().jobs == tuple(jobs)
        kept.keep(jobs[:-1])
        assert path.read_bytes().startswith(whole)
        assert self.left(path) == [one.job_id for one in jobs[:-1]]

    def test_a_file_is_never_much_longer_than_what_it_holds(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(400)
        kept = WaitingFile(path)
        kept.keep(jobs)
        line = path.stat().st_size / len(jobs)
        for done in range(1, len(jobs)):
            kept.keep(jobs[done:])
            assert path.stat().st_size < 2 * line * (len(jobs) - done) + 100_000
            kept.keep(list(reversed(jobs[done:])))
        kept.keep(())
        assert not path.exists()

    @pytest.mark.parametrize("seed", range(10))
    def test_any_change_is_read_as_it_was_made(self, tmp_path, seed):
        dice, path, jobs = Random(seed), tmp_path / "waiting.json", self.jobs(60)
        kept = WaitingFile(path)
        for _ in range(80):
            now = dice.sample(jobs, dice.randrange(len(jobs)))
            if dice.random() < 0.5:
                now.sort(key=jobs.index)
            kept.keep(now)
            if dice.random() < 0.3:
                kept = WaitingFile(path)
                assert kept.load() == WaitingRead(tuple(now))
            if dice.random() < 0.1:
                path.unlink(missing_ok=True)

    def test_what_was_being_written_as_the_power_went_takes_nothing_with_it(self, tmp_path):
        path, (first, second, third) = tmp_path / "waiting.json", self.jobs(3)
        kept = WaitingFile(path)
        kept.keep((first, second))
        whole = path.stat().st_size
        kept.keep((second, third))
        data = path.read_bytes()
        for size in range(whole, len(data) + 1):
            path.write_bytes(data[:size])
            again = WaitingFile(path)
            read = again.load()
            assert read.problem == ""
            assert read.jobs in ((first, second), (first, second, third), (second, third))
            again.keep((second,))
            assert self.left(path) == [second.job_id]
            path.unlink()

    @pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
    def test_a_full_disk_is_told_and_costs_nothing(self, tmp_path):
        path, jobs = tmp_path / "waiting.json", self.jobs(100)
        kept = WaitingFile(path)
        kept.keep(jobs[:50])
        with full_disk(path.stat().st_size + 100), pytest.raises(NotSaved, match="waiting jobs were not written"):
            kept.keep(jobs[:60])
        assert self.left(path) == [one.job_id for one in jobs[:50]]
        kept.keep(jobs[:60])
        assert self.left(path) == [one.job_id for one in jobs[:60]]
