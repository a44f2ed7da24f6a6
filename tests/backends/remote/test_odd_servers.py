"""What stands at an address in the place of a WebUI or ComfyUI, or in front of one, is named in a sentence."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fake_comfyui import FakeComfyUI

from stablenew_tk.backends.remote.backend import Remote
from stablenew_tk.backends.transport import Limits
from stablenew_tk.domain.base.errors import AccessDenied, BackendError, NotReady, Refused
from stablenew_tk.domain.config.user_settings import usable_address

PATIENT = Limits(connect_s=20, lists_s=20)
PAGE = "text/html; charset=UTF-8"


@contextmanager
def odd_server(status, kind, body, **headers):
    """A server that gives the same answer to everything; yields its address and the paths it was asked for."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="odd-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "body", "headers", "error", "words"),
    [
        (404, "text/plain; charset=utf-8", b"404: Not Found", {}, Refused, "neither a WebUI nor ComfyUI"),
        (404, "text/plain", b"404 page not found\n", {}, Refused, "neither a WebUI nor ComfyUI"),
        (404, "application/json", b'{"detail":"Not Found"}', {}, NotReady, "started without --api, or is still"),
        (302, PAGE, b"", {"Location": "/oauth2/sign_in?rd=%2F"}, AccessDenied, "a login page (/oauth2/sign_in)"),
        (303, PAGE, b"", {"Location": "https://sso.example/login"}, AccessDenied, "a login page (/login)"),
        (301, PAGE, b"", {"Location": "https://tower.example/sd/"}, Refused, "us on to https://tower.example/sd/"),
        (403, PAGE, b"<!DOCTYPE html><title>Just a moment...</title>", {}, AccessDenied, "in front of"),
        (401, PAGE, b"<html>401 Authorization Required</html>", {}, AccessDenied, "wants a login"),
        (502, PAGE, b"<html>502 Bad Gateway</html>", {}, BackendError, "in front of"),
        (200, PAGE, b"<!doctype html><html>Gradio</html>", {}, Refused, "a web page"),
        (200, "application/json", b'{"hello": "there"}', {}, BackendError, "not whole or not JSON"),
        (400, PAGE, b"<html>400 The plain HTTP request was sent to HTTPS port</html>", {}, Refused, "wants https"),
        (400, "text/plain", b"Client sent an HTTP request to an HTTPS server.\n", {}, Refused, "wants https"),
    ],
)
def test_it_is_told_what_answers(status, kind, body, headers, error, words):
    with odd_server(status, kind, body, **headers) as (url, asked):
        server = Remote(url, limits=PATIENT)
        with pytest.raises(error) as caught:
            server.check()
        server.close()
        assert words in str(caught.value)
        # A WebUI that still starts would keep the wrong one for good.
        assert status == 200 or not [path for path in asked if path.startswith("/openapi.json")]


@pytest.mark.parametrize(
    "typed", ["{host}/comfy", "http://{host}/comfy/", "http://me:s3cret%40@{host}/comfy", "me:s3cret%40@{host}/comfy"]
)
def test_any_way_of_writing_an_address_finds_the_server(typed):
    with FakeComfyUI(auth="me:s3cret@" if "@{" in typed else "", below="/comfy") as behind:
        server = Remote(usable_address(typed.format(host=f"127.0.0.1:{behind.port}")), limits=PATIENT)
        try:
            assert server.check().kind == "comfyui"
        finally:
            server.close()


def test_whether_anything_listens_is_known_without_a_request():
    with odd_server(500, PAGE, b"") as (url, asked):
        remote = Remote(url, limits=PATIENT)
        assert remote.is_there()
        assert asked == []
    assert not remote.is_there()
    remote.close()
