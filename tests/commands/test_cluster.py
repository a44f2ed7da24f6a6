"""A cluster of real processes on loopback: a scheduler, two workers, an operator in a terminal, and three workers that
lie, answer twice and under old ids, or late.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

import bad_worker
import psutil
from conftest import wait_until
from jobs import SMALL
from kept_port import KeptPort
from msgspec.structs import replace
from own_cluster import LIMIT_S, WORDS, OwnCluster, program

from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.base.errors import InvalidInput, Unreachable
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.job import Job
from stablenew_tk.pipeline.cluster.link import ClusterLink
from stablenew_tk.pipeline.cluster.machine import ClusterMachine
from stablenew_tk.pipeline.cluster.worker import WorkerWords, run_worker
from stablenew_tk.pipeline.ids_and_times import new_id
from stablenew_tk.pipeline.runner import JobContext, PipelineRunner
from stablenew_tk.storage.cluster.folder import ClusterFolder
from stablenew_tk.storage.cluster.invitations import take_out
from stablenew_tk.storage.cluster.keys import KeyPair, make_certificate
from stablenew_tk.storage.cluster.pairing import invite, join, make_cluster, save_pairing
from stablenew_tk.storage.journal.writer import LearningRecordWriter

NAMES = ("one", "two")
BAD = {
    "liar": ("--manner", "lies", "--in-turn"),
    "double": ("--manner", "twice"),
    "late": ("--manner", "late", "--late-s", "1.5"),
}


def own_host():
    # IPv6 where there is any; `test_cluster_trial` has IPv4.
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return "::1"
    return "127.0.0.1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = OwnCluster(tmp_path_factory.mktemp("cluster"), NAMES, BAD, own_host())
    yield made
    made.close()


def refused(cluster, context):
    try:
        with (
            socket.create_connection((cluster.host, cluster.port), timeout=60) as plain,
            context.wrap_socket(plain) if context else plain as secure,
        ):
            secure.sendall(b"hello\n" * 10)
            return secure.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def context_of(authority, certificate=None, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(authority)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def test_only_certificates_of_the_authority_are_let_in(cluster, tmp_path):
    other = ClusterFolder(tmp_path / "other")
    make_cluster(other, "stranger", "127.0.0.1", datetime.now(UTC))
    own = KeyPair(cluster.folder.authority.read_bytes(), cluster.folder.authority_key.read_bytes())
    ended = make_certificate(own, "late", datetime.now(UTC) - timedelta(days=40), days=10)
    (tmp_path / "ended.pem").write_bytes(ended.certificate)
    (tmp_path / "ended.key").write_bytes(ended.key)
    authority = cluster.folder.authority
    assert refused(cluster, None)
    assert refused(cluster, context_of(authority))
    assert refused(cluster, context_of(other.authority, other.certificate, other.key))
    assert refused(cluster, context_of(authority, other.certificate, other.key))
    assert refused(cluster, context_of(authority, tmp_path / "ended.pem", tmp_path / "ended.key"))
    old = context_of(authority, cluster.folder.certificate, cluster.folder.key)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refused(cluster, old)


def test_every_process_listens_at_its_one_address_only(cluster):
    for name, process in cluster.processes.items():
        listening = [one.laddr for one in psutil.Process(process.pid).net_connections() if one.status == "LISTEN"]
        assert {one.ip for one in listening} == {cluster.host}, name
        assert len(listening) == (len(BAD) if name == "bad" else 1), name
        if name in NAMES:
            assert cluster.port < listening[0].port <= cluster.port + 10


def test_a_row_stays_on_one_machine_also_when_another_one_dies_and_comes_back(cluster):
    learning = cluster.learn()
    until = time.monotonic() + LIMIT_S
    while len(cluster.records()) < 3 and time.monotonic() < until:
        time.sleep(0.05)  # of another process, which tells nothing while it works
    cluster.end("two")
    cluster.worker("two")
    cluster.expect("two", "ready two")
    learning.communicate(timeout=LIMIT_S)
    made = [one for one in cluster.records() if one["status"] == "ok"]
    assert Counter(Counter(one["learning"]["step_id"] for one in made).values()) == {1: 12}
    rows = defaultdict(set)
    for one in made:
        rows[one["learning"]["row"]].add(one["backend"]["node"])
    assert [len(nodes) for nodes in rows.values()] == [1] * 4
    assert set().union(*rows.values()) == set(NAMES)
    kept = [list((cluster.root / name / "cluster" / "finished").glob("*.job")) for name in NAMES]
    assert kept == [[], []]


def test_no_secret_stands_in_what_is_told(cluster):
    told = subprocess.run(
        program(cluster.operator, "cluster", "status", "--json"), capture_output=True, timeout=LIMIT_S
    )
    status = json.loads(told.stdout)
    assert {one["name"]: one["connected"] for one in status["machines"]} == dict.fromkeys((*NAMES, *BAD), True)
    journal = b"".join(file.read_bytes() for file in (cluster.operator / "journal").rglob("*") if file.is_file())
    for secret in (b"PRIVATE", WORDS.encode(), cluster.folder.key.read_bytes().splitlines()[1]):
        assert secret not in told.stdout + told.stderr + journal


@pytest.fixture
def operator(cluster, tmp_path):
    made = Operator(cluster, tmp_path)
    yield made
    made.link.close()


class Operator:
    def __init__(self, cluster, folder):
        self.folder, self.stopped = folder, threading.Event()
        self.link = ClusterLink(cluster.folder, (), stop_grace_s=0.3)
        self.writer = LearningRecordWriter(folder / "journal")
        self.machines = {name: ClusterMachine(lambda: self.link, name) for name in ("one", *BAD)}

    def run(self, machine, number, **more):
        config = with_values(PipelineConfig(), SMALL)
        job = Job(
            job_id=f"j{number}", run_id="r", run_name="r", index=number, pack_id="p", prompt_id="a",
            prompt=f"a boat {number}", negative="", seed=number, config=config,
        )  # fmt: skip
        events = queue.SimpleQueue()
        context = JobContext(
            outputs=self.folder / "pictures", node=machine, emit=events.put, new_id=new_id, writer=self.writer, **more
        )
        return PipelineRunner(self.machines[machine], context).run(job, self.stopped.is_set)

    @property
    def pictures(self):
        return [path for path in (self.folder / "pictures").rglob("*") if path.is_file()]

    @property
    def journal(self):
        return b"".join(path.read_bytes() for path in (self.folder / "journal").rglob("*.jsonl"))


def test_no_lie_is_saved_or_taken_for_a_mistake_of_the_program(operator):
    told = [operator.run("liar", number) for number, _ in enumerate(bad_worker.LIES)]
    assert {record.status for record in told} == {"failed"}
    assert {record.error.error for record in told} <= {"AnswerLost", "BadImage", "EngineFault"}
    assert all("liar" in record.error.message for record in told)
    assert operator.pictures == []
    assert operator.run("liar", 100).status == "ok"


def test_what_is_answered_twice_or_under_old_ids_is_recorded_once(operator):
    told = [operator.run("double", number) for number in range(6)]
    assert [record.status for record in told] == ["ok"] * 6
    assert [record.outputs[0].seed for record in told] == list(range(6))
    assert len(operator.pictures) == operator.journal.count(b'"job_id"') == 6


def test_an_answer_that_comes_after_the_job_was_given_to_another_machine_is_dropped(cluster, operator):
    ended = []
    giving = threading.Thread(target=lambda: ended.append(operator.run("late", 1, withdrawn=operator.stopped.is_set)))
    giving.start()
    cluster.expect("bad", "holds its answer back")
    operator.stopped.set()
    operator.machines["late"].interrupt()
    giving.join(LIMIT_S)
    operator.stopped.clear()
    assert [record.status for record in ended] == ["cancelled"]
    made = operator.run("one", 1)
    cluster.expect("bad", "answers")
    # Its answer is at the scheduler before it answers the next question.
    assert operator.run("late", 2).status == "ok"
    assert (made.status, made.backend.node) == ("ok", "one")
    assert len(operator.pictures) == operator.journal.count(b'"job_id"') == 2


def test_a_machine_that_does_nothing_and_goes_away_is_missed_without_a_job(cluster, operator):
    machine = ClusterMachine(lambda: operator.link, "two")
    assert not machine.is_there(), "nobody has asked the scheduler yet"
    machine.check()
    assert machine.is_there()
    cluster.end("two")
    wait_until(lambda: not machine.is_there())
    cluster.worker("two")
    cluster.expect("two", "ready two")
    wait_until(machine.is_there)
    assert not ClusterMachine(lambda: operator.link, "nobody").is_there()


def joined(cluster, folder, name):
    save_pairing(folder / "again.pair", invite(cluster.folder, name, WORDS, datetime.now(UTC)))
    there = ClusterFolder(folder / "there")
    join(there, folder / "again.pair", WORDS, datetime.now(UTC))
    return there


def working(folder, host, waits=lambda _why, _seconds: None, **more):
    # At the address of the cluster: a port that another one had there would leave a socket of Dask's unclosed.
    with KeptPort(host=host) as port:
        only = (port.number, port.number)
        run_worker(folder, Sketch(), WorkerWords(ready=lambda _name: None, waits=waits), ports=only, **more)


def test_a_pairing_file_that_is_used_on_two_machines_lets_one_of_them_in(cluster, tmp_path):
    there = joined(cluster, tmp_path, "one")
    with pytest.raises(Unreachable, match="Another program works as one in the cluster"):
        working(there, cluster.host, once=True)


def test_a_second_worker_in_the_same_folder_is_refused(cluster):
    with pytest.raises(InvalidInput, match="A worker runs with this data folder already"):
        working(ClusterFolder(cluster.root / "one" / "cluster"), cluster.host)


def test_a_worker_goes_on_trying_where_there_is_no_network_yet(cluster, tmp_path):
    there, told = joined(cluster, tmp_path, "one"), []
    there.write(replace(there.membership(), host="nowhere.invalid"), {})

    def waits(why, _seconds):
        told.append(why)
        os.kill(os.getpid(), signal.SIGTERM)

    working(there, cluster.host, waits)
    assert told == ["No computer called nowhere.invalid is known here, so the scheduler is not found."]


def test_what_else_listens_there_and_a_scheduler_that_fails_are_told_at_once(tmp_path):
    folder = ClusterFolder(tmp_path / "cluster")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        make_cluster(folder, "desk", "127.0.0.1", datetime.now(UTC), port)

        def speak():
            with other.accept()[0] as asking:
                asking.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        speaking = threading.Thread(target=speak)
        speaking.start()
        link = ClusterLink(folder, (sys.executable, "-c", "raise SystemExit('There is no room for it here.')"))
        with pytest.raises(Unreachable, match="Another program listens at"):
            link.machines()
        speaking.join()
    with pytest.raises(Unreachable, match=r"There is no room for it here\."):
        link.machines()
    link.close()
    with pytest.raises(Unreachable, match="closed"):
        link.machines()


def test_who_was_taken_out_is_out_at_once_also_where_another_program_has_the_scheduler(cluster, tmp_path):
    # The last one: nobody is in this cluster afterwards.
    told = queue.SimpleQueue()
    link = ClusterLink(cluster.folder, (), changed=told.put)
    try:
        assert set(link.machines()) == {*NAMES, *BAD}
        removed = take_out(cluster.folder, "liar")
        assert set(removed.to_invite) == {*NAMES, *BAD} - {"liar"}
        assert told.get(timeout=LIMIT_S).to_invite == removed.to_invite
        cluster.expect("scheduler", f"ready {cluster.folder.membership().address}")
        assert link.machines() == ()
        machine = ClusterMachine(lambda: link, "one")
        with pytest.raises(Unreachable, match="Invite one again: the cluster has new keys"):
            machine.check()
    finally:
        link.close()
