"""Two programs on one server, and one program beside jobs of somebody else: each gets its own pictures and touches
nothing that is not its own.
"""

from __future__ import annotations

import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from both_servers import KINDS, server, words
from conftest import wait_until
from terminal import FEW, TINY, Terminal, ended, program

from stablenew_tk.storage.journal.reader import recent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(params=KINDS)
def there(request):
    with server(request.param) as found:
        yield found


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def run(cli, there, data, seed, *more):
    named = words(there.names)
    return program(
        "run", cli.pack, "--json", *FEW, "--backend", there.url, "--data-dir", data, "--seed", seed, *named, *more
    )


def test_two_programs_at_once_each_get_their_own_pictures(tmp_path, cli, there):
    before = there.settings()
    folders = [tmp_path / "one", tmp_path / "other"]
    more = ("--seeds", 4, "--set", "clip_skip=2", "--set", f"vae={there.vae}")
    # The second one comes while the first one's picture is being made: both have jobs there until the end.
    there.fake.hold(step=2)
    one = run(cli, there, folders[0], 0, *more)
    assert there.fake.held.wait(60)
    other = run(cli, there, folders[1], 100, *more)
    wait_until(lambda: 100 in there.seeds())
    there.fake.release()
    both = (one, other)
    reports = [json.loads(said.out) for said in map(ended, both)]
    assert [(one["jobs"], one["ok"]) for one in reports] == [(8, 8)] * 2
    assert [sorted({image["seed"] for image in one["images"]}) for one in reports] == [
        [0, 1, 2, 3],
        [100, 101, 102, 103],
    ]
    assert [image["suspect"] for one in reports for image in one["images"]] == [[]] * 16
    records = [found.record for folder in folders for found in recent(folder / "journal", 99)]
    assert len({record.job_id for record in records}) == len({one.sha256 for r in records for one in r.outputs}) == 16
    assert (there.asked(), len(there.seeds())) == (16, 16)
    assert (there.settings(), there.stopped_others(), there.is_idle()) == (before, [], True)


def test_one_that_is_stopped_leaves_the_other_ones_work_alone(tmp_path, cli, there):
    # Only the one that is stopped has so many steps.
    there.fake.hold(step=15)
    stopped = run(cli, there, tmp_path / "one", 0, "--set", "txt2img.steps=20", "--seeds", 50)
    assert there.fake.held.wait(60)
    other = run(cli, there, tmp_path / "other", 100, "--seeds", 4)
    wait_until(lambda: 100 in there.seeds())
    stopped.send_signal(signal.SIGINT)
    theirs, said = json.loads(ended(other).out), json.loads(ended(stopped).out)
    assert (theirs["ok"], [image["suspect"] for image in theirs["images"]]) == (8, [[]] * 8)
    assert (said["ok"], said["cancelled"]) == (0, 100)
    assert (there.asked(), there.is_idle()) == (9, True)


class Somebody:
    """A foreign client of the server, with three jobs of its own, one after the other."""

    def __init__(self, there):
        self.there = there

    def work(self):
        if self.there.is_comfyui:
            return [self._waited(self.there.fake.queue_foreign(steps=6)) for _ in range(3)]
        body = {"prompt": "theirs", "steps": 6, "width": 64, "height": 64, "sampler_name": "Euler", "seed": 999}
        address = f"{self.there.url}/sdapi/v1/txt2img"
        return [len(requests.post(address, json=body, timeout=60).json()["images"]) for _ in range(3)]

    def _waited(self, prompt_id):
        wait_until(lambda: prompt_id in self.there.fake.history)
        return len(self.there.fake.history[prompt_id]["outputs"])


def test_beside_jobs_of_somebody_else_all_pictures_come_and_theirs_too(cli, there):
    before = there.settings()
    there.fake.step_delay_s = 0.01
    with ThreadPoolExecutor(1) as somebody:
        theirs = somebody.submit(Somebody(there).work)
        report = json.loads(ended(run(cli, there, cli.data, 7, "--seeds", 3, "--set", f"vae={there.vae}")).out)
        assert theirs.result(60) == [1, 1, 1]
    assert (report["ok"], [image["suspect"] for image in report["images"]]) == (6, [[]] * 6)
    assert (there.settings(), there.stopped_others(), there.is_idle()) == (before, [], True)
    prompts = {found.record.prompt for found in recent(cli.journal, 99)}
    assert prompts == {"a red boat", "an old tram"}


def test_a_stop_while_somebody_elses_job_runs_takes_only_our_own_out(cli, there):
    with ThreadPoolExecutor(1) as somebody:
        there.fake.hold(step=5)
        theirs = somebody.submit(Somebody(there).work)
        assert there.fake.held.wait(60)
        ours = run(cli, there, cli.data, 7, *TINY)
        wait_until(lambda: 7 in there.seeds())
        ours.send_signal(signal.SIGINT)
        if there.is_comfyui:
            report = json.loads(ended(ours).out)
            assert (report["ok"], report["cancelled"]) == (0, 2)
        # A WebUI can be told only when our own job runs.
        assert there.stopped_others() == []
        there.fake.release()
        if not there.is_comfyui:
            assert json.loads(ended(ours).out)["ok"] < 2
        assert theirs.result(60) == [1, 1, 1]
    wait_until(there.is_idle)
