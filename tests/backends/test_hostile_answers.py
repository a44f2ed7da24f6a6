"""Whatever comes back over the wire, a backend either answers or raises one of its own errors, and it never waits."""

from __future__ import annotations

import json
import queue
import random
import socket
import threading
from contextlib import suppress

import pytest
from conftest import wait_until
from fake_webui import FakeWebUI

from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.backends.remote.backend import Remote
from stablenew_tk.backends.transport import Connection, Limits, error_text, parse_address
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.errors import AnswerLost, BackendError, InvalidInput
from stablenew_tk.pipeline.messages.jobs import CheckBackend
from stablenew_tk.pipeline.workers import Desk

KINDS = [WebUI, ComfyUI, Remote]
QUICK = Limits(connect_s=5, lists_s=5, options_s=5, progress_s=5, control_s=5, stall_s=5, settle_s=5, poll_s=0.01)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HEADS = [
    OK + b"Content-Length: 541, 541\r\n\r\n{}",
    OK + b"Content-Length: abc\r\n\r\n{}",
    OK + b"Content-Length: -5\r\n\r\n{}",
    OK + b"Content-Length: \xc2\xb2\r\n\r\n{}",
    OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    OK + b"Content-Length:\r\nContent-Length: 2\r\n\r\n{}",
    OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8bno",
    OK + b"Content-Encoding: br\r\n\r\n{}",
    b"HTTP/1.1 200\r\n\r\n{}",
    b"HTTP/1.1 99999 What\r\n\r\n{}",
    b"HTTP/1.1 -1 What\r\n\r\n{}",
    b"HTTP/9.9 200 OK\r\n\r\n{}",
    b"HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\n\r\n",
    b"HTTP/1.1 302 Moved\r\nLocation: \xff\xfe\r\n\r\n",
    b"HTTP/1.1 302 Moved\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x88\x00",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    OK + b"Content-Type: \xff\xff\r\nSet-Cookie: \x00=;;;\r\n\r\n{}",
    OK + b"no colon here\r\n\r\n{}",
    b"\x16\x03\x01\x02\x00\x01",
    b"",
]
BODIES = [
    b"", b"null", b"[]", b"{}", b'""', b"0", b"1e999", b"NaN", b"[[[[[[", b"{" * 5000, b"[" * 100_000, b"\xff\xfe\x00",
    b'{"detail": [{"loc": 5, "msg": "x"}]}', b'{"detail": [{"loc": null, "msg": null}]}', b'{"detail": [[["x"]]]}',
    b'{"detail": [{"loc": {"a": 1}}]}', b'{"errors": {"a": []}}', b'{"error": 7, "message": null}',
    b'{"node_errors": 5}', b'{"node_errors": {"1": {"errors": [{"details": 5}]}}}', b"9" * 6000,
]  # fmt: skip


class Wire:
    """A server that sends the same bytes to everybody; `answer` gets the number of the request."""

    def __init__(self, answer):
        self._answer, self._served = answer, 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                with client, suppress(OSError):
                    client.settimeout(5)
                    client.recv(1 << 16)
                    client.sendall(self._answer(self._served))
                    client.shutdown(socket.SHUT_WR)
                self._served += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def ask(kind, url):
    """Check a backend; what is not one of our errors fails the test."""
    backend = kind(url, limits=QUICK)
    try:
        with suppress(BackendError, InvalidInput):
            backend.check()
    finally:
        backend.close()


def whole(body, status=200):
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_a_strange_head_is_one_of_our_errors_or_none(kind, head):
    with Wire(lambda _number: head) as wire:
        ask(kind, wire.url)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [200, 401, 404, 422, 500])
def test_a_strange_body_is_one_of_our_errors_or_none(kind, status):
    for body in BODIES:
        with Wire(lambda _number, body=body: whole(body, status)) as wire:
            ask(kind, wire.url)


@pytest.mark.parametrize("kind", KINDS)
def test_lists_of_a_server_with_anything_in_them_are_one_of_our_errors_or_none(kind):
    draw = random.Random(7)
    pieces = [None, 0, -1, 1e300, "", "x", [], {}, True, 10**25, "\x00", ["x"], {"name": 5}, {"name": None}]
    keys = ["name", "model_name", "title", "paths", "system", "devices", "KSampler", "input", "required", "detail"]

    def anything(depth):
        kinds = draw.randrange(4) if depth else 0
        if kinds == 1:
            return [anything(depth - 1) for _ in range(draw.randrange(3))]
        if kinds > 1:
            return {draw.choice(keys): anything(depth - 1) for _ in range(draw.randrange(4))}
        return draw.choice(pieces)

    for _ in range(60):
        bodies = [json.dumps(anything(4)).encode() for _ in range(8)]
        with Wire(lambda number, bodies=bodies: whole(bodies[number % 8])) as wire:
            ask(kind, wire.url)


def test_the_words_of_an_error_are_found_whatever_it_is_made_of():
    assert error_text(b'{"detail": [{"loc": ["body", "steps"], "msg": "too many"}]}') == "steps: too many"
    assert error_text(b'{"detail": [{"loc": 5, "msg": "too many"}]}') == "5: too many"
    assert error_text(b'{"detail": [{"loc": null, "msg": "too many"}]}') == "too many"
    assert error_text(b'{"detail": [{"loc": null, "msg": null}, {"loc": ["body"]}]}') == ""
    assert error_text(b'{"detail": [{"loc": ["body", "steps"], "msg": null}, {"msg": "x"}]}') == "steps; x"


def test_a_check_that_breaks_in_a_way_nobody_foresaw_is_answered_all_the_same(expects_error_log):
    inbox = queue.SimpleQueue()
    desk = Desk(lambda _order: 1 / 0, inbox)
    try:
        desk.ask(CheckBackend(address="http://somewhere"))
        answer = inbox.get(timeout=60)
    finally:
        desk.close()
    assert (answer.address, answer.capabilities, answer.brief) == ("http://somewhere", None, "failed")
    assert "made a mistake (ZeroDivisionError: division by zero)" in answer.problem


def test_a_connection_that_is_closed_ends_all_its_requests_not_only_the_latest():
    with FakeWebUI() as server:
        server.fault("hang", route="*", times=9)
        line, said = Connection(parse_address(server.url), Limits()), queue.Queue()

        def ask():
            try:
                said.put(line.get("/sdapi/v1/progress", timeout_s=50))
            except BackendError as error:
                said.put(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(server.gets) == 3)
        line.close()
        answers = [said.get(timeout=60) for _ in threads]
        for thread in threads:
            thread.join()
    assert all(isinstance(answer, AnswerLost) and "was closed" in str(answer) for answer in answers)
