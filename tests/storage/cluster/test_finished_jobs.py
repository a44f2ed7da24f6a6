"""What a worker has finished lies in its folder until the operator has it, and nowhere else."""

from __future__ import annotations

import os
import time

import pytest

from stablenew_tk.domain.base.errors import Unreadable
from stablenew_tk.storage.cluster.answers import FinishedJobs

KEY = "0123456789abcdef" * 4


def test_an_answer_is_kept_until_it_is_forgotten(tmp_path):
    jobs = FinishedJobs(tmp_path / "finished")
    jobs.put(KEY, b"pictures")
    assert (jobs.get(KEY), jobs.keys()) == (b"pictures", (KEY,))
    jobs.forget(KEY)
    assert (jobs.get(KEY), jobs.keys()) == (None, ())


def test_what_is_damaged_on_the_disk_is_no_answer(tmp_path):
    jobs = FinishedJobs(tmp_path / "finished")
    jobs.put(KEY, b"pictures" * 100)
    (file,) = (tmp_path / "finished").iterdir()
    for spoilt in (file.read_bytes()[:-1] + b"!", file.read_bytes()[:50], b""):
        file.write_bytes(spoilt)
        assert jobs.get(KEY) is None


def test_what_nobody_asked_for_in_a_week_goes_and_what_a_killed_program_began(tmp_path):
    jobs = FinishedJobs(tmp_path / "finished")
    jobs.put(KEY, b"old")
    jobs.put(KEY[::-1], b"new")
    begun = tmp_path / "finished" / f"{KEY[:50]}.tmp-0123abcd"
    begun.write_bytes(b"half")
    for path, days in ((begun, 1), (tmp_path / "finished" / f"{KEY}.job", 8)):
        os.utime(path, (time.time() - days * 86_400,) * 2)
    jobs.sweep()
    assert [path.name for path in (tmp_path / "finished").iterdir()] == [f"{KEY[::-1]}.job"]


@pytest.mark.parametrize("key", ["../precious", "/etc/hosts", "", KEY + "\n", KEY[:-1] + "G"])
def test_a_key_that_is_none_leads_nowhere(tmp_path, key):
    (tmp_path / "precious.job").write_bytes(b"mine")
    (tmp_path / "finished").mkdir()
    jobs = FinishedJobs(tmp_path / "finished")
    with pytest.raises(Unreadable, match="is not the key of a job"):
        jobs.put(key, b"x")
    assert jobs.get(key) is None
    jobs.forget(key)
    assert (tmp_path / "precious.job").read_bytes() == b"mine"
    assert list((tmp_path / "finished").iterdir()) == []
