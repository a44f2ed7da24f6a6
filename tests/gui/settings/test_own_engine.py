"""An sd-server program of the user's, named in Settings or found at the first start."""

from __future__ import annotations

import os

import pytest
from fake_webui import FakeWebUI
from open_window import choose_file, open_house
from plans import button
from stub_sd_server import StubProgram

from stablenew_tk.app.engines import found_servers
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.widgets.modal import open_boxes
from stablenew_tk.pipeline.messages.jobs import BackendChecked, CheckBackend, EngineFound, FindEngine
from stablenew_tk.pipeline.messages.settings import SettingsSaved
from stablenew_tk.storage.settings import load_settings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stub is a script for a Unix shell")


@pytest.fixture
def program(tmp_path):
    stub = StubProgram(tmp_path / "engine", boat="good", torn="damaged")
    yield stub
    assert not stub.alive()


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path / "app") as made:
        yield made


def choose_engine(house, words="Own sd-server"):
    """Click on one of the engines."""
    engine = house.page("settings").engine
    x = next(
        engine.coords(item)[0]
        for item in engine.find_all()
        if engine.type(item) == "text" and engine.itemcget(item, "text") == words
    )
    for event in ("<ButtonPress-1>", "<ButtonRelease-1>"):
        engine.event_generate(event, x=round(x), y=12)


def everything_asked_was_answered(house):
    """The questions of the first start were asked before these, and each thread answers in order."""
    before = len(house.saw(EngineFound)), len(house.saw(BackendChecked))
    house.controller.ask(FindEngine())
    house.controller.ask(CheckBackend(address="sketch"))
    house.until(lambda: len(house.saw(EngineFound)) > before[0])
    house.until(lambda: house.saw(BackendChecked)[-1:] and house.saw(BackendChecked)[-1].address == "sketch")


class TestSettings:
    def test_it_is_in_force_when_it_is_chosen(self, house, program):
        page = house.page("settings")
        house.type_into(page.own_engine.program, str(program.program))
        house.type_into(page.own_engine.model, str(program.models / "boat.safetensors"))
        choose_engine(house)
        house.until(lambda: house.controller.settings.backend == "sd-server")
        house.until(lambda: house.says("Own sd-server: 1 checkpoint, 2 LoRAs, 12 samplers"))
        house.until(lambda: house.controller.capabilities is not None and not program.alive())

    def test_until_it_answers_nobody_is_told_of_the_engine_before(self, house, program):
        late = str(program.add("late", "slow"))
        house.change(backend="sd-server", sd_server_program=str(program.program), sd_server_model=late)
        house.until(lambda: program.starts)
        assert house.window.top.backend.text == "sd-server · asking"
        program.answer()
        house.until(lambda: house.window.top.backend.text == "Own sd-server")

    def test_all_fields_are_kept(self, house, program):
        fields = house.page("settings").own_engine
        house.type_into(fields.program, str(program.program))
        house.type_into(fields.model, "~/boat.safetensors")
        house.type_into(fields.threads, "4")
        house.type_into(fields.memory, "7,5")
        house.until(lambda: len(house.saw(SettingsSaved)) == 4)
        kept = load_settings(house.controller.places.settings_file).settings
        assert (kept.sd_server_program, kept.sd_server_threads, kept.sd_server_memory_gb) == (
            str(program.program),
            4,
            7.5,
        )
        assert kept.sd_server_model == os.path.expanduser("~/boat.safetensors")
        house.type_into(fields.threads, "")
        assert house.controller.settings.sd_server_threads == 0

    @pytest.mark.parametrize(("field", "typed"), [("threads", "many"), ("threads", "1025"), ("memory", "-1")])
    def test_what_is_no_number_is_said_and_not_kept(self, house, field, typed):
        entry = getattr(house.page("settings").own_engine, field)
        house.type_into(entry, typed)
        assert entry.error_text.startswith("Write a number up to")
        assert house.controller.settings.own_engine == Settings().own_engine

    def test_what_it_says_when_it_dies_is_shown_and_no_other_engine_takes_its_place(self, house, program):
        page = house.page("settings")
        house.type_into(page.own_engine.program, str(program.program))
        house.type_into(page.own_engine.model, str(program.models / "torn.safetensors"))
        choose_engine(house)
        house.until(lambda: house.says("sd-server ended at once with 'torn' (exit code 1;"))
        assert house.controller.settings.backend == "sd-server"
        house.until(lambda: house.window.bottom.head.cget("text").startswith("sd-server: "))
        assert not house.page("create").bar.button.enabled

    def test_another_model_file_is_tested_at_once(self, house, program):
        page = house.page("settings")
        house.type_into(page.own_engine.program, str(program.program))
        house.type_into(page.own_engine.model, str(program.models / "boat.safetensors"))
        choose_engine(house)
        house.until(lambda: house.controller.settings.backend == "sd-server")
        house.type_into(page.own_engine.model, str(program.models / "torn.safetensors"))
        house.until(lambda: house.says("ended at once with 'torn'"))

    def test_who_takes_the_sketch_engine_meanwhile_keeps_it(self, house, program):
        page = house.page("settings")
        house.type_into(page.own_engine.program, str(program.program))
        house.type_into(page.own_engine.model, str(program.add("late", "slow")))
        test = house.button("Test connection")
        choose_engine(house)
        assert not test.enabled
        choose_engine(house, "Sketch engine")
        assert test.enabled
        program.answer()
        house.until(lambda: [event for event in house.saw(BackendChecked) if event.address == "sd-server"])
        assert (house.controller.settings.backend, page.engine.value) == ("sketch", "sketch")

    def test_whether_a_program_is_found_is_said(self, house, program, monkeypatch):
        monkeypatch.setenv("PATH", "")
        house.page("settings")
        house.until(lambda: house.says("None found."))
        monkeypatch.setenv("PATH", str(program.program.parent))
        house.page("create")
        house.page("settings")
        house.until(lambda: house.says("Found one."))

    def test_with_it_the_address_of_a_webui_stays(self, house, program):
        page = house.page("settings")
        house.change(backend="http://127.0.0.1:9", sd_server_program=str(program.program))
        house.change(backend="sd-server", sd_server_model=str(program.models / "boat.safetensors"))
        assert house.entry("Address").get() == "http://127.0.0.1:9"
        house.until(lambda: house.controller.capabilities is not None)
        assert page.own_engine.program.get() == str(program.program)


class TestWelcome:
    @pytest.fixture
    def arrived(self, tmp_path, program, monkeypatch):
        monkeypatch.setenv("PATH", str(program.program.parent))
        monkeypatch.setattr(found_servers, "USUAL", ("http://127.0.0.1:9",))
        with open_house(tmp_path / "app", welcome_done=False) as made:
            made.page("welcome")
            yield made

    def choose(self, house, path):
        house.button("Choose a model file").act()
        choose_file(house.frame, house.until, path)

    def test_it_is_offered_where_no_webui_answers(self, arrived, program):
        arrived.until(lambda: arrived.says("sd-server, found on this computer"))
        self.choose(arrived, program.models / "boat.safetensors")
        arrived.until(lambda: arrived.controller.settings.welcome_done)
        settings = arrived.controller.settings
        assert (settings.backend, settings.sd_server_program) == ("sd-server", "")
        assert settings.sd_server_model == str(program.models / "boat.safetensors")
        arrived.until(lambda: arrived.controller.capabilities is not None)

    def test_a_damaged_model_file_is_told_and_nothing_is_chosen(self, arrived, program):
        arrived.until(lambda: arrived.says("sd-server, found on this computer"))
        self.choose(arrived, program.models / "torn.safetensors")
        arrived.until(lambda: arrived.says("ended at once with 'torn'"))
        assert not arrived.controller.settings.welcome_done
        assert arrived.button("Choose a model file")

    def test_a_dialog_that_is_closed_changes_nothing(self, arrived):
        arrived.until(lambda: arrived.says("sd-server, found on this computer"))
        arrived.button("Choose a model file").act()
        arrived.until(lambda: open_boxes(arrived.frame))
        arrived.key("<Escape>")
        assert arrived.controller.settings.backend == "sketch"

    def test_a_webui_that_answers_comes_first(self, tmp_path, program, monkeypatch):
        monkeypatch.setenv("PATH", str(program.program.parent))
        with FakeWebUI() as server:
            monkeypatch.setattr(found_servers, "USUAL", ("http://127.0.0.1:9", server.url))
            with open_house(tmp_path / "app", welcome_done=False) as house:
                house.page("welcome")
                house.until(lambda: house.says("Forge, found on this computer"))
                everything_asked_was_answered(house)
                assert house.button("Use Forge")

    def test_without_such_a_program_nothing_is_offered(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(found_servers, "USUAL", ("http://127.0.0.1:9",))
        with open_house(tmp_path / "app", welcome_done=False) as house:
            house.page("welcome")
            everything_asked_was_answered(house)
            assert not house.says("sd-server")


@pytest.mark.parametrize(("remembered", "mode"), [(True, "active"), (False, "off")])
def test_welcome_records_whoever_agrees_and_shuts_no_door_to_learning_runs(tmp_path, remembered, mode):
    with open_house(tmp_path, welcome_done=False) as house:
        page = house.page("welcome")
        if not remembered:
            page.remember.invoke()
        button(page, "Start sketching").invoke()
        house.until(lambda: house.controller.settings.welcome_done)
        assert house.controller.settings.learning == mode
        assert house.page("learn").plans.new.enabled
