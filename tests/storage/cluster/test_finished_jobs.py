"""What a worker has finished lies in its folder until the operator has it, and nowhere else."""

from __future__ import annotations

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
