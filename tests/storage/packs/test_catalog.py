"""Packs on disk: found, read, added, and never a riddle when something is wrong with one."""

from __future__ import annotations

import os

import pytest

from stablenew_tk.domain.base.errors import InvalidInput, NotSaved, Unreadable
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.storage.packs.catalog import PackCatalog, ensure_starter, find_pack, list_packs
from stablenew_tk.storage.packs.reader import load_pack
from stablenew_tk.storage.packs.writer import add_pack, save_settings


@pytest.fixture
def folder(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    return packs


def write(folder, name, text="a boat\n\na cat\n"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.skipif(os.name == "nt", reason="paths as long as that are not made there")
def test_a_name_with_no_room_for_a_file_beside_it_hides_no_packs(folder):
    long = write(folder, f"{'n' * 251}.txt")
    write(folder, "rain.txt")
    assert [pack.problem for pack in list_packs([folder])] == ["", ""]
    assert find_pack("rain", [folder]).name == "rain.txt"
    with pytest.raises(NotSaved):
        save_settings(long, PackSettings(learning="off"))
    with pytest.raises(InvalidInput, match="There is no pack"):
        find_pack("n" * 300, [folder])


def test_packs_are_listed_by_title_with_their_counts(folder):
    write(folder, "rain_city.txt")
    write(folder, "alpine-dawn.TXT", "one")
    write(folder, "notes.md")
    write(folder, ".hidden.txt")
    listed = list_packs([folder, folder / "missing"])
    assert [(pack.title, pack.pack_id, pack.count) for pack in listed] == [
        ("Alpine dawn", "alpine-dawn", 1),
        ("Rain city", "rain_city", 2),
    ]


def test_two_packs_of_one_name_show_their_folders(folder, tmp_path):
    write(folder, "a.txt")
    write(tmp_path / "more", "A.txt")
    assert [pack.title for pack in list_packs([folder, tmp_path / "more", folder])] == ["A (more)", "A (packs)"]


def test_a_pack_that_cannot_be_used_is_listed_with_its_problem(folder):
    write(folder, "bad.txt", "neg: only\n")
    write(folder, "utf16.txt", "a boat".encode("utf-16"))
    problems = {pack.pack_id: pack.problem for pack in list_packs([folder])}
    assert "bad.txt, line 1" in problems["bad"]
    assert "UTF-8" in problems["utf16"]


def test_a_byte_order_mark_does_not_become_a_prompt(folder):
    pack = load_pack(write(folder, "a.txt", "\ufeff# comment\nname: One\na boat\n"))
    assert [(prompt.name, prompt.positive) for prompt in pack.prompts] == [("One", "a boat")]
    assert pack.pack_id == "a"


def test_errors_name_file_and_line(folder):
    with pytest.raises(InvalidInput, match=r"a\.txt, line 3: "):
        load_pack(write(folder, "a.txt", "a boat\n\nneg: text\n"))
    with pytest.raises(Unreadable, match=r"b\.txt, line 2: not UTF-8"):
        load_pack(write(folder, "b.txt", b"fine\ncaf\xe9\n"))
    with pytest.raises(Unreadable, match=r"c\.txt, line 2: .*zero byte"):
        load_pack(write(folder, "c.txt", b"fine\na\0b\n"))


def test_pipes_and_huge_files_are_not_read(folder):
    write(folder, "huge.txt", b"a" * (5 * 1024 * 1024))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.txt")
    assert all(pack.problem for pack in list_packs([folder]))


def test_a_pack_is_found_by_path_file_name_or_title(folder):
    path = write(folder, "rain_city.txt")
    for name in (str(path), "rain_city.txt", "RAIN_CITY", "Rain city"):
        assert find_pack(name, [folder]) == path


def test_an_unknown_pack_is_answered_with_the_known_ones(folder):
    write(folder, "rain_city.txt")
    with pytest.raises(InvalidInput, match=r"'rain'.*rain_city"):
        find_pack("rain", [folder])


def test_a_name_that_two_folders_have_asks_for_the_path(folder, tmp_path):
    write(folder, "a.txt")
    write(tmp_path / "more", "a.txt")
    with pytest.raises(InvalidInput, match="Give the path"):
        find_pack("a", [folder, tmp_path / "more"])


def test_the_starter_pack_comes_once_and_is_usable(tmp_path):
    folder = tmp_path / "new" / "packs"
    starter = ensure_starter(folder)
    assert len(load_pack(starter).prompts) == 6
    assert not load_pack(starter).warnings
    assert all(prompt.negative for prompt in load_pack(starter).prompts)
    starter.unlink()
    assert ensure_starter(folder) is None
    assert list_packs([folder]) == ()


def test_a_folder_with_packs_gets_no_starter(folder):
    write(folder, "mine.txt")
    assert ensure_starter(folder) is None
    assert [pack.pack_id for pack in list_packs([folder])] == ["mine"]


def test_an_added_pack_is_copied_once(folder, tmp_path):
    source = write(tmp_path / "desk", "a.txt")
    assert add_pack(source, folder) == add_pack(source, folder) == folder / "a.txt"
    write(tmp_path / "desk", "a.txt", "other")
    assert add_pack(source, folder) == folder / "a (2).txt"
    assert (folder / "a.txt").read_text() == "a boat\n\na cat\n"


def test_a_bad_pack_is_not_added(folder, tmp_path):
    with pytest.raises(InvalidInput):
        add_pack(write(tmp_path / "desk", "a.txt", "# nothing\n"), folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(NotSaved, match="cannot be made"):
        ensure_starter(tmp_path / "f" / "packs")


OLD = '{"pack_data": {"name": "quay", "slots": [{"text": "a quay"}, {"text": "a pier"}]}, "preset_data": {}}'


class TestOtherKinds:
    def test_tables_and_predecessors_files_without_a_text_file_are_packs(self, folder):
        write(folder, "table.tsv", "a\tb\nc\td\n")
        write(folder, "quay.json", OLD)
        write(folder, "pair.txt", "one\n")
        write(folder, "pair.json", OLD)
        assert [(pack.path.name, pack.count) for pack in list_packs([folder])] == [
            ("pair.txt", 1),
            ("quay.json", 2),
            ("table.tsv", 2),
        ]

    def test_an_empty_text_file_takes_its_prompts_from_the_json(self, folder):
        path = write(folder, "quay.txt", "# nothing yet\n")
        write(folder, "quay.json", OLD)
        assert [prompt.positive for prompt in load_pack(path).prompts] == ["a quay", "a pier"]

    def test_other_json_files_are_no_packs(self, folder):
        write(folder, "notes.json", '{"a": 1}')
        write(folder, "list.json", "[1, 2]")
        write(folder, "mine.pack.json", '{"kind": "pack_settings", "pack_data": 1}')
        assert list_packs([folder]) == ()

    def test_a_damaged_predecessors_file_is_listed_with_its_problem(self, folder):
        write(folder, "quay.json", OLD[:60])
        (pack,) = list_packs([folder])
        assert "quay.json" in pack.problem
        with pytest.raises(Unreadable):
            load_pack(pack.path)

    def test_packs_of_one_name_in_one_folder_show_their_kind(self, folder):
        write(folder, "a.txt")
        write(folder, "a.tsv", "x\ty\n")
        assert [pack.title for pack in list_packs([folder])] == ["A (packs, tsv)", "A (packs, txt)"]

    def test_settings_stand_in_the_list(self, folder):
        write(folder, "a.txt")
        write(folder, "a.pack.json", '{"learning": "locked", "positive": 3}')
        (pack,) = list_packs([folder])
        assert pack.settings.learning == "locked"
        assert len(pack.notices) == 1


class TestCatalog:
    def test_only_what_changed_is_read_again(self, folder):
        path, other = write(folder, "a.txt"), write(folder, "b.txt")
        catalog = PackCatalog()
        before = {pack.pack_id: pack for pack in catalog.list([folder])}
        write(folder, "a.pack.json", '{"learning": "off"}')
        other.write_text("something else\n")
        now = {pack.pack_id: pack for pack in catalog.list([folder])}
        assert now["a"].settings.learning == "off"
        assert now["b"].seen != before["b"].seen
        path.unlink()
        assert [pack.pack_id for pack in catalog.list([folder])] == ["b"]

    def test_a_predecessors_file_that_changes_shows(self, folder):
        write(folder, "quay.txt", "")
        write(folder, "quay.json", OLD)
        catalog = PackCatalog()
        assert catalog.list([folder])[0].count == 2
        write(folder, "quay.json", OLD.replace(', {"text": "a pier"}', ""))
        assert catalog.list([folder])[0].count == 1


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are rights there")
def test_links_out_of_the_folder_pipes_and_devices_are_told_and_never_read_or_waited_for(folder, tmp_path):
    outside = write(tmp_path / "elsewhere", "secret.txt", "password")
    write(folder, "fine.txt", "a cat")
    (folder / "out.txt").symlink_to(outside)
    (folder / "gone.txt").symlink_to(tmp_path / "nothing")
    (folder / "same.txt").symlink_to(folder / "fine.txt")
    (folder / "endless.txt").symlink_to("/dev/zero")
    for name in ("pipe.txt", "pipe.json", "fine.pack.json"):
        os.mkfifo(folder / name)
    (folder / "fine.json").symlink_to(outside)
    listed = {pack.pack_id: pack for pack in list_packs([folder])}
    said = {name: pack.problem for name, pack in listed.items()}
    assert "a file outside of packs" in said["out"]
    assert "a file outside of packs" in said["endless"]
    assert "leads nowhere" in said["gone"]
    assert "not a regular file" in said["pipe"]
    assert (said["fine"], said["same"], listed["same"].count) == ("", "", 1)
    assert "fine.pack.json is not a regular file" in " ".join(listed["fine"].notices)
    assert not any("password" in str(pack) for pack in listed.values())
    for name in ("out", "gone", "pipe", "endless"):
        with pytest.raises(Unreadable):
            load_pack(find_pack(name, [folder]))
    # Named directly, a link is the file it stands for.
    assert load_pack(find_pack(str(folder / "out.txt"), [folder])).prompts[0].positive == "password"
