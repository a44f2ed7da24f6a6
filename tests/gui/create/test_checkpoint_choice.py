"""What Create says of a run without a checkpoint, by what the backend does then."""

from __future__ import annotations

from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from open_window import open_house

from stablenew_tk.pipeline.messages.jobs import BackendChecked, JobEnded


def test_on_comfyui_nothing_runs_until_one_is_chosen(tmp_path):
    with FakeComfyUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        page = house.page("create")
        house.until(lambda: page.packs.choice.pack is not None and house.controller.capabilities is not None)
        house.until(lambda: "choose one" in page.bar.message.cget("text"))
        assert not page.bar.button.enabled
        page.run()
        house.frame.update()
        assert (house.idle(), fake.count("prompt")) == (True, 0)
        page.change("checkpoint", "ink_model")
        house.until(lambda: page.bar.button.enabled)
        assert "choose one" not in page.bar.message.cget("text")


def test_the_only_one_of_comfyui_is_used_and_told(tmp_path):
    with FakeComfyUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        fake.files["checkpoints"] = ["lonely.safetensors"]
        page = house.page("create")
        house.controller.check_backend()
        house.until(lambda: len(house.saw(BackendChecked)) >= 2 and page.packs.choice.pack is not None)
        house.until(lambda: "lonely is used" in page.bar.message.cget("text"))
        assert page.bar.button.enabled


def test_a_webui_uses_the_one_it_has_loaded(tmp_path):
    with FakeWebUI() as server, open_house(tmp_path, backend=server.url) as house:
        page = house.page("create")
        house.until(lambda: page.packs.choice.pack is not None and house.controller.capabilities is not None)
        house.until(lambda: page.bar.button.enabled)
        assert "choose one" not in page.bar.message.cget("text")


def test_what_the_server_does_otherwise_is_said_once_for_a_run(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "both.txt").write_text("a boat AND the sea\n\na fox AND the wood\n")
    few = {"pack_folders": (str(packs),), "pack": "both"}
    with FakeComfyUI() as fake, open_house(tmp_path, backend=fake.url, **few) as house:
        page = house.page("create")
        house.until(lambda: page.packs.choice.pack is not None and house.controller.capabilities is not None)
        for path, value in (("checkpoint", "ink_model"), ("clip_skip", 1), ("txt2img.steps", 3)):
            page.change(path, value)
        house.until(lambda: page.bar.button.enabled)
        page.run()
        house.until(lambda: len(house.saw(JobEnded)) == 2 and house.idle())
        assert [text for text in house.window.notices.texts if "parts of AND" in text] == [
            "prompt: ComfyUI mixes the parts of AND evenly, a WebUI adds them up: they count for less here."
        ]
