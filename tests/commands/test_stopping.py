"""Whoever asks a run to end is heard, whatever the server does: it ends soon, with a record of what was stopped."""

from __future__ import annotations

import signal
import sys

import pytest
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import TINY, Terminal, ended, program

from stablenew_tk.storage.disk.process_lock import folder_lock, holding
from stablenew_tk.storage.journal.reader import recent, verify

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
# A server that hangs does so until it is left. Without being left the run would give it up after two minutes.
SOON_S = 60


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def hung():
    """A WebUI of which neither the picture nor the progress ever comes."""
    with FakeWebUI() as server:
        server.fault("hang", times=99)
        server.fault("hang", route="/sdapi/v1/progress", nth=2, times=999)
        yield server


def started(cli, server, *words):
    return program("run", cli.pack, "--backend", server.url, "--data-dir", cli.data, "--json", *TINY, *words)


def statuses(cli):
    assert not verify(cli.journal).damaged
    return [folded.record.status for folded in recent(cli.journal, 200)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_hangs_does_not_keep_a_run_from_ending(cli, hung, how):
    run = started(cli, hung)
    wait_until(lambda: hung.count("txt2img") == 1)
    run.send_signal(how)
    said = ended(run, SOON_S)
    assert (said.code, said.json["unsaved"]) == (1, 0)
    assert statuses(cli) == ["cancelled"]


def test_nor_does_one_that_hangs_before_the_picture(cli):
    with FakeWebUI() as server:
        server.fault("hang", route="/sdapi/v1/progress", times=999)
        run = started(cli, server)
        wait_until(lambda: any("progress" in path for path in server.gets))
        run.send_signal(signal.SIGINT)
        assert ended(run, SOON_S).code == 1
    assert statuses(cli) == ["cancelled"]


def test_nor_does_one_that_hangs_while_it_is_asked_what_it_offers(cli):
    with FakeWebUI() as server:
        server.fault("hang", route="*", times=999)
        run = started(cli, server)
        wait_until(lambda: server.gets)
        run.send_signal(signal.SIGINT)
        assert ended(run, SOON_S).code == 1


def test_nor_does_a_comfyui_that_hangs(cli):
    with FakeComfyUI() as server:
        server.fault("hang", times=999)
        run = started(cli, server, "--set", "checkpoint=ink_model")
        wait_until(lambda: server.count("/prompt") > 0)
        run.send_signal(signal.SIGINT)
        assert ended(run, SOON_S).code == 1
    assert statuses(cli) == ["cancelled"]


def test_a_second_ctrl_c_gives_up_at_once_and_loses_nothing(cli, hung):
    run = started(cli, hung)
    wait_until(lambda: hung.count("txt2img") == 1)
    run.send_signal(signal.SIGINT)
    run.stderr.readline()
    run.send_signal(signal.SIGINT)
    said = ended(run, SOON_S)
    assert (said.code, said.json["unsaved"]) == (1, 0)
    assert statuses(cli) == ["cancelled"]


@pytest.mark.parametrize("requests", [1, 2, 3, 5, 8, 13])
def test_ctrl_c_on_a_run_is_never_swallowed(cli, requests):
    with FakeWebUI(step_delay_s=0.05) as server:
        run = started(cli, server, "--seeds", "500")
        wait_until(lambda: len(server.gets) + len(server.posts) >= requests)
        run.send_signal(signal.SIGINT)
        assert ended(run, SOON_S).code == 1
        assert server.count("txt2img") < 100
    assert set(statuses(cli)) <= {"ok", "cancelled"}


def test_ctrl_c_while_the_program_starts_ends_it(cli):
    with FakeWebUI() as server:
        # However late the signal is sent, no picture has been begun.
        server.fault("hang", route="*", times=999)
        run = started(cli, server)
        run.send_signal(signal.SIGINT)
        assert ended(run, SOON_S).code != 0
        assert server.count("txt2img") == 0


def test_a_record_that_another_program_keeps_out_of_the_journal_is_kept_for_the_next_start(cli, hung):
    run = started(cli, hung)
    wait_until(lambda: hung.count("txt2img") == 1)
    cli.journal.mkdir(parents=True, exist_ok=True)
    with holding(folder_lock(cli.journal)):
        run.send_signal(signal.SIGINT)
        said = ended(run, SOON_S)
    assert (said.code, said.json["unsaved"], said.json["kept"]) == (1, 1, 1)
    assert "1 record is kept in" in said.json["errors"][-1]
    assert statuses(cli) == []
    later = cli.run()
    assert later["ok"] == 2
    assert sorted(statuses(cli)) == ["cancelled", "ok", "ok"]
