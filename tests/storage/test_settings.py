"""Settings survive everything: a bad value costs itself, a damaged file is kept aside, nothing is lost silently."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.domain.config.user_settings import DEFAULT_TAGS, Machine, Settings, without_login
from stablenew_tk.pipeline.messages.jobs import CheckBackend
from stablenew_tk.storage.settings import load_settings, save_settings


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.json"


def test_without_a_file_there_are_defaults(path):
    loaded = load_settings(path)
    assert loaded.settings == Settings()
    assert loaded.notices == ()


def test_what_is_saved_comes_back(path):
    wanted = Settings(
        backend="http://127.0.0.1:7860",
        user="me",
        password="s3cret",
        pack_folders=("/a", "/ü"),
        appearance="dark",
        learning="passive",
        tags=(("e", "extra"),),
        wildcard_folders=("/w",),
        presets=("P", "Q"),
        presets_agreed={"Q": ("boats\na\nsketch",)},
        values={"txt2img.steps": 30, "checkpoint": "a"},
        seed=5,
        chosen_prompts=("One",),
        geometry="1280x800+10+20",
        cell_px=160,
        welcome_done=True,
    )
    save_settings(path, wanted)
    assert load_settings(path).settings == wanted


def test_a_folder_whose_name_is_no_text_does_not_keep_the_rest_from_being_saved(path):
    path.write_text(json.dumps({"of a newer version": [1]}))
    save_settings(path, Settings(last_folder="/a/\udcff", appearance="dark", values={"checkpoint": "\ud83d"}))
    read = load_settings(path).settings
    assert (read.last_folder, read.appearance, read.values) == ("/a/\\udcff", "dark", {"checkpoint": "\\ud83d"})
    assert json.loads(path.read_text())["of a newer version"] == [1]


def test_one_bad_value_costs_only_that_field(path):
    path.write_text(json.dumps({"learning": "sometimes", "seed": "5", "appearance": "dark", "cell_px": 10**9}))
    loaded = load_settings(path)
    assert loaded.settings == Settings(appearance="dark")
    assert len(loaded.notices) == 3
    assert any("learning" in notice for notice in loaded.notices)


def test_a_bad_form_value_costs_only_that_value(path):
    path.write_text(json.dumps({"values": {"txt2img.steps": 100000, "txt2img.width": 640, "no.such": 1}}))
    loaded = load_settings(path)
    assert loaded.settings.values == {"txt2img.width": 640}
    assert len(loaded.notices) == 2


def test_learning_is_offered_from_the_first_start_on(path):
    assert load_settings(path).settings.learning == "active"


def test_a_tag_whose_key_is_taken_gets_another_one_and_keeps_its_words(path):
    tags = [["c", "compare"], ["I", "info"], ["a", "one"], ["A", "abc"], ["f", "old"]]
    path.write_text(json.dumps({"tags": tags}))
    loaded = load_settings(path)
    assert loaded.settings.tags == (("o", "compare"), ("n", "info"), ("a", "one"), ("b", "abc"), ("f", "old"))
    assert len(loaded.notices) == 3
    assert loaded.notices[0] == "The tag 'compare' has the key O now, because C already has another meaning."
    assert "'abc' has the key B now, because A is used twice" in loaded.notices[2]


def test_a_tag_for_which_no_key_is_free_is_told(path):
    path.write_text(json.dumps({"tags": [[key, f"tag {key}"] for key in "abdefghjklmnoqrstvwyz"] + [["c", "left"]]}))
    loaded = load_settings(path)
    assert (len(loaded.settings.tags), len(loaded.notices)) == (21, 1)
    assert "'left' was left out" in loaded.notices[0]


def test_the_default_tags_are_usable(path):
    save_settings(path, Settings())
    assert load_settings(path).settings.tags == DEFAULT_TAGS


def test_a_byte_order_mark_is_fine(path):
    path.write_bytes(b'\xef\xbb\xbf{"appearance": "light"}')
    assert load_settings(path).settings.appearance == "light"


def test_unknown_keys_stay_when_saving(path):
    path.write_text('{"future": {"deep": [1, 2]}, "appearance": "dark"}')
    save_settings(path, replace(load_settings(path).settings, appearance="light"))
    saved = json.loads(path.read_text())
    assert saved["future"] == {"deep": [1, 2]}
    assert saved["appearance"] == "light"


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe{", b'{"a":' + b"[" * 5000, b"\0" * 300])
def test_a_damaged_file_is_kept_aside_and_the_previous_version_used(path, damage):
    save_settings(path, Settings(appearance="dark"))
    save_settings(path, Settings(appearance="light"))
    path.write_bytes(damage)
    loaded = load_settings(path)
    assert loaded.settings.appearance == "dark"
    (broken,) = path.parent.glob("settings.json.broken-*")
    assert broken.read_bytes() == damage
    assert broken.name in loaded.notices[0]
    assert load_settings(path).settings.appearance == "dark"


def test_two_damaged_files_of_one_day_are_both_kept(path):
    for damage in (b"{1", b"{2"):
        path.write_bytes(damage)
        load_settings(path)
    assert {p.read_bytes() for p in path.parent.glob("*.broken-*")} == {b"{1", b"{2"}


def test_a_damaged_file_never_replaces_a_good_backup(path):
    save_settings(path, Settings(appearance="dark"))
    save_settings(path, Settings(appearance="light"))
    path.write_bytes(b"{")
    save_settings(path, Settings())
    assert json.loads(path.with_name("settings.json.bak").read_text())["appearance"] == "dark"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_only_the_user_can_read_the_password(path):
    save_settings(path, Settings(password="s3cret"))
    save_settings(path, Settings(password="other"))
    for file in (path, path.with_name("settings.json.bak")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_password_is_not_in_the_repr():
    assert "s3cret" not in repr(Settings(user="me", password="s3cret"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(NotSaved, match="settings folder"):
        save_settings(tmp_path / "f" / "settings.json", Settings())


def test_settings_behind_a_folder_of_the_same_name_are_left_alone(path):
    path.mkdir()
    assert load_settings(path).settings == Settings()
    with pytest.raises(NotSaved):
        save_settings(path, Settings())


def test_a_login_inside_the_address_never_shows_in_text_about_settings():
    for address in ("http://ann:s3cret@host:7860", "ann:s3cret@host", " HTTPS://ann:s3/c@ret@host/x"):
        assert "s3" not in repr(Settings(backend=address)) + repr(CheckBackend(address=address, password="s3"))
        assert "host" in without_login(address)
    assert without_login("http://host:7860/x") == "http://host:7860/x"
    assert without_login("http://host:7860/?token=s3cret") == "http://host:7860/?•••"
    assert without_login("sd-server:/models/no#1?.safetensors") == "sd-server:/models/no#1?.safetensors"
    assert without_login("ann:pw@host/x?key=s3cret#s3") == "•••@host/x?•••"


def test_last_runs_come_back_in_their_order(path):
    runs = {"boats\nink": {"txt2img.steps": 30}, "boats\n": {"hires.enabled": True}}
    save_settings(path, Settings(last_runs=runs))
    assert list(load_settings(path).settings.last_runs.items()) == list(runs.items())


def test_a_bad_last_run_costs_only_itself(path):
    runs = {"boats\nink": {"txt2img.steps": 30, "txt2img.width": "wide"}, "cats\n": 5}
    path.write_text(json.dumps({"last_runs": runs}))
    loaded = load_settings(path)
    assert loaded.settings.last_runs == {"boats\nink": {"txt2img.steps": 30}}
    assert len(loaded.notices) == 2
    assert any("'cats'" in notice for notice in loaded.notices)


def test_the_one_preset_of_older_versions_is_in_force_and_its_old_key_goes(path):
    path.write_text('{"preset": "P", "appearance": "dark"}')
    loaded = load_settings(path).settings
    assert loaded.presets == ("P",)
    save_settings(path, replace(loaded, presets=()))
    assert load_settings(path).settings.presets == ()
    assert "preset" not in json.loads(path.read_text())


def test_a_machine_that_cannot_be_used_costs_only_itself(path):
    save_settings(path, Settings(machines=(Machine("http://tower:7860", name="tower"), Machine("sketch"))))
    document = json.loads(path.read_text())
    document["machines"].insert(1, {"address": 7860})
    path.write_text(json.dumps(document))
    loaded = load_settings(path)
    assert [one.address for one in loaded.settings.machines] == ["http://tower:7860", "sketch"]
    assert "A machine was left out" in loaded.notices[0]


def test_a_zero_byte_in_a_path_costs_only_that_path(path):
    path.write_text('{"output_folder": "/a\\u0000b", "pack_folders": ["/packs", "/p\\u0000q"], "learning": "off"}')
    loaded = load_settings(path)
    settings = loaded.settings
    assert (settings.output_folder, settings.pack_folders, settings.learning) == ("", ("/packs",), "off")
    assert [notice.split()[1] for notice in loaded.notices] == ["output_folder", "pack_folders"]


def test_what_several_programs_change_at_the_same_time_is_all_kept(path):
    save_settings(path, Settings())

    def change(name, values):
        for value in values:
            before = load_settings(path).settings
            save_settings(path, replace(before, **{name: value}), before)

    # Few enough that nobody who waits for the lock gives up, however slow the disk is.
    texts = tuple(map(str, range(12)))
    changes = (("pack", texts), ("seed", range(12)), ("output_folder", texts))
    threads = [threading.Thread(target=change, args=one) for one in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_settings(path).settings == Settings(pack="11", seed=11, output_folder="11")


def test_a_change_is_added_to_what_another_program_wrote_meanwhile(path):
    save_settings(path, Settings(seed=1))
    save_settings(path, Settings(seed=1, pack="theirs", output_folder="theirs"))
    written = save_settings(path, Settings(seed=2, pack="mine"), Settings(seed=1))
    assert written == load_settings(path).settings == Settings(seed=2, pack="mine", output_folder="theirs")
