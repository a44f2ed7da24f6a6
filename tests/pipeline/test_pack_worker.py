"""Packs in the running app: listed, watched, read, written, expanded; all on a thread of their own."""

from __future__ import annotations

import os
import threading

import msgspec
import pytest
from PIL import Image, PngImagePlugin
from whole_app import App

from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.prompts.pack import Slot
from stablenew_tk.domain.prompts.settings import PackSettings, Randomizer
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.packs import (
    AddPack,
    CheckPack,
    ExpandPrompts,
    ListPacks,
    LoadPack,
    NewPack,
    PackAdded,
    PackChecked,
    PackLoaded,
    PackNotSaved,
    PackSaved,
    PackSettingsSaved,
    PacksListed,
    PromptsExpanded,
    ReadRecipe,
    RescanPacks,
    SavePack,
    SavePackSettings,
    TrashPack,
)
from stablenew_tk.pipeline.messages.pictures import RecipeRead
from stablenew_tk.storage.packs.pack_file import PackFile
from stablenew_tk.storage.packs.reader import open_pack


@pytest.fixture
def folder(tmp_path):
    packs = tmp_path / "data" / "packs"
    packs.mkdir(parents=True)
    (packs / "boats.txt").write_text("a boat\n\na ship\n")
    return packs


@pytest.fixture
def open_app(tmp_path, folder):
    apps = []

    def make(**settings):
        apps.append(App(tmp_path / "data", Settings(**settings)))
        apps[-1].until(PacksListed)
        return apps[-1]

    yield make
    for app in apps:
        app.controller.close()


@pytest.fixture
def app(open_app):
    return open_app()


def ids(app):
    return [pack.pack_id for pack in app.controller.packs.files]


def answer(app, order, kind, count=1):
    """Ask and wait for the answer."""
    before = len(app.told(kind))
    app.controller.ask(order)
    return app.until(kind, before + count)


def save_elsewhere(path, text):
    """As careful editors save: beside, then put in place."""
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text(text)
    os.replace(temporary, path)


class TestList:
    def test_the_starter_pack_is_there_at_first(self, tmp_path):
        app = App(tmp_path / "fresh")
        app.until(PacksListed)
        assert ids(app) == ["starter"]
        app.controller.close()

    def test_the_folders_of_the_settings_count_and_are_followed(self, open_app, tmp_path):
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "mine.txt").write_text("a tram\n")
        app = open_app()
        app.controller.change_settings(Settings(pack_folders=(str(tmp_path / "more"),)))
        app.wait(lambda: ids(app) == ["boats", "mine"])

    def test_own_packs_that_cannot_be_made_hide_no_others(self, tmp_path):
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "mine.txt").write_text("a tram\n")
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "packs").write_text("a file where the folder should be")
        app = App(tmp_path / "bad", Settings(pack_folders=(str(tmp_path / "more"),)))
        app.until(PacksListed)
        assert ids(app) == ["mine"]
        assert "cannot be" in next(one for one in app.told(OrderFailed) if isinstance(one.order, ListPacks)).message
        app.controller.close()

    def test_looking_again_without_a_change_announces_nothing(self, app):
        before = len(app.told(PacksListed))
        app.controller.ask(RescanPacks())
        answer(app, LoadPack(path=app.controller.packs.files[0].path), PackLoaded)
        assert len(app.told(PacksListed)) == before

    def test_its_threads_end_with_the_app(self, tmp_path, folder):
        app = App(tmp_path / "data")
        app.until(PacksListed)
        assert "pack-worker" in {thread.name for thread in threading.enumerate()}
        app.controller.close()
        assert not {thread.name for thread in threading.enumerate()} & {
            "pack-worker",
            "folder-watcher",
            "folder-events",
        }


class TestWatching:
    def test_an_edit_in_another_program_shows_by_itself(self, app, folder):
        save_elsewhere(folder / "boats.txt", "a boat\n\na ship\n\na raft\n")
        app.wait(lambda: app.controller.packs.files[0].count == 3)
        (folder / "boats.txt").write_text("a sloop\n\na ship\n\na raft\n")
        seen = open_pack(folder / "boats.txt").seen
        app.wait(lambda: app.controller.packs.files[0].seen == seen)

    def test_new_and_removed_packs_and_settings_show_by_themselves(self, app, folder):
        (folder / "trams.tsv").write_text("a tram\tblur\n")
        app.wait(lambda: ids(app) == ["boats", "trams"])
        (folder / "trams.pack.json").write_text('{"learning": "locked"}')
        app.wait(lambda: app.controller.packs.learning == {"trams": "locked"})
        (folder / "trams.tsv").unlink()
        app.wait(lambda: ids(app) == ["boats"])
        assert app.controller.packs.learning == {}

    def test_wildcards_beside_the_pack_in_the_data_folder_and_as_set_are_known(self, open_app, folder, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "far.txt").write_text("x\n")
        app = open_app(wildcard_folders=(str(tmp_path / "mine"),))
        assert app.controller.packs.wildcards == ("far",)
        for place, name in ((folder / "wildcards" / "deep", "near"), (tmp_path / "data" / "wildcards", "own")):
            place.mkdir(parents=True)
            (place / f"{name}.txt").write_text("x\n")
        app.wait(lambda: set(app.controller.packs.wildcards) == {"far", "deep/near", "own"})

    def test_a_drive_that_comes_later_is_found(self, open_app, tmp_path):
        app = open_app(pack_folders=(str(tmp_path / "later"),))
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "mine.txt").write_text("a tram\n")
        app.wait(lambda: ids(app) == ["boats", "mine"])


class TestReading:
    def test_a_pack_arrives_with_text_settings_and_slots(self, app, folder):
        (folder / "boats.txt").write_bytes("\ufeff[[light]]: dawn\r\n\r\na boat, [[light]]\r\n".encode())
        (folder / "boats.pack.json").write_text('{"learning": "off", "positive": 3}')
        loaded = answer(app, LoadPack(path=folder / "boats.txt"), PackLoaded)
        assert loaded.text == "[[light]]: dawn\n\na boat, [[light]]\n"
        assert loaded.pack.slots == (Slot("light", ("dawn",), line=1),)
        assert loaded.settings.learning == "off"
        assert len(loaded.notices) == 1

    def test_a_pack_with_an_error_arrives_whole_with_its_errors(self, app, folder):
        (folder / "odd.txt").write_text("a boat\n\nneg: text\n")
        loaded = answer(app, LoadPack(path=folder / "odd.txt"), PackLoaded)
        assert [error.line for error in loaded.pack.errors] == [3]
        assert loaded.problem.startswith("odd.txt, line 3:")

    def test_a_pack_that_is_no_text_is_a_sentence(self, app, folder):
        (folder / "odd.txt").write_bytes(b"fine\ncaf\xe9\n")
        loaded = answer(app, LoadPack(path=folder / "odd.txt"), PackLoaded)
        assert loaded.pack is None
        assert "line 2" in loaded.problem


class TestWriting:
    def test_a_text_is_saved_and_its_fingerprint_goes_on(self, app, folder):
        path = folder / "boats.txt"
        loaded = answer(app, LoadPack(path=path), PackLoaded)
        saved = answer(app, SavePack(path=path, text="a raft\n", seen=loaded.seen), PackSaved)
        assert (path.read_text(), saved.text) == ("a raft\n", "a raft\n")
        answer(app, SavePack(path=path, text="a canoe\n", seen=saved.seen), PackSaved)
        assert path.read_text() == "a canoe\n"
        assert app.controller.packs.files[0].count == 1

    def test_a_file_somebody_else_changed_is_refused_and_stays(self, app, folder):
        path = folder / "boats.txt"
        seen = answer(app, LoadPack(path=path), PackLoaded).seen
        path.write_text("mine\n")
        refused = answer(app, SavePack(path=path, text="yours\n", seen=seen), PackNotSaved)
        assert refused.changed
        assert path.read_text() == "mine\n"

    def test_settings_are_saved_and_known_at_once(self, app, folder):
        path = folder / "boats.txt"
        app.controller.packs.save_settings(path, PackSettings(learning="locked", values={"txt2img.steps": 30}))
        app.until(PackSettingsSaved)
        assert app.controller.packs.learning == {"boats": "locked"}
        assert app.controller.packs.settings_of("boats").values == {"txt2img.steps": 30}
        assert app.controller.packs.settings_of(path) == app.controller.packs.settings_of("boats")

    def test_changes_in_quick_succession_build_on_each_other(self, app, folder):
        packs, path = app.controller.packs, folder / "boats.txt"
        packs.save_settings(path, msgspec.structs.replace(packs.settings_of(path), learning="off"))
        assert packs.learning == {"boats": "off"}
        packs.save_settings(path, msgspec.structs.replace(packs.settings_of(path), negative=False))
        app.until(PackSettingsSaved, 2)
        assert open_pack(path).settings == PackSettings(learning="off", negative=False) == packs.settings_of(path)

    def test_settings_that_were_not_saved_count_no_longer(self, app, folder):
        (folder / "boats.pack.json").write_text("{ torn")
        app.controller.packs.save_settings(folder / "boats.txt", PackSettings(learning="off"))
        app.until(PackNotSaved)
        assert app.controller.packs.learning == {}

    def test_settings_somebody_else_changed_are_refused(self, app, folder):
        (folder / "boats.pack.json").write_text('{"learning": "off"}')
        order = SavePackSettings(
            path=folder / "boats.txt", settings=PackSettings(negative=False), before=PackSettings()
        )
        assert answer(app, order, PackNotSaved).changed
        (folder / "boats.pack.json").write_text("{ torn")
        assert not answer(app, msgspec.structs.replace(order, before=None), PackNotSaved).changed
        assert (folder / "boats.pack.json").read_text() == "{ torn"

    def test_a_new_pack_is_listed_before_it_is_told(self, app, folder):
        order = NewPack(name="Night trams", text="a tram\n")
        added = answer(app, order, PackAdded)
        assert added.order is order
        assert added.path == folder / "Night trams.txt"
        assert app.controller.packs.find(added.path).count == 1
        assert "???" in answer(app, NewPack(name="???"), OrderFailed).message

    def test_an_added_pack_is_listed_before_it_is_told(self, app, tmp_path):
        (tmp_path / "added.txt").write_text("a tram\n")
        order = AddPack(path=tmp_path / "added.txt")
        assert answer(app, order, PackAdded).order is order
        assert ids(app) == ["added", "boats"]

    def test_a_pack_goes_to_the_trash(self, app, folder, monkeypatch):
        monkeypatch.setattr("stablenew_tk.storage.packs.writer.send2trash.send2trash", lambda path: path.unlink())
        answer(app, TrashPack(path=folder / "boats.txt"), PacksListed)
        assert ids(app) == []


class TestVarying:
    def test_a_text_is_checked_as_it_is_written(self, app, folder):
        order = CheckPack(
            path=folder / "boats.txt", text="a {red|blue} boat\n\nneg: x\n", settings=PackSettings(), number=7
        )
        checked = answer(app, order, PackChecked)
        assert (checked.number, [error.line for error in checked.errors]) == (7, [3])
        fine = msgspec.structs.replace(order, text="a {red|blue} boat\n\na ship\n")
        checked = answer(app, fine, PackChecked)
        assert (checked.prompts, checked.count, checked.errors) == (2, 3, ())

    def test_prompts_are_expanded_with_the_wildcards_of_their_pack(self, app, folder):
        (folder / "wildcards").mkdir()
        (folder / "wildcards" / "mood.txt").write_text("calm\ngrim\n")
        prompts = open_pack(folder / "boats.txt").pack.prompts[:1]
        varied = (msgspec.structs.replace(prompts[0], positive="a __mood__ boat, [[light]]"),)
        order = ExpandPrompts(
            path=folder / "boats.txt",
            prompts=varied,
            settings=PackSettings(),
            number=3,
            slots=(Slot("light", ("dawn",)),),
        )
        expanded = answer(app, order, PromptsExpanded)
        assert {one.prompt for one in expanded.expansion.variants} == {"a calm boat, dawn", "a grim boat, dawn"}
        few = msgspec.structs.replace(order, settings=PackSettings(randomizer=Randomizer(seed=5)), limit=1)
        first, second = (answer(app, few, PromptsExpanded).expansion.variants for _ in range(2))
        assert len(first) == 1
        assert first == second

    def test_the_recipe_of_a_picture_is_read_or_a_sentence_says_why_not(self, app, tmp_path):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", "a boat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64")
        Image.new("RGB", (64, 64)).save(tmp_path / "a.png", pnginfo=info)
        assert answer(app, ReadRecipe(path=tmp_path / "a.png"), RecipeRead).recipe.prompt == "a boat"
        (tmp_path / "b.png").write_bytes(b"nothing")
        assert answer(app, ReadRecipe(path=tmp_path / "b.png"), RecipeRead).problem


class TestOnTheirWay:
    def test_only_the_answer_to_the_last_change_ends_it(self, app, folder):
        boats, packs = folder / "boats.txt", app.controller.packs
        off, locked = PackSettings(learning="off"), PackSettings(learning="locked")
        for settings in (off, locked, off):
            packs.save_settings(boats, settings)
        packs.fold(PackNotSaved(path=boats, message="the text was changed elsewhere"))
        packs.fold(PackSettingsSaved(path=boats, settings=PackSettings(learning="off")))
        packs.fold(PackSettingsSaved(path=boats, settings=locked))
        assert packs.settings_of(boats) == off
        app.controller.close()
        assert packs.settings_of(boats) == off == open_pack(boats).settings


class TestSameNames:
    def test_two_packs_of_one_name_are_told_apart_by_their_paths(self, open_app, folder, tmp_path):
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "boats.txt").write_text("another boat\n")
        app = open_app(pack_folders=(str(tmp_path / "more"),))
        packs = app.controller.packs
        packs.save_settings(tmp_path / "more" / "boats.txt", PackSettings(values={"txt2img.steps": 30}))
        app.until(PackSettingsSaved)
        assert packs.settings_of(folder / "boats.txt").values == {}
        assert packs.settings_of(tmp_path / "more" / "boats.txt").values == {"txt2img.steps": 30}

    def test_the_strictest_learning_mode_counts_for_a_name(self, app):
        def of(mode, folder):
            return PackFile(folder / "a.txt", "a", "A", 1, settings=PackSettings(learning=mode))

        places = [app.places.packs, app.places.data]
        app.controller.packs.know([of("active", places[0]), of("off", places[1])])
        assert app.controller.packs.learning == {"a": "off"}


def test_nothing_asked_after_the_end_starts_a_thread(tmp_path, folder):
    app = App(tmp_path / "data")
    app.until(PacksListed)
    app.controller.close()
    app.controller.ask(RescanPacks())
    assert "pack-worker" not in {thread.name for thread in threading.enumerate()}
