"""Welcome shows real pictures, painted at once, keeps nothing of them, and comes back by the sign above the rail."""

from pathlib import Path

from open_window import open_house

from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.messages.pictures import PictureReady


def test_two_real_pictures_are_painted_at_once_and_nothing_of_them_is_recorded(tmp_path):
    with open_house(tmp_path, welcome_done=False) as house:
        assert house.window.page_name == "welcome"
        house.until(lambda: len([event for event in house.saw(PictureReady) if event.rgb]) == 2)
        sizes = {(event.width, event.height) for event in house.saw(PictureReady)}
        assert sizes == {(216, 112)}
        assert (house.saw(JobEnded), len(house.controller.history)) == ([], 0)


def test_the_sign_above_the_rail_brings_it_back(tmp_path):
    with open_house(tmp_path) as house:
        house.page("create")
        house.frame.rail.logo.invoke()
        assert house.window.page_name == "welcome"


def test_whoever_agrees_to_be_remembered_is_led_and_whoever_declines_is_not(tmp_path):
    for agrees, learning in ((True, "active"), (False, "off")):
        with open_house(tmp_path / learning, welcome_done=False) as house:
            page = house.window.page("welcome")
            page.remember.set(agrees)
            house.button("Start sketching").invoke()
            assert (house.controller.settings.guide, house.controller.settings.learning) == (agrees, learning)


def test_what_is_installed_here_is_offered_and_its_models_are_shown_only_if_wanted(tmp_path):
    for wanted in (True, False):
        models = Path.home() / "ComfyUI" / "models"
        for folder in (models / "checkpoints", models.parent / "comfy"):
            folder.mkdir(parents=True, exist_ok=True)
        with open_house(tmp_path / str(wanted), welcome_done=False) as house:
            page = house.window.page("welcome")
            house.until(lambda page=page: page.models is not None)
            assert house.says(f"ComfyUI in {Path('~/ComfyUI')} is not running.")
            page.models.set(wanted)
            house.button("Start sketching").invoke()
            assert house.controller.settings.model_folders == ((str(models),) if wanted else ())
