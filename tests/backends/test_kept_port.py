"""A fake server that is down keeps its port: no other test's server or connection gets it meanwhile."""

from __future__ import annotations

import socket

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI


@pytest.mark.parametrize("kind", [FakeComfyUI, FakeWebUI])
@pytest.mark.parametrize("begins", ["up", "down"])
def test_a_server_that_is_down_keeps_its_port_until_it_is_back(kind, begins):
    fake = kind()
    if begins == "up":
        fake.start()
    try:
        fake.go_down()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", fake.port))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", fake.port))
        fake.come_back()
        socket.create_connection(("127.0.0.1", fake.port)).close()
    finally:
        fake.close()
