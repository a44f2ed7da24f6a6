"""The threads: each has a name and an end, none dies of an error, and nothing is lost between them."""

from __future__ import annotations

import queue
import signal
import sys
import threading

import pytest
from conftest import wait_until
from fake_webui import FakeWebUI
from jobs import LATER, Workshop, job, new_id, webui
from journal_lines import rate
from slow_sketch import slow_sketch

from stablenew_tk.backends.base import StageImage, StageProgress, StageResult
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.base.errors import InvalidInput, NotSaved
from stablenew_tk.pipeline import workers
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded, NodeWaiting, StageProgressed, StageStarted
from stablenew_tk.pipeline.messages.journal import AppendLines
from stablenew_tk.pipeline.messages.packs import ListPacks, LoadPack
from stablenew_tk.pipeline.messages.pictures import MakeThumbnail
from stablenew_tk.pipeline.workers import Desk, Inbox, Node, drain
from stablenew_tk.storage.journal.reader import recent, verify

PICTURE = StageResult(images=(StageImage(data=b"whole", suffix=".png", width=8, height=8, seed=1),))
SLOW = {"txt2img.steps": 150}


class House:
    """A node with its inbox; `events` is everything that came so far."""

    def __init__(self, folder, backend, *, patient=False):
        self.inbox, self.events = queue.SimpleQueue(), []
        self.shop = Workshop(folder, backend)
        self.node = Node(backend, self.shop.around, self.inbox, patient=patient)

    def pump(self):
        self.events += drain(self.inbox)

    def told(self, kind):
        self.pump()
        return [event for event in self.events if isinstance(event, kind)]

    def until(self, kind, count=1):
        wait_until(lambda: len(self.told(kind)) >= count)
        return self.told(kind)[count - 1]

    def make(self, one):
        ended = len(self.told(JobEnded))
        self.node.start(one)
        return self.until(JobEnded, ended + 1).record


@pytest.fixture
def house(tmp_path):
    made = []

    def build(backend, **options):
        made.append(House(tmp_path, backend, **options))
        return made[0]

    yield build
    for one in made:
        assert one.node.close()
        assert one.told(JobEnded) or not one.told(StageStarted)


@pytest.fixture
def slow(monkeypatch):
    return slow_sketch(monkeypatch)


def names():
    return {thread.name for thread in threading.enumerate()}


class Faulty:
    """A backend whose author made a mistake: it raises what nobody expects, where the test wants it."""

    kind, name, version = "sketch", "faulty", "1"
    device = "any computer"

    def __init__(self, **errors):
        self.errors, self.closed = errors, False

    def fail(self, where):
        if where in self.errors:
            raise self.errors[where]

    def check(self):
        raise NotImplementedError

    def generate(self, order):
        self.fail("generate")
        if order.prompt == "slowly":
            wait_until(lambda: self.closed)
        return PICTURE

    def progress(self):
        self.fail("progress")
        return StageProgress(fraction=0.5)

    def interrupt(self):
        self.fail("interrupt")

    def close(self):
        self.closed = True
        self.fail("close")


class TestNode:
    def test_its_threads_have_names_and_end_on_close(self, tmp_path):
        made = House(tmp_path, Sketch())
        assert {"node-local", "pulse-local"} <= names()
        assert made.node.close()
        assert not {"node-local", "pulse-local"} & names()

    def test_a_job_is_made_and_told_in_order(self, house):
        made = house(Sketch())
        assert made.make(job(**LATER | {"upscale.upscaler": "Lanczos"})).status == "ok"
        assert [event.stage for event in made.told(StageStarted)] == ["txt2img", "img2img", "adetailer", "upscale"]
        assert len(made.told(ImageSaved)) == 4
        assert made.told(JobEnded)[0].recorded

    def test_jobs_are_made_one_after_the_other(self, house):
        made = house(Sketch())
        jobs = [job() for _ in range(3)]
        for one in jobs:
            made.node.start(one)
        made.until(JobEnded, 3)
        assert [event.record.job_id for event in made.told(JobEnded)] == [one.job_id for one in jobs]

    def test_progress_with_a_preview_is_told_while_a_stage_runs(self, slow, house):
        made = house(Sketch())
        made.node.start(job(**SLOW))
        wait_until(lambda: any(event.progress.preview for event in made.told(StageProgressed)))
        made.node.cancel()
        made.until(JobEnded)

    def test_stop_ends_a_running_picture_and_keeps_it_as_half_done(self, slow, house):
        made = house(Sketch())
        made.node.start(job(**SLOW))
        wait_until(lambda: (progress := made.node.backend.progress()) is not None and progress.step >= 2)
        made.node.cancel()
        record = made.until(JobEnded).record
        assert record.status == "cancelled"
        assert [output.suspect for output in record.outputs] == [("interrupted",)]

    def test_after_a_stop_the_next_job_is_made(self, slow, house):
        made = house(Sketch())
        made.node.start(job(**SLOW))
        made.until(StageStarted)
        made.node.cancel()
        assert made.until(JobEnded).record.status == "cancelled"
        assert made.make(job(**{"txt2img.steps": 1})).status == "ok"

    def test_a_job_stopped_before_it_began_has_its_record_all_the_same(self, slow, house):
        made = house(Sketch())
        first, second = job(**SLOW), job()
        made.node.start(first)
        made.node.start(second)
        made.until(StageStarted)
        made.node.cancel()
        made.until(JobEnded, 2)
        kept = {folded.record.job_id: folded.record.status for folded in recent(made.shop.journal, 9)}
        assert kept == {first.job_id: "cancelled", second.job_id: "cancelled"}

    def test_closing_while_a_picture_is_made_ends_it_with_a_record(self, slow, tmp_path):
        made = House(tmp_path, Sketch())
        made.node.start(job(**SLOW))
        made.until(StageStarted)
        assert made.node.close()
        assert made.told(JobEnded)[0].record.status == "cancelled"
        assert made.told(JobEnded)[0].recorded

    def test_a_backend_that_comes_back_after_it_was_given_up_does_not_end_its_job_again(self, tmp_path):
        """Not even closing it helps, so the job is ended without it; then it answers after all."""
        back = threading.Event()

        class Stuck(Faulty):
            def generate(self, order):
                back.wait(60)
                return PICTURE

        made = House(tmp_path, Stuck())
        one = job()
        made.node.start(one)
        made.until(StageStarted)
        assert not made.node.close(timeout_s=0.05)
        assert [event.record.status for event in made.told(JobEnded)] == ["cancelled"]
        back.set()
        assert made.node.close(timeout_s=60)
        assert len(made.told(JobEnded)) == 1
        assert [folded.record.job_id for folded in recent(made.shop.journal, 9)] == [one.job_id]

    def test_closing_cuts_the_line_to_a_server_that_hangs(self, tmp_path):
        with FakeWebUI() as server:
            server.fault("hang")
            made = House(tmp_path, webui(server, stall_s=60.0))
            made.node.start(job())
            wait_until(lambda: server.count("txt2img") == 1)
            assert made.node.close(timeout_s=0.3) or made.node.close()
            assert [event.record.status for event in made.told(JobEnded)] == ["cancelled"]

    def test_stop_reaches_a_webui_in_the_middle_of_a_picture(self, house):
        with FakeWebUI("forge-ui") as server:
            made = house(webui(server))
            server.hold(step=3)
            made.node.start(job())
            server.held.wait(60)
            made.node.cancel()
            record = made.until(JobEnded).record
            assert (record.status, record.outputs[0].suspect) == ("cancelled", ("interrupted",))
            assert made.node.close()


class TestPatience:
    @pytest.fixture(autouse=True)
    def _short_waits(self, monkeypatch):
        monkeypatch.setattr(workers, "PROBE_DELAYS_S", (0.01, 0.05))

    @pytest.fixture
    def server(self):
        """One that is not started yet."""
        made = FakeWebUI()
        made.go_down()
        yield made
        made.close()

    def test_a_job_waits_for_a_server_that_is_started_late(self, house, server):
        made = house(webui(server), patient=True)
        made.node.start(job())
        waiting = made.until(NodeWaiting, 3)
        assert "No WebUI is running" in waiting.message
        with server:
            assert made.until(JobEnded).record.status == "ok"
            assert server.count("txt2img") == 1
        assert len(recent(made.shop.journal, 9)) == 1

    def test_a_server_that_dies_in_a_later_stage_is_waited_for_and_no_finished_stage_is_made_again(self, house):
        with FakeWebUI() as server:
            made = house(webui(server), patient=True)
            server.fault("reset-running", nth=2)
            made.node.start(job(**{"img2img.enabled": True}))
            made.until(ImageSaved)
            server.go_down()
            made.until(NodeWaiting)
            server.come_back()
            record = made.until(JobEnded).record
            assert (record.status, len(record.outputs), server.count("txt2img")) == ("ok", 2, 1)

    def test_the_waits_grow_and_then_stay(self, house, server):
        made = house(webui(server), patient=True)
        made.node.start(job())
        made.until(NodeWaiting, 4)
        assert [event.retry_in_s for event in made.told(NodeWaiting)][:4] == [0.01, 0.05, 0.05, 0.05]
        made.node.cancel()
        assert made.until(JobEnded).record.status == "cancelled"

    def test_closing_does_not_wait_for_the_server(self, tmp_path, server, monkeypatch):
        monkeypatch.setattr(workers, "PROBE_DELAYS_S", (600.0,))
        made = House(tmp_path, webui(server), patient=True)
        made.node.start(job())
        made.until(NodeWaiting)
        assert made.node.close()
        assert made.told(JobEnded)[0].record.status == "cancelled"

    def test_an_impatient_node_lets_the_job_fail(self, house, server):
        made = house(webui(server))
        assert made.make(job()).error.error == "Unreachable"
        assert not made.told(NodeWaiting)


@pytest.mark.usefixtures("expects_error_log")
class TestMistakes:
    def test_an_unexpected_error_ends_the_job_and_the_node_lives_on(self, house):
        backend = Faulty(generate=ZeroDivisionError("division by zero"))
        made = house(backend)
        record = made.make(job())
        assert (record.status, record.error.error) == ("failed", "ZeroDivisionError")
        backend.errors.clear()
        assert made.make(job()).status == "ok"
        assert len(recent(made.shop.journal, 9)) == 2

    def test_an_error_in_progress_or_interrupt_costs_neither_the_job_nor_the_pulse(self, house):
        backend = Faulty(progress=KeyError("x"), interrupt=KeyError("y"))
        made = house(backend)
        made.node.start(job("slowly"))
        made.until(StageStarted)
        made.node.cancel()
        backend.closed = True
        assert made.until(JobEnded).record.status == "ok"
        assert "pulse-local" in names()

    def test_a_journal_that_raises_something_strange_costs_one_record_and_not_the_thread(self, house, monkeypatch):
        made = house(Faulty())
        append = made.shop.around.writer.append
        monkeypatch.setattr(made.shop.around.writer, "append", lambda line: 1 / 0)
        assert made.make(job()).status == "ok"
        assert not made.told(JobEnded)[0].recorded
        made.until(OrderFailed)
        monkeypatch.setattr(made.shop.around.writer, "append", append)
        assert made.make(job()).status == "ok"
        assert len(made.told(JobEnded)) == 2

    def test_even_an_error_while_giving_up_is_survived(self, house, monkeypatch):
        backend = Faulty(generate=KeyError("x"))
        made = house(backend)
        monkeypatch.setattr(made.shop.around.writer, "append", lambda line: 1 / 0)
        assert made.make(job()).status == "failed"
        assert made.make(job()).status == "failed"


class Gate:
    """A desk worker that stops at its first order until it is let go, and notes the order of the rest."""

    def __init__(self):
        self.at_work, self.go, self.done = threading.Event(), threading.Event(), []

    def __call__(self, order):
        self.at_work.set()
        assert self.go.wait(60)
        self.done.append(order)


def thumb(image_id):
    return MakeThumbnail(image_id=image_id, position=None, output_index=0, edge=64)


class TestDesk:
    @pytest.fixture
    def inbox(self):
        return queue.SimpleQueue()

    @pytest.fixture
    def gate(self, inbox):
        gate = Gate()
        gate.desk = Desk(gate, inbox)
        gate.desk.ask(ListPacks())
        gate.at_work.wait(60)
        yield gate
        gate.go.set()
        assert gate.desk.close()

    def test_its_thread_has_a_name_and_ends_on_close(self, inbox):
        desk = Desk(lambda order: None, inbox, name="clerk")
        assert "clerk" in names()
        assert desk.close()
        assert "clerk" not in names()

    def test_lines_go_before_reads_and_reads_before_thumbnails(self, gate):
        line = AppendLines(lines=())
        gate.desk.ask(thumb("a"), Desk.LAST)
        gate.desk.ask(LoadPack(path=None), Desk.SOON)
        gate.desk.ask(line, Desk.FIRST)
        gate.go.set()
        wait_until(lambda: len(gate.done) == 4)
        assert gate.done[1:] == [line, LoadPack(path=None), thumb("a")]

    def test_the_thumbnail_asked_for_last_is_made_first_and_reads_keep_their_order(self, gate):
        for name in "abc":
            gate.desk.ask(thumb(name), Desk.LAST)
            gate.desk.ask(LoadPack(path=name), Desk.SOON)
        gate.go.set()
        wait_until(lambda: len(gate.done) == 7)
        assert [order.path for order in gate.done[1:4]] == ["a", "b", "c"]
        assert [order.image_id for order in gate.done[4:]] == ["c", "b", "a"]

    def test_closing_finishes_what_concerns_the_disk_and_drops_thumbnails(self, gate):
        for name in "abc":
            gate.desk.ask(thumb(name), Desk.LAST)
        gate.desk.ask(AppendLines(lines=()), Desk.FIRST)
        gate.desk.ask(LoadPack(path=None))
        closing = threading.Thread(target=gate.desk.close, name="closing")
        closing.start()
        wait_until(lambda: gate.desk.is_closing)
        gate.go.set()
        closing.join(10)
        assert [type(order) for order in gate.done] == [ListPacks, AppendLines, LoadPack]

    @pytest.mark.parametrize("error", [InvalidInput("No such thing."), NotSaved("The disk is full.")])
    def test_an_order_that_fails_is_told_in_its_own_words(self, inbox, error):
        def refuse(_order):
            raise error

        desk = Desk(refuse, inbox)
        order = ListPacks()
        desk.ask(order)
        failed = inbox.get(timeout=60)
        assert failed.order is order
        assert failed.message == str(error)
        assert desk.close()

    def test_a_mistake_of_ours_is_told_too_and_the_next_order_is_done(self, inbox, expects_error_log):
        answers = iter([lambda: 1 / 0, lambda: OrderFailed(message="done")])
        desk = Desk(lambda order: next(answers)(), inbox)
        desk.ask(ListPacks())
        desk.ask(ListPacks())
        # First, so that a desk that does not answer fails this test and does not keep it from ending.
        assert desk.close()
        mistake, done = (inbox.get_nowait().message for _ in range(inbox.qsize()))
        assert "StableNew itself made a mistake (ZeroDivisionError" in mistake
        assert done == "done"


def test_many_jobs_and_ratings_at_once_leave_a_whole_journal(house):
    made = house(Sketch())
    writer = made.shop.around.writer
    desk = Desk(lambda order: writer.append_all(order.lines) and None, made.inbox)
    for _ in range(15):
        made.node.start(job())
        desk.ask(AppendLines(lines=(rate(new_id(), 4),)), Desk.FIRST)
    made.until(JobEnded, 15)
    assert desk.close()
    found = verify(made.shop.journal)
    assert (found.lines, found.ok, found.gaps) == (30, 30, ())


@pytest.mark.skipif(sys.platform == "win32", reason="timers of POSIX")
def test_a_signal_that_comes_as_the_waiting_ends_does_not_make_it_wait_for_ever():
    inbox = Inbox()
    rescue = threading.Timer(20, inbox.put, [OrderFailed(message="it waited for ever")])
    rescue.start()
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        for place in range(400):
            # Somewhere around the end of the waiting, a little later each time.
            signal.setitimer(signal.ITIMER_REAL, 0.0015 + place % 100 * 1e-5)
            assert [event.message for event in drain(inbox, wait_s=0.002)] == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        rescue.cancel()
        rescue.join()
