"""Jobs left over from last time: kept whole, forgotten when done, never a reason not to start."""

from __future__ import annotations

import pytest
from jobs import LATER, job

from stablenew_tk.domain.errors import NotSaved
from stablenew_tk.storage.waiting import load_waiting, save_waiting


def test_jobs_come_back_as_they_were(tmp_path):
    jobs = (job(**LATER, txt2img__steps=9), job("ein Boot, 船, \U0001f6a2", start_image="/a/b.png", seed=2**32 - 1))
    save_waiting(tmp_path / "new" / "waiting.json", jobs)
    assert load_waiting(tmp_path / "new" / "waiting.json") == jobs


def test_no_jobs_leave_no_file(tmp_path):
    path = tmp_path / "waiting.json"
    save_waiting(path, (job(),))
    save_waiting(path, ())
    save_waiting(path, ())
    assert not path.exists()
    assert load_waiting(path) == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[{}]", b"\xff\xfe", b"[" * 100_000, b'[{"job_id": "x"}]', b"null"])
def test_a_file_that_cannot_be_understood_counts_as_no_jobs(tmp_path, content):
    path = tmp_path / "waiting.json"
    path.write_bytes(content)
    assert load_waiting(path) == ()


def test_a_folder_in_its_place_counts_as_no_jobs_and_cannot_be_written(tmp_path):
    path = tmp_path / "waiting.json"
    path.mkdir()
    assert load_waiting(path) == ()
    for jobs in ((), (job(),)):
        with pytest.raises(NotSaved):
            save_waiting(path, jobs)


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(NotSaved, match="waiting jobs were not written"):
        save_waiting(tmp_path / "data" / "deep" / "waiting.json", (job(),))
