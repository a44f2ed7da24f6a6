"""Files dropped on the window, and what pictures say, reach the page they are for."""

from __future__ import annotations

from pathlib import Path

from open_window import open_house, walk
from PIL import Image, PngImagePlugin

from stablenew_tk.gui.packs.recipe_popup import RecipePopup

INFOTEXT = "a red boat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 77, Size: 512x512"


def picture(folder, text=INFOTEXT):
    about = PngImagePlugin.PngInfo()
    if text:
        about.add_text("parameters", text)
    path = Path(folder) / "boat.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=about)
    return path


def test_files_dropped_on_the_window_go_where_they_belong(tmp_path):
    source = tmp_path / "my pack.txt"
    source.write_text("a lighthouse\n", encoding="utf-8")
    models = tmp_path / "models" / "lora"
    models.mkdir(parents=True)
    with open_house(tmp_path / "data") as house:
        house.window.arrivals.drop(f"{{{source}}}")
        house.until(lambda: (house.controller.places.packs / "my pack.txt").exists())
        page = house.window.page("packs")
        house.until(lambda: page.work.path is not None and page.work.path.stem == "my pack")
        house.window.arrivals.take([models / "fog.safetensors"])
        assert page.editor.text.get().startswith("<lora:fog:1>")
        page.editor.text.undo()
        house.window.show("models")
        house.window.arrivals.take([models / "big.safetensors"])
        assert any("big.safetensors lies in" in text for text in house.window.notices.texts)
        house.window.arrivals.take([tmp_path / "song.mp3"])
        assert any("song.mp3 is no pack" in text for text in house.window.notices.texts)


def test_settings_of_a_picture_come_into_create(tmp_path):
    with open_house(tmp_path / "data") as house:
        house.until(lambda: house.controller.packs.files)
        house.window.arrivals.take([picture(tmp_path)])
        house.until(lambda: RecipePopup.shared().is_open)
        buttons = [one for one in walk(RecipePopup.shared().body) if hasattr(one, "text") and hasattr(one, "invoke")]
        next(one for one in buttons if one.text == "Use these settings in Create").invoke()
        create = house.window.page("create")
        assert create.resolved.config.txt2img.steps == 20
        assert create.resolved.config.txt2img.cfg_scale == 6.5


def test_ctrl_6_opens_packs_and_create_can_be_reached_from_there(tmp_path):
    with open_house(tmp_path / "data") as house:
        house.until(lambda: house.controller.packs.files)
        house.frame.focus_force()
        house.key("<Control-Key-6>")
        assert house.window.page_name == "packs"
        page = house.window.page("packs")
        house.until(lambda: page.work.path is not None)
        page.editor.use.invoke()
        assert house.window.page_name == "create"
