"""Several machines at once, with real threads, real servers on loopback and a real journal."""

from __future__ import annotations

import socket
import threading
from collections import Counter, defaultdict

import pytest
from fake_webui import FakeWebUI
from jobs import SMALL
from slow_sketch import slow_sketch
from whole_app import SLOW, App, request

from stablenew_tk.app.nodes.specs import node_specs, with_machine, without_machine
from stablenew_tk.app.queue_progress import QueueProgress
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Machine, Settings
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.pipeline import workers
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import JobEnded, NodeWaiting


def sketches(count):
    return Settings(machines=tuple(Machine("sketch") for _ in range(count - 1)))


def servers(*addresses, **more):
    return Settings(backend=addresses[0], machines=tuple(map(Machine, addresses[1:])), **more)


def plan(values=6, rows=4, **what):
    return LearningPlan(
        **{
            "plan_id": "",
            "name": "CFG of boats",
            "focus_parameter": "txt2img.cfg_scale",
            "pack_id": "boats",
            "prompts": (PlanPrompt("p1", "a boat", "blur"),),
            "base_config": with_values(PipelineConfig(), SMALL),
            "variant_values": tuple(float(2 + n) for n in range(values)),
            "images_per_variant": rows,
            "seeds": (),
        }
        | what
    )


@pytest.fixture
def open_app(tmp_path):
    apps = []

    def make(settings, **options):
        app = App(tmp_path / "data", settings, **options)
        apps.append(app)
        app.wait(lambda: app.controller.nodes.all_asked or app.controller.nodes.is_alone)
        return app

    yield make
    for app in apps:
        app.controller.close()


@pytest.fixture
def slow(monkeypatch):
    return slow_sketch(monkeypatch)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(workers, "PROBE_DELAYS_S", (0.02, 0.05))


def nodes_of_rows(records):
    """By row of a Learning Run, the machines that made it."""
    found = defaultdict(set)
    for record in records:
        found[record.learning.row].add(record.backend.node)
    return found


def made_once(records, count):
    """Every step of the plan has one picture and no other record."""
    assert {record.status for record in records} == {"ok"}
    assert len(records) == count
    assert set(Counter(record.learning.step_id for record in records).values()) == {1}


class TestTogether:
    def test_a_learning_run_is_shared_out_by_rows_and_every_step_is_made_once(self, slow, open_app):
        app = open_app(sketches(4))
        app.controller.learning.start(plan())
        app.idle()
        made_once(app.records(), 24)
        rows = nodes_of_rows(app.records())
        assert all(len(nodes) == 1 for nodes in rows.values())
        assert set().union(*rows.values()) == {"sketch", "sketch-2", "sketch-3", "sketch-4"}
        assert len({record.backend.fingerprint for record in app.records()}) == 1

    def test_a_plan_that_was_interrupted_goes_on_where_its_rows_began(self, slow, open_app):
        slow.whole = 6
        first = open_app(sketches(3))
        begun = first.controller.learning.start(plan(values=4, rows=3))
        first.until(JobEnded, 4)
        first.controller.close()
        before = nodes_of_rows([record for record in first.records() if record.status == "ok"])
        slow.hurry()
        again = open_app(sketches(3))
        again.controller.learning.go_on(begun.plan_id)
        again.idle()
        made = [record for record in again.records() if record.status == "ok"]
        made_once(made, 12)
        assert all(nodes == nodes_of_rows(made)[row] for row, nodes in before.items())

    def test_pictures_go_only_to_a_server_that_has_the_checkpoint(self, open_app):
        with FakeWebUI() as one, FakeWebUI() as two:
            two.models["harbour"] = "ffffffffff"
            app = open_app(servers(one.url, two.url))
            assert [state.name for state in app.controller.nodes.states] == ["local", "local-2"]
            app.make(4, checkpoint="harbour")
            assert {(record.status, record.backend.node) for record in app.records()} == {("ok", "local-2")}
            assert one.count("txt2img") == 0

    def test_a_server_that_dies_gives_its_jobs_to_the_other_and_none_fails_or_is_made_twice(self, open_app):
        with FakeWebUI() as one, FakeWebUI() as two:
            app = open_app(servers(one.url, two.url))
            two.go_down()
            jobs = app.controller.run(request(6))
            app.idle()
            assert Counter(record.prompt for record in app.records()) == Counter(job.prompt for job in jobs)
            assert {(record.status, record.backend.node) for record in app.records()} == {("ok", "local")}
            assert app.controller.nodes.state("local-2").state == "away"
            assert app.controller.why_not == ""

    def test_in_a_terminal_a_step_whose_server_is_away_is_made_by_the_other_and_none_fails(self, open_app, monkeypatch):
        monkeypatch.setattr(workers, "PROBE_DELAYS_S", (0.1,))
        with FakeWebUI() as one, FakeWebUI() as two:
            app = open_app(servers(one.url, two.url), patient=False)
            two.fault("404", times=3)
            app.controller.learning.start(plan(3, 2, mixed_machines=True))
            app.idle()
            assert len(app.told(NodeWaiting)) == 3
            assert Counter(record.status for record in app.records()) == {"ok": 6}

    def test_whatever_servers_come_and_go_every_step_is_made_once(self, open_app):
        with FakeWebUI() as one, FakeWebUI() as two:
            app = open_app(servers(one.url, two.url, "sketch"))
            begun = app.controller.learning.start(plan(mixed_machines=True))
            for count, server in ((3, one), (8, two), (14, one)):
                app.wait(lambda count=count: len(app.told(JobEnded)) >= count)
                server.go_down()
                app.until(JobEnded, len(app.told(JobEnded)) + 1)
                server.come_back()
            app.idle()
            # What died in the middle of a picture has failed, and is made when that is asked for.
            app.controller.learning.go_on(begun.plan_id)
            app.idle()
        made = [record for record in app.records() if record.status == "ok"]
        made_once(made, 24)
        assert {record.backend.kind for record in made} == {"webui"}
        assert {record.status for record in app.records()} <= {"ok", "failed"}

    def test_jobs_that_only_an_absent_server_can_make_wait_for_it_and_are_made_when_it_is_back(self, open_app):
        with FakeWebUI() as one, FakeWebUI() as two:
            two.models["harbour"] = "ffffffffff"
            app = open_app(servers(one.url, two.url))
            two.go_down()
            app.controller.run(request(2, checkpoint="harbour"))
            app.until(NodeWaiting, 2)
            assert app.records() == []
            two.come_back()
            app.idle()
            assert [record.status for record in app.records()] == ["ok", "ok"]

    def test_jobs_that_no_machine_can_make_wait_and_say_why(self, open_app):
        app = open_app(sketches(2))
        app.controller.run(request(2, checkpoint="nowhere"))
        progress = QueueProgress(app.controller)
        progress.refresh()
        assert progress.text.startswith("2 jobs wait. No machine can make this job: sketch lacks checkpoint nowhere;")

    def test_in_a_terminal_a_run_that_no_machine_can_make_ends_with_the_reason(self, open_app):
        app = open_app(sketches(2), patient=False)
        app.controller.run(request(2, checkpoint="nowhere"))
        assert "sketch lacks checkpoint nowhere" in app.until(OrderFailed).message
        assert (app.controller.paused, len(app.controller.queue)) == (True, 2)


class TestIdleServers:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr(workers, "IDLE_LOOK_S", 0.05)
        monkeypatch.setattr(workers, "PROBE_DELAYS_S", (0.05,))

    def test_one_that_goes_away_and_comes_back_is_noticed_without_a_job(self, open_app):
        with FakeWebUI() as server:
            app = open_app(servers("sketch", server.url))
            state = app.controller.nodes.state("local")
            app.wait(lambda: state.state == "ready")
            server.go_down()
            app.wait(lambda: state.state == "away")
            server.come_back()
            app.wait(lambda: state.state == "ready")


class TestOneServerAtSeveralAddresses:
    @pytest.fixture(autouse=True)
    def names(self, monkeypatch):
        """A network that knows this computer by two names more."""
        real = socket.getaddrinfo

        def known(host, *more, **options):
            return real("127.0.0.1" if host in ("tower", "tower.lan", "draw.lan") else host, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", known)

    def test_the_later_one_is_told_and_gets_nothing(self, open_app):
        with FakeWebUI() as server, FakeWebUI() as other:
            same = [f"http://{host}:{server.port}" for host in ("tower", "tower.lan", "127.0.0.1")]
            app = open_app(servers(*same, f"http://tower:{other.port}"))
            states = app.controller.nodes.states
            assert [one.state for one in states] == ["ready", "refused", "refused", "ready"]
            assert [one.problem for one in states[1:3]] == [
                "It is the same server as tower. Remove one of the two."
            ] * 2
            app.make(6)
            assert {record.backend.node for record in app.records()} == {"tower", "tower-3"}

    def test_the_one_that_is_named_is_at_work_whichever_answers_first(self, open_app, monkeypatch):
        lost, real = {"tower"}, socket.getaddrinfo

        def found(host, *more, **options):
            if host in lost:
                raise socket.gaierror("unknown")
            return real(host, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", found)
        with FakeWebUI() as server:
            app = open_app(servers(*(f"http://{host}:{server.port}" for host in ("tower", "tower.lan", "127.0.0.1"))))
            nodes = app.controller.nodes
            app.wait(lambda: [one.state for one in nodes.states] == ["away", "ready", "refused"])
            lost.clear()
            app.controller.check_backend()
            app.wait(lambda: [one.state for one in nodes.states] == ["ready", "refused", "refused"])
            assert {one.problem for one in nodes.states[1:]} == {
                "It is the same server as tower. Remove one of the two."
            }

    def test_two_names_that_a_proxy_may_tell_apart_are_two_machines(self, open_app):
        with FakeWebUI() as server:
            app = open_app(servers(*(f"http://{host}:{server.port}" for host in ("tower", "draw.lan"))))
            assert [one.state for one in app.controller.nodes.states] == ["ready", "ready"]

    def test_it_stands_in_where_the_other_one_is_removed_or_no_longer_found(self, open_app, monkeypatch):
        with FakeWebUI() as server:
            app = open_app(servers(*(f"http://{host}:{server.port}" for host in ("tower", "tower.lan", "127.0.0.1"))))
            nodes = app.controller.nodes
            app.wait(lambda: [one.state for one in nodes.states] == ["ready", "refused", "refused"])
            app.controller.change_settings(without_machine(app.controller.settings, "tower"))
            app.wait(lambda: [one.state for one in nodes.states] == ["ready", "refused"])
            real = socket.getaddrinfo

            def lost(host, *more, **options):
                if host == "tower.lan":
                    raise socket.gaierror("unknown")
                return real(host, *more, **options)

            monkeypatch.setattr(socket, "getaddrinfo", lost)
            app.controller.check_backend()
            app.wait(lambda: [one.state for one in nodes.states] == ["away", "ready"])
            monkeypatch.setattr(socket, "getaddrinfo", real)


class TestTheUser:
    def test_a_machine_that_is_added_takes_part_at_once_and_one_that_is_removed_gives_its_job_back(
        self, slow, open_app
    ):
        app = open_app(Settings())
        jobs = app.controller.run(request(6, **SLOW))
        app.wait(lambda: app.controller.running is not None)
        app.controller.change_settings(with_machine(app.controller.settings, "sketch"))
        # Both are in the middle of a picture.
        app.wait(lambda: sum(one.step > 2 for one in app.controller.nodes.working) == 2)
        gone = app.controller.nodes.state("sketch-2").running.job
        app.controller.change_settings(without_machine(app.controller.settings, "sketch-2"))
        slow.hurry()
        app.idle()
        assert [state.name for state in app.controller.nodes.states] == ["sketch"]
        made = [record for record in app.records() if record.status == "ok"]
        assert sorted(record.prompt for record in made) == sorted(job.prompt for job in jobs)
        assert next(record for record in made if record.prompt == gone.prompt).backend.node == "sketch"

    def test_the_machine_that_was_alone_takes_part_as_soon_as_there_are_two(self, slow, open_app):
        app = open_app(Settings())
        app.controller.change_settings(with_machine(app.controller.settings, "sketch"))
        app.controller.run(request(4, **SLOW))
        app.wait(lambda: {one.node for one in app.controller.nodes.working} == {"sketch", "sketch-2"})
        app.controller.cancel()
        app.idle()

    def test_a_paused_machine_finishes_its_job_and_takes_no_other(self, slow, open_app):
        app = open_app(sketches(2))
        app.controller.run(request(5, **SLOW))
        app.wait(lambda: len(app.controller.nodes.working) == 2)
        app.controller.dispatch.pause("sketch-2", True)
        slow.hurry()
        app.wait(lambda: app.controller.nodes.state("sketch-2").state == "paused")
        app.idle()
        assert Counter(record.backend.node for record in app.records()) == {"sketch": 4, "sketch-2": 1}
        app.controller.dispatch.pause("sketch-2", False)
        assert app.controller.nodes.state("sketch-2").state == "ready"
        app.controller.dispatch.pause("sketch", True)
        app.controller.change_settings(without_machine(app.controller.settings, "sketch-2"))
        app.make(1)

    def test_stop_reaches_all_machines_and_forgets_the_rest(self, slow, open_app):
        app = open_app(sketches(3))
        app.controller.run(request(9, **SLOW))
        app.wait(lambda: sum(one.step > 2 for one in app.controller.nodes.working) == 3)
        app.controller.cancel()
        app.idle()
        assert [record.status for record in app.records()] == ["cancelled"] * 3

    def test_closing_keeps_the_jobs_of_all_machines_and_leaves_no_thread(self, slow, open_app):
        before = threading.active_count()
        app = open_app(sketches(5))
        jobs = app.controller.run(request(7, **SLOW))
        app.wait(lambda: sum(one.step > 2 for one in app.controller.nodes.working) == 5)
        app.controller.close()
        assert threading.active_count() == before
        left = open_app(sketches(5)).controller.leftover
        assert sorted(job.prompt for job in left) == sorted(job.prompt for job in jobs)

    def test_servers_that_hang_are_closed_together(self, open_app):
        with FakeWebUI() as one, FakeWebUI() as two:
            app = open_app(servers(one.url, two.url))
            one.fault("hang")
            two.fault("hang")
            app.controller.run(request(2))
            app.wait(lambda: one.count("txt2img") == two.count("txt2img") == 1)
            assert len(app.controller.close()) == 0
            assert [record.status for record in app.records()] == ["cancelled", "cancelled"]


class TestNames:
    def test_machines_are_called_as_their_address_says_each_otherwise(self):
        settings = servers("http://tower:7860", "http://tower.lan:7861", "sketch", "http://10.0.0.5:8188", "sketch")
        names = [spec.name for spec in node_specs(settings)]
        assert names == ["tower", "tower-2", "sketch", "10.0.0.5", "sketch-2"]

    def test_a_name_stays_when_another_machine_is_removed(self):
        settings = with_machine(with_machine(Settings(backend="http://tower:7860"), "tower:7861"), "attic:8188")
        left = without_machine(settings, "tower")
        assert [(spec.name, spec.address) for spec in node_specs(left)] == [
            ("tower-2", "http://tower:7861"),
            ("attic", "http://attic:8188"),
        ]
        assert node_specs(without_machine(left, "attic"))[0].name == "tower-2"

    @pytest.mark.parametrize("typed", ["", "my tower", "ftp://tower"])
    def test_what_is_no_address_is_refused(self, typed):
        with pytest.raises(InvalidInput, match="not an address"):
            with_machine(Settings(), typed)

    @pytest.mark.parametrize(
        ("known", "typed"),
        [
            ("http://127.0.0.1:7860", "localhost:7860"),
            ("http://localhost:7860", "http://[::1]:7860"),
            ("http://127.0.0.1:7860", "http://0.0.0.0:7860"),
            ("http://tower:7860", "HTTP://Tower:7860"),
            ("http://tower:7860", "http://me:secret@tower:7860"),
            ("http://tower", "tower:80"),
            ("https://tower", "https://tower.:443"),
            ("http://tower:7860", "https://tower:7860"),
            ("http://tower:7860", "http://tower:7860/"),
        ],
    )
    def test_a_server_written_otherwise_is_no_second_machine(self, known, typed):
        with pytest.raises(InvalidInput, match=r"is in the list already\.$") as refusal:
            with_machine(Settings(backend="sketch", machines=(Machine(known),)), typed)
        assert "secret" not in str(refusal.value)

    @pytest.mark.parametrize(
        "typed", ["tower:7861", "http://tower.lan:7860", "cluster:tower", "https://tower", "http://tower:7860/b"]
    )
    def test_another_port_or_computer_is(self, typed):
        settings = with_machine(Settings(backend="http://tower:7860"), typed)
        assert len(settings.machines) == 1

    def test_the_same_server_is_no_second_machine_and_the_only_one_stays(self):
        with pytest.raises(InvalidInput, match="in the list already"):
            with_machine(Settings(backend="http://tower:7860"), "tower:7860")
        with pytest.raises(InvalidInput, match="the only machine"):
            without_machine(Settings(), "sketch")
