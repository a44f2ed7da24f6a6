"""Whatever a server answers, this program stays small: it stops reading at what fits the picture that was asked for."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jobs import job

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.pictures import most_bytes, most_pixels, open_picture
from stablenew_tk.domain.base.errors import BadImage

ROOT = Path(__file__).parents[2]
# Promised are 150; the rest is for a system that counts shared libraries as well.
MOST_MB = 200
STREAM = 2 << 30
CHILD = """
import resource, sys
sys.path[:0] = [{root!r}, {tests!r}]
from jobs import job
from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.pictures import most_bytes, most_pixels, open_picture
from stablenew_tk.backends.transport import Connection, Limits, parse_address
from stablenew_tk.domain.base.errors import BackendError
one = job(txt2img__width=1024, txt2img__height=1024, txt2img__batch_size=4)
order = StageOrder(job_id="1", stage="txt2img", prompt="", negative="", seed=1, config=one.config)
line = Connection(parse_address({url!r}), Limits())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    if {kind!r} == "list":
        line.get("/{kind}", timeout_s=60)
    elif {kind!r} == "picture":
        open_picture(line.get("/{kind}", timeout_s=60).body, most_pixels=most_pixels(order))
    else:
        line.post("/{kind}", {{}}, timeout_s=60, most_bytes=most_bytes(order))
except BackendError as refused:
    print(type(refused).__name__, refused)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def header_of(width, height):
    """A PNG with this size, and pixels that unpack to as many bytes: all of them black."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + 3 * width)) for _ in range(height)) + rows.flush()

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


class _Door(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if self.path == "/bomb":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            for piece in self.server.answers[self.path]():
                self.wfile.write(piece)
        except OSError:
            pass  # hung up on, as it should be

    do_POST = do_GET

    def log_message(self, *_):
        pass


def stream():
    piece = bytes(b" " * (1 << 20))
    for _ in range(STREAM >> 20):
        yield piece


def bomb():
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        for piece in stream():
            file.write(piece)
    yield packed.getvalue()


@contextmanager
def served():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    server.answers = {
        "/list": stream,
        "/endless": stream,
        "/bomb": bomb,
        "/picture": lambda: [header_of(13_000, 13_000)],
    }
    thread = threading.Thread(target=server.serve_forever, name="bombs")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no getrusage on Windows")
@pytest.mark.parametrize("kind", ["list", "endless", "bomb", "picture"])
def test_no_answer_takes_much_memory(kind):
    with served() as url:
        script = CHILD.format(root=str(ROOT), tests=str(ROOT / "tests"), url=url, kind=kind)
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    *said, grown = ran.stdout.splitlines()
    assert said[0].startswith(("AnswerLost", "BadImage"))
    assert int(grown) < MOST_MB, json.dumps({kind: grown})


def order(**values):
    return StageOrder(job_id="1", stage="txt2img", prompt="", negative="", seed=1, config=job(**values).config)


def test_a_picture_much_larger_than_asked_for_is_refused_before_it_is_decoded():
    asked = order(txt2img__width=64, txt2img__height=64)
    assert open_picture(header_of(2000, 2000), most_pixels=most_pixels(asked)).size == (2000, 2000)
    with pytest.raises(BadImage, match="4000 × 4000 pixels, many times more"):
        open_picture(header_of(4000, 4000), most_pixels=most_pixels(asked))


@pytest.mark.parametrize(("side", "batch"), [(64, 1), (1024, 1), (1024, 8), (2048, 4)])
def test_what_was_asked_for_always_fits(side, batch):
    asked = order(txt2img__width=side, txt2img__height=side, txt2img__batch_size=batch)
    # Noise with transparency cannot be packed; a grid of all pictures stands before them.
    raw = 4 * side * side * (batch + batch)
    assert most_bytes(asked) > raw * 4 / 3
    assert most_pixels(asked) >= 4 * side * side


def test_an_enlargement_may_be_as_large_as_was_asked_for():
    asked = order(txt2img__width=1024, txt2img__height=1024, hires__enabled=True, hires__scale=4.0)
    assert most_pixels(asked) >= 4096 * 4096
    assert most_bytes(asked) > 4 * 4096 * 4096 * 4 / 3
