"""Where the pictures are made: one field takes any address, and the page says what answers there. The user's own
server is started and stopped there too.
"""

from __future__ import annotations

import sys

import pytest
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from open_window import open_house
from own_server import OwnScript
from tls_front import TlsFront, fingerprint

from stablenew_tk.app.engines import found_servers
from stablenew_tk.pipeline.messages.jobs import BackendChecked
from stablenew_tk.pipeline.messages.server import ServerChanged
from stablenew_tk.pipeline.messages.settings import SettingsSaved
from stablenew_tk.storage.settings import load_settings


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

    def test_the_address_that_is_tried_stays_while_its_login_is_typed(self, house):
        with FakeComfyUI(auth="me:s3cret") as server:
            house.page("settings")
            address = house.entry("Address")
            house.type_into(address, server.url)
            house.until(lambda: house.says("wants a login"))
            house.change(user="me", password="s3cret")
            assert address.get() == server.url
            house.button("Test connection").act()
            house.until(lambda: house.controller.settings.backend == server.url)

    def test_the_state_of_the_backend_in_force_is_shown(self, house):
        house.page("settings")
        with FakeWebUI() as server:
            house.change(backend=server.url)
            house.until(lambda: house.says(f"Forge · 127.0.0.1:{server.port}"))
            server.ready = False
            house.controller.check_backend()
            house.until(lambda: house.says("it was started without --api, or is still starting"))
        house.controller.check_backend()
        house.until(lambda: house.says("Start it, or change the address"))


class TestGuide:
    def test_it_is_hidden_in_review_and_brought_back_in_settings(self, house):
        house.change(guide=True)
        settings = house.page("settings")
        assert settings.guide.on
        house.change(guide=False)
        house.until(lambda: not settings.guide.on)
        settings.guide.invoke()
        house.until(lambda: house.controller.settings.guide)


class TestFoundOnThisComputer:
    def find(self, house, monkeypatch, *urls):
        monkeypatch.setattr(found_servers, "USUAL", urls)
        house.page("settings")
        house.button("Find on this computer").act()
        house.until(lambda: house.button("Find on this computer").enabled)

    def test_program_and_version_of_each_are_said_and_one_is_used(self, house, monkeypatch):
        with FakeWebUI() as forge, FakeComfyUI() as comfy:
            self.find(house, monkeypatch, "http://127.0.0.1:9", forge.url, comfy.url)
            assert house.says("Forge")
            assert house.says(f"ComfyUI {comfy.version}")
            assert house.says(f"{comfy.url} · ")
            house.button("Use it").act()
            house.until(lambda: house.controller.settings.backend == forge.url)

    def test_one_that_wants_a_login_or_starts_is_named(self, house, monkeypatch):
        with FakeWebUI(auth="me:x") as login, FakeWebUI() as starting:
            starting.ready = False
            self.find(house, monkeypatch, login.url, starting.url)
            assert house.says("Wants a login")
            assert house.says("Not ready")
            assert house.says("still starting")
            assert not [path for path in starting.gets if "openapi" in path]

    def test_nobody_is_said_too(self, house, monkeypatch):
        self.find(house, monkeypatch, "http://127.0.0.1:9")
        assert house.says("answers on this computer, at none of the ports 9")


class TestCertificates:
    def test_one_is_trusted_once_it_was_compared_and_kept(self, house):
        with FakeComfyUI() as behind, TlsFront(behind.port) as front:
            page = house.page("settings")
            house.type_into(house.entry("Address"), front.url)
            house.until(lambda: house.says("a certificate that this computer does not trust"))
            assert house.controller.capabilities is None
            assert str(page.certificate.shown.cget("text")).replace("\n", "") == fingerprint("tower")
            assert house.says("tower.example")
            assert not page.certificate.agree.enabled
            page.certificate.compared.invoke()
            page.certificate.agree.invoke()
            house.until(lambda: house.controller.settings.backend == front.url)
            house.until(lambda: house.controller.capabilities is not None)
            assert house.says("You trust its certificate")
            house.until(lambda: house.saw(SettingsSaved))
            kept = {f"127.0.0.1:{front.port}": fingerprint("tower")}
            house.until(lambda: load_settings(house.controller.places.settings_file).settings.certificates == kept)

    def test_a_changed_one_is_shown_beside_the_trusted_one(self, house):
        with FakeComfyUI() as behind, TlsFront(behind.port, "newer") as front:
            house.page("settings")
            house.change(certificates={f"127.0.0.1:{front.port}": fingerprint("tower")})
            house.type_into(house.entry("Address"), front.url)
            house.until(lambda: house.says("shows another certificate than the one you trust"))
            for name in ("tower", "newer"):
                assert house.says(fingerprint(name)[:48])
            assert front.heard == b""

    def test_one_is_forgotten(self, house):
        with FakeComfyUI() as behind, TlsFront(behind.port) as front:
            house.page("settings")
            house.change(certificates={f"127.0.0.1:{front.port}": fingerprint("tower")}, backend=front.url)
            house.until(lambda: house.controller.capabilities is not None)
            house.button("Forget").act()
            house.until(lambda: house.says("a certificate that this computer does not trust"))
            assert house.controller.settings.certificates == {}

    def test_at_the_first_start(self, tmp_path, monkeypatch):
        monkeypatch.setattr(found_servers, "USUAL", ("http://127.0.0.1:9",))
        with (
            FakeWebUI() as behind,
            TlsFront(behind.port) as front,
            open_house(tmp_path / "first", welcome_done=False) as house,
        ):
            page = house.page("welcome")
            house.type_into(house.entry("A server at another address"), front.url)
            house.until(lambda: house.says("a certificate that this computer does not trust"))
            page.certificate.compared.invoke()
            page.certificate.agree.invoke()
            house.until(lambda: house.controller.settings.welcome_done)
            assert house.controller.settings.certificates == {f"127.0.0.1:{front.port}": fingerprint("tower")}
            assert house.controller.settings.backend == front.url


class TestWelcome:
    def test_of_several_servers_one_is_chosen(self, tmp_path, monkeypatch):
        with FakeWebUI() as forge, FakeComfyUI() as comfy:
            monkeypatch.setattr(found_servers, "USUAL", (forge.url, comfy.url))
            with open_house(tmp_path / "first", welcome_done=False) as house:
                page = house.page("welcome")
                house.until(lambda: len(page.which.entries) == 2)
                assert [entry.text for entry in page.which.entries] == ["Forge", f"ComfyUI {comfy.version}"]
                page.choose_server(comfy.url)
                assert house.says(f"ComfyUI {comfy.version}, found on this computer")
                house.button("Use ComfyUI").act()
                house.until(lambda: house.controller.settings.backend == comfy.url)

    def test_one_that_is_starting_is_asked_again_until_it_is_there(self, tmp_path, monkeypatch):
        with FakeWebUI() as forge:
            forge.ready = False
            monkeypatch.setattr(found_servers, "USUAL", (forge.url,))
            with open_house(tmp_path / "first", welcome_done=False) as house:
                house.page("welcome")
                house.until(lambda: house.says("still starting"))
                forge.ready = True
                house.until(lambda: house.says("Forge, found on this computer"))
                # Asked too early it would have kept a list without its API.
                house.button("Use Forge").act()
                house.until(lambda: house.controller.capabilities is not None)
                assert "hires" in house.controller.capabilities.features


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes as Linux shows them")
class TestOwnServer:
    @pytest.fixture
    def script(self, tmp_path):
        made = OwnScript(tmp_path / "their server")
        yield made
        made.end()

    @pytest.fixture
    def fields(self, house):
        return house.page("settings").server

    def started(self, house, script, *words):
        house.change(start_command=script.command(*words), start_folder=str(script.folder))
        house.page("settings").server.start.invoke()

    def stopped(self, house):
        house.controller.server.stop()
        house.until(lambda: not house.controller.server.state.is_there)

    def test_nothing_is_started_or_proposed_by_itself(self, house, fields):
        house.page("create")
        house.page("settings")
        assert (fields.command.get(), fields.start.enabled, fields.stop.enabled) == ("", False, False)
        assert house.says("Not running.")
        assert all(event.state.phase == "stopped" for event in house.saw(ServerChanged))

    def test_it_runs_its_output_is_shown_and_stop_ends_it(self, house, script, fields):
        house.type_into(fields.command, script.command("colour=Loading weights", "child"))
        house.type_into(fields.folder, str(script.folder))
        fields.start.invoke()
        house.until(lambda: "child is here" in fields.output.field.get("1.0", "end"))
        assert fields.output.field.get("1.0", "2.0") == "Loading weights\n"
        assert house.says(f"Running (pid {house.controller.server.state.pid}).")
        assert not fields.start.enabled
        fields.stop.invoke()
        house.until(lambda: house.says("Not running."))
        wait_until(lambda: script.alive() == [])
        assert fields.start.enabled

    def test_what_was_just_typed_is_started(self, house, script, fields):
        house.change(start_folder=str(script.folder))
        fields.command.field.insert(0, script.command("say=typed"))
        fields.command.edited()
        assert fields.start.enabled
        fields.start.invoke()
        house.until(lambda: "typed" in fields.output.field.get("1.0", "end"))
        assert house.controller.settings.start_command == script.command("say=typed")
        self.stopped(house)

    def test_only_the_last_lines_are_kept(self, house, script, fields):
        self.started(house, script, "count=20000", "say=the end")
        house.until(lambda: fields.output.field.get("end-9c", "end-2c") == "the end")
        rows = int(fields.output.field.index("end-1c").partition(".")[0]) - 1
        assert rows <= 2000
        assert len(house.controller.server.lines) <= 2000
        self.stopped(house)

    def test_one_that_ends_at_once_shows_exit_code_and_last_words(self, house, script, fields):
        self.started(house, script, "error=No CUDA GPUs are available", "exit=1")
        house.until(lambda: house.says("Ended with exit code 1."))
        assert "No CUDA GPUs are available" in fields.output.field.get("1.0", "end")
        fields.show_output(False)
        house.page("create")
        house.page("settings")
        assert house.says("Its last words: No CUDA GPUs are available")

    @pytest.mark.parametrize(
        ("command", "folder", "words"),
        [
            ("gone.sh", "", "The program gone.sh of the start command is not there"),
            ("sh", "/gone", "/gone is not there"),
        ],
    )
    def test_what_is_missing_is_said_by_name(self, house, fields, command, folder, words):
        house.change(start_command=command, start_folder=folder)
        fields.start.invoke()
        house.until(lambda: house.says(words))

    def test_while_it_starts_its_schema_is_not_asked_for_and_then_it_is_used(self, house, script, fields):
        with FakeWebUI() as server:
            server.ready = server.extensions = False
            house.change(backend=server.url)
            self.started(house, script)
            house.until(lambda: house.says("Starting (pid"))
            asked = len(server.gets)
            house.until(lambda: len(server.gets) > asked)
            server.ready = True
            asked = len(server.gets)
            house.until(lambda: len(server.gets) > asked)
            assert house.says("Starting (pid")
            assert not [path for path in server.gets if "openapi" in path]
            server.extensions = True
            house.until(lambda: house.says("Running (pid"))
            house.until(lambda: house.controller.capabilities is not None)
            assert "hires" in house.controller.capabilities.features
            self.stopped(house)

    def test_it_starts_with_the_program_only_where_that_is_ticked(self, tmp_path, script):
        own = {"start_command": script.command(), "start_folder": str(script.folder)}
        with open_house(tmp_path / "not", **own) as house:
            house.until(lambda: house.saw(ServerChanged))
            assert not script.pids()
        with open_house(tmp_path / "ticked", **own, start_with_app=True, server_at_close="stop") as house:
            house.until(script.alive)
        wait_until(lambda: script.alive() == [])

    @pytest.mark.parametrize(("words", "runs_on"), [("Stop it", False), ("Leave it running", True)])
    def test_at_the_end_it_is_asked_what_becomes_of_it(self, tmp_path, script, words, runs_on):
        with open_house(tmp_path / "app") as house:
            self.started(house, script)
            house.until(lambda: house.controller.server.state.is_there and script.alive())
            house.window.leave()
            assert "is running" in house.answer(words)
        assert bool(script.alive()) == runs_on

    def test_who_takes_it_back_stays(self, tmp_path, script):
        with open_house(tmp_path / "app") as house:
            self.started(house, script)
            house.until(lambda: house.controller.server.state.is_there)
            house.window.leave()
            house.answer("Stay")
            assert house.frame.winfo_exists()
            assert house.controller.server.state.is_there

    def test_one_left_on_purpose_is_found_and_not_asked_about(self, tmp_path, script):
        with open_house(tmp_path / "app", server_at_close="leave") as house:
            self.started(house, script)
            house.until(script.alive)
        with open_house(tmp_path / "app", server_at_close="leave") as house:
            house.until(lambda: house.controller.server.state.is_there)
            house.page("settings")
            assert house.says("from an earlier start")
            assert house.window.notices.texts == ()
            self.stopped(house)
        assert script.alive() == []

    def test_one_left_by_a_crash_is_offered_to_be_stopped(self, tmp_path, script):
        with open_house(tmp_path / "app") as house:
            self.started(house, script)
            house.until(script.alive)
            # As after a crash: nobody was asked, and nothing was said about it.
            house.controller.close()
        with open_house(tmp_path / "app", server_at_close="leave") as house:
            house.until(lambda: house.window.notices.texts)
            assert "started earlier still runs (pid" in house.window.notices.texts[0]
            assert script.alive()
            house.button("Stop it").act()
            house.until(lambda: not house.controller.server.state.is_there)
        assert script.alive() == []


def test_the_line_being_printed_is_replaced_by_its_later_states(house):
    pane = house.page("settings").server.output
    for lines, unfinished in (((), "one"), (("one",), "5%"), ((), "60%"), (("100%", "two"), ""), ((), "th")):
        pane.add(lines, unfinished)
    assert pane.field.get("1.0", "end-1c") == "one\n100%\ntwo\nth"


class TestNotOnThisEngine:
    def mark(self, house, path):
        return str(house.page("create").field(path).mark.cget("text")).strip()

    def test_fields_that_the_server_does_not_have_say_so_and_no_others(self, house):
        house.page("create")
        with FakeWebUI("old-a1111") as old, FakeWebUI() as forge:
            house.change(backend=old.url)
            house.until(lambda: house.controller.capabilities is not None)
            house.until(lambda: self.mark(house, "txt2img.scheduler") == "not on this engine")
            assert self.mark(house, "txt2img.sampler") != "not on this engine"
            assert self.mark(house, "vae") != "not on this engine"
            house.change(backend=forge.url)
            house.until(lambda: self.mark(house, "txt2img.scheduler") != "not on this engine")
