"""A program killed while a server makes its picture goes on: no picture twice, none missing, the server as before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from both_servers import KINDS, killed_in_the_middle, server, words
from jobs import LATER
from terminal import FEW, ROOT, Terminal, program
from whole_app import App
from whole_plans import holds_together, made

from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.journal.reader import recent
from stablenew_tk.storage.pending_jobs import WaitingFile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
FOCUSES = {
    "sampler": ("txt2img.sampler", ("Euler a", "DPM++ 2M")),
    "scheduler": ("txt2img.scheduler", ("Karras", "Simple")),
    "lora": ("lora:inkwash", (0.4, 0.8)),
    "vae": ("vae", ("Automatic", "")),
}


@pytest.fixture(params=KINDS)
def there(request):
    with server(request.param) as found:
        yield found


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def learn(cli, there, focus, values, *more):
    chosen = ",".join(str(value) for value in values)
    return ["learn", cli.pack, "--focus", focus, "--values", chosen, "--images", 2, "--seed", 7, "--backend", there.url,
            *FEW, *words(there.names), *more]  # fmt: skip


@pytest.mark.parametrize("name", FOCUSES)
def test_a_learning_run_goes_on_where_it_was_killed(cli, there, name):
    focus, values = FOCUSES[name]
    values = [value or there.vae for value in values]
    before = there.settings()
    asked = learn(cli, there, focus, values)
    killed_in_the_middle(
        there, lambda: program(*asked, "--data-dir", cli.data), lambda: cli.journal.exists() and made(cli).total() >= 1
    )
    done = made(cli).total()
    assert 1 <= done < 4
    report = cli("learn", "--resume", "last", "--backend", there.url, "--json").json
    holds_together(cli, report, values, 2)
    # Only the picture that nobody fetched any more was asked for twice.
    assert there.asked() == len(there.seeds()) == 5
    assert set(there.seeds()) == {step["seed"] for step in report["steps"]}
    assert there.settings() == before
    assert there.stopped_others() == []
    assert there.is_idle()


def test_a_learning_run_over_jobs_of_four_stages_goes_on_too(cli, there):
    before = there.settings()
    four = words(dict.fromkeys(LATER, "on") | {"img2img.steps": 4, "upscale.mode": "single"})
    asked = learn(cli, there, "txt2img.cfg_scale", (5, 9), *four)
    killed_in_the_middle(
        there, lambda: program(*asked, "--data-dir", cli.data), lambda: cli.journal.exists() and made(cli).total() >= 1
    )
    report = cli("learn", "--resume", "last", "--backend", there.url, "--json").json
    holds_together(cli, report, (5, 9), 2)
    records = [one.record for one in recent(cli.journal, 99)]
    assert [len(record.outputs) for record in records] == [4] * 4
    assert all(output.suspect == () for record in records for output in record.outputs)
    assert there.settings() == before
    assert (there.stopped_others(), there.is_idle()) == ([], True)


# The app without its window, with three jobs of four stages.
APP = """
import sys
sys.path.insert(0, "tests")
import json
from whole_app import App, request
from stablenew_tk.domain.config.user_settings import Settings

app = App(sys.argv[1], Settings(backend=sys.argv[2]))
app.controller.run(request(3, **json.loads(sys.argv[3])))
app.idle()
"""


def test_jobs_of_four_stages_that_wait_in_the_app_go_on_where_it_was_killed(tmp_path, there):
    before, folder = there.settings(), tmp_path / "data"
    values = json.dumps(there.names | LATER | {"upscale.mode": "single"})
    killed_in_the_middle(
        there,
        lambda: subprocess.Popen(
            [sys.executable, "-c", APP, str(folder), there.url, values], cwd=ROOT, stdout=-1, stderr=-1, text=True
        ),
        lambda: (folder / "journal").exists() and len(recent(folder / "journal", 9)) >= 1,
    )
    again = App(folder, Settings(backend=there.url))
    planned = Counter(job.job_id for job in WaitingFile(again.places.waiting).load().jobs)
    again.controller.resume(go_on=True)
    again.idle()
    records = again.records()
    again.controller.close()
    assert [record.status for record in records] == ["ok"] * 3
    assert Counter(record.job_id for record in records) >= planned
    assert len({record.prompt for record in records}) == 3
    assert [len(record.outputs) for record in records] == [4] * 3
    assert len({output.image_id for record in records for output in record.outputs}) == 12
    assert (there.settings(), there.stopped_others(), there.is_idle()) == (before, [], True)
