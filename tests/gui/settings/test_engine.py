"""Where the pictures are made: one field takes any address, and the page says what answers there."""

from __future__ import annotations

import tkinter as tk

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from open_window import open_house

from stablenew_tk.pipeline.messages.jobs import BackendChecked


@pytest.fixture(autouse=True)
def _no_session_root_in_the_way(monkeypatch):
    """Tk keeps one default root; the window of the test is a root of its own."""
    monkeypatch.setattr(tk, "_default_root", None)


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path) as made:
        yield made


class TestSettings:
    @pytest.mark.parametrize(
        ("engine", "name", "kind"), [(FakeComfyUI, "ComfyUI", "comfyui"), (FakeWebUI, "Forge", "webui")]
    )
    def test_an_address_is_known_for_what_answers_there(self, house, engine, name, kind):
        with engine() as server:
            house.page("settings")
            house.type_into(house.entry("Address"), server.url)
            house.until(lambda: house.controller.settings.backend == server.url)
            house.until(lambda: house.controller.capabilities is not None)
            assert house.controller.capabilities.kind == kind
            assert house.says(f"{name} · 127.0.0.1:{server.port}")

    def test_an_address_where_a_login_is_wanted_says_so(self, house):
        with FakeComfyUI(auth="me:s3cret") as server:
            house.page("settings")
            house.type_into(house.entry("Address"), server.url)
            house.until(lambda: [one for one in house.saw(BackendChecked) if one.address == server.url])
            assert house.says("wants a login")
            assert house.controller.settings.backend == server.url

    def test_nobody_at_the_address_says_what_to_do(self, house):
        house.page("settings")
        house.type_into(house.entry("Address"), "http://127.0.0.1:9")
        house.until(lambda: house.says("No WebUI or ComfyUI is running at 127.0.0.1:9"))
        assert house.controller.settings.backend == "http://127.0.0.1:9"
        assert house.window.top.backend.text == "127.0.0.1:9 · no answer"
