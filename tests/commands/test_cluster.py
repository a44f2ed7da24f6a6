"""A cluster of real processes on loopback: a scheduler, two workers, and an operator in a terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

import psutil

from stablenew_tk.storage.cluster.folder import ClusterFolder
from stablenew_tk.storage.cluster.keys import KeyPair, make_certificate
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing

WORDS = "correct-horse-battery"
NAMES = ("one", "two")
LIMIT_S = 60


def program(data, *words):
    return [sys.executable, "-m", "stablenew_tk", "--data-dir", str(data), *words]


class Cluster:
    def __init__(self, root):
        self.root, self.operator, self.processes = root, root / "operator", {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = ClusterFolder(self.operator / "cluster")
        make_cluster(self.folder, "desk", "127.0.0.1", datetime.now(UTC), self.port)
        self.scheduler()
        for name in NAMES:
            file = root / f"{name}.pair"
            save_pairing(file, invite(self.folder, name, WORDS, datetime.now(UTC)))
            self.worker(name, "--join", str(file))
        for name in NAMES:
            self.expect(name, f"ready {name}")

    def start(self, name, command):
        words = os.environ | {"STABLENEW_PASSPHRASE": WORDS}
        self.processes[name] = subprocess.Popen(
            command, env=words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def scheduler(self):
        self.start("scheduler", program(self.operator, "scheduler"))
        self.expect("scheduler", f"ready tls://127.0.0.1:{self.port}")

    def worker(self, name, *more):
        self.start(name, program(self.root / name, "worker", "--backend", "sketch", "--sketch-pace", "0.01", *more))

    def expect(self, name, line):
        assert self.processes[name].stdout.readline().strip() == line

    def end(self, name, number=signal.SIGKILL):
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(LIMIT_S)
        process.stdout.close()

    def learn(self, *more):
        machines = [word for name in NAMES for word in ("--backend", f"cluster:{name}")]
        what = ["--focus", "txt2img.cfg_scale", "--values", "2,3,4", "--images", "4"]
        command = program(self.operator, "learn", "starter", *what, *machines, "--json", *more)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def records(self):
        files = (self.operator / "journal").rglob("*.jsonl")
        lines = (json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
        return [line for line in lines if line["kind"] == "run"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    for name in list(made.processes):
        made.end(name)


def refused(cluster, context):
    try:
        with (
            socket.create_connection(("127.0.0.1", cluster.port), timeout=5) as plain,
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
        assert {one.ip for one in listening} == {"127.0.0.1"}, name
        assert len(listening) == 1, name


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
    assert {one["name"]: one["connected"] for one in status["machines"]} == dict.fromkeys(NAMES, True)
    journal = b"".join(file.read_bytes() for file in (cluster.operator / "journal").rglob("*") if file.is_file())
    for secret in (b"PRIVATE", WORDS.encode(), cluster.folder.key.read_bytes().splitlines()[1]):
        assert secret not in told.stdout + told.stderr + journal
