"""A workflow dropped on the window: what was found is shown, it is imported, its values can be varied."""

from __future__ import annotations

import copy
import json
import tkinter as tk

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from msgspec.structs import replace
from open_window import open_house, seen
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from plans import plan

from stablenew_tk.app.controller import open_places
from stablenew_tk.app.learn.setting_search import found_settings
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.user_settings import Machine
from stablenew_tk.domain.experiments.plan_draft import PlanDraft
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.messages.jobs import JobEnded
from tests.comfy_workflows import drawn, text
from tests.commands.test_workflows import FOCUS, WORKFLOW


@pytest.fixture(autouse=True)
def _no_session_root_in_the_way(monkeypatch):
    """Tk keeps one default root; the window of the test is a root of its own."""
    monkeypatch.setattr(tk, "_default_root", None)


def rows(listing):
    return [listing.row(index) for index in listing.visible]


def test_a_dropped_workflow_is_shown_imported_and_makes_the_picture(tmp_path):
    file = tmp_path / "Garden.json"
    file.write_bytes(text(WORKFLOW))
    with FakeComfyUI() as fake, open_house(tmp_path / "data", backend=fake.url) as house:
        controller, window = house.controller, house.window
        (controller.places.packs / "Rain.txt").write_text("a cat\n")
        house.until(lambda: controller.capabilities is not None and controller.packs.find("Rain"))
        window.arrivals.drop(f"{{{file}}}")
        house.until(lambda: window.page_name == "workflow")
        page = window.page("workflow")
        house.frame.update()
        told = [(row.text, *row.cells[:2]) for row in rows(page.found)]
        assert ("Checkpoint", "ink_model", "CheckpointLoaderSimple #1") in told
        assert FOCUS in [row.cells[2] for row in rows(page.open)]
        assert not (controller.places.workflows).exists()
        # Space unticks CFG, a click on its box takes the field of a value away; the seed has to stay.
        turn = {row.text: index for index in page.found.visible if (row := page.found.row(index)).cells}
        for words in ("Seed", "CFG scale"):
            page.found.focus_set()
            page.found.select(turn[words], tell=True)
            page.found.canvas.event_generate("<space>")
            house.frame.update()
        assert [page.found.row(turn[words]).checked for words in ("Seed", "CFG scale")] == [True, False]
        assert house.says("keeps its own name and a field of its own")
        way = [row.cells[2] for row in rows(page.open)].index("workflow.Larger_v1_2.upscale_method")
        assert page.open.row(way).checked
        page.open.canvas.event_generate("<Button-1>", x=14, y=way * theme.px(theme.ROW) + 8)
        house.frame.update()
        assert not page.open.row(way).checked
        page.name.set("My garden")
        page.import_it()
        house.until(lambda: window.page_name == "create")
        create = window.page("create")
        house.until(lambda: create.resolved.config.workflow.name == "My garden")
        assert create.resolved.config.txt2img.steps == 3
        assert create.field("vae").problem == ""
        use = create.resolved.config.workflow
        assert "txt2img.cfg_scale" not in use.found
        assert use.parameters["workflow.KSampler.cfg"].default == 6.5
        assert use.parameters["workflow.Larger_v1_2.upscale_method"].minor
        assert create.field("txt2img.cfg_scale").idle == "“My garden” has no place for it"
        create.packs.choose("Rain")
        house.until(lambda: create.packs.choice.pack is not None and create.packs.choice.pack.pack_id == "Rain")
        create.change(FOCUS, 2.0)
        create.run()
        house.until(lambda: house.saw(JobEnded) and house.idle())
        (ended,) = house.saw(JobEnded)
        assert ended.record.status == "ok", ended.record.error
        assert fake.graphs()[-1]["8"]["inputs"]["scale_by"] == 2.0
        # The wizard offers its values, and of all others those that it has a place for.
        offered = found_settings(PlanDraft(base=create.resolved.config), "", "")
        paths = [one.path for members in offered.values() for one in members if not isinstance(one, str)]
        assert FOCUS in paths
        assert "txt2img.steps" in paths
        assert "hires.scale" not in paths
        # Gone from the folder it is missed by name, and without it the stages are back.
        (controller.places.workflows / "My garden.json").unlink()
        house.until(lambda: "“My garden” is not in its folder" in controller.workflows.problem)
        controller.workflows.choose("")
        assert not create.resolved.config.workflow
        assert FOCUS not in create.resolved.origins


def test_where_no_machine_runs_workflows_run_is_off_and_says_so(tmp_path):
    places = open_places(str(tmp_path))
    places.workflows.mkdir(parents=True)
    (places.workflows / "Garden.json").write_bytes(text(WORKFLOW))
    chosen = {"workflow": str(places.workflows / "Garden.json")}
    with FakeWebUI() as webui, FakeComfyUI() as comfyui, open_house(tmp_path, backend=webui.url, **chosen) as house:
        house.until(lambda: house.controller.workflows.in_force)
        create = house.page("create")
        house.until(lambda: house.says("is a workflow of ComfyUI"))
        assert not create.bar.button.enabled
        with pytest.raises(InvalidInput, match="is a workflow of ComfyUI"):
            house.controller.learning.start(replace(plan(), base_config=create.resolved.config))
        # Another machine may make them.
        house.change(machines=(Machine(comfyui.url),))
        house.until(lambda: create.bar.button.enabled)


def test_what_the_server_lacks_is_replaced_words_change_places_and_a_value_is_asked_about_at_once(tmp_path):
    made = copy.deepcopy(WORKFLOW)
    made["1"]["inputs"]["ckpt_name"] = "gone.safetensors"
    inside = PngInfo()
    inside.add_text("prompt", json.dumps(made))
    Image.new("RGB", (96, 120), "teal").save(tmp_path / "Garden.png", pnginfo=inside)
    with FakeComfyUI() as fake, open_house(tmp_path / "data", backend=fake.url) as house:
        controller, window = house.controller, house.window
        house.until(lambda: controller.capabilities is not None)
        window.arrivals.drop(f"{{{tmp_path / 'Garden.png'}}}")
        house.until(lambda: window.page_name == "workflow" and window.page("workflow").picture.winfo_ismapped())
        page = window.page("workflow")

        def follow(listing, place):
            listing.focus_set()
            listing.select(place, tell=True)
            listing.canvas.event_generate("<Return>")
            house.frame.update()

        def choose(words, entry):
            follow(page.found, next(nth for nth in page.found.visible if page.found.row(nth).text == words))
            menu = Menu.shared()
            (value,) = [one.value for one in menu.shown if entry in one.text]
            menu.cursor = [one.value for one in menu.shown].index(value)
            menu.canvas.event_generate("<Return>")
            house.frame.update()

        assert house.says("1 thing is missing")
        choose("Checkpoint", "photo_model")
        assert not house.says("1 thing is missing")
        choose("Prompt", "ugly")
        told = {row.text: row.cells[0] for row in rows(page.found)}
        assert (told["Checkpoint"], told["Prompt"], told["Negative prompt"]) == ("photo_model", "ugly", "none found")
        place = [row.cells[2] for row in rows(page.open)].index(FOCUS)
        assert page.open.row(place).link
        follow(page.open, place)
        house.until(lambda: window.page_name == "learn")
        draft = next(seen(house.frame, Wizard)).draft
        assert (draft.focus, draft.base.workflow.name) == (FOCUS, "Garden")
        assert draft.base.checkpoint == "photo_model"
        kept = json.loads((controller.places.workflows / "Garden.json").read_text())
        assert kept["1"]["inputs"]["ckpt_name"] == "photo_model.safetensors"
        assert kept["4"]["_meta"]["stablenew"] == {"text": "prompt"}


def test_what_is_no_workflow_goes_where_it_belongs_and_one_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "drawn.json").write_bytes(text(drawn({"1": {"class_type": "VAEDecode", "inputs": _LINKED}})))
    (tmp_path / "song.json").write_text("[1, 2]")
    with open_house(tmp_path / "data") as house:
        house.until(lambda: house.controller.capabilities is not None)
        house.window.arrivals.take([tmp_path / "drawn.json"])
        house.until(lambda: any("needs a ComfyUI server" in told for told in house.window.notices.texts))
        assert house.window.page_name == "create"
        house.window.arrivals.take([tmp_path / "song.json"])
        house.until(lambda: house.window.page_name == "packs")


_LINKED = {"samples": ["1", 0], "vae": ["1", 0]}
