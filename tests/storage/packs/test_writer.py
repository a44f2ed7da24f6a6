"""Packs are changed as their users would: every untouched byte stays, and nobody else's work is overwritten."""

from __future__ import annotations

import json
import os

import pytest

from stablenew_tk.domain.base.errors import ChangedMeanwhile, InvalidInput, NotSaved
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.storage.packs.catalog import list_packs
from stablenew_tk.storage.packs.reader import open_pack
from stablenew_tk.storage.packs.settings_file import sidecar_path
from stablenew_tk.storage.packs.writer import add_pack, new_pack, save_settings, save_text, trash_pack

OLD = {"pack_data": {"name": "q", "slots": [{"text": "a quay", "negative": "blur"}]}, "preset_data": {}}


@pytest.fixture
def folder(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    return packs


def write(folder, name, data="a boat\n"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


class TestText:
    @pytest.mark.parametrize(
        "data",
        [
            b"a boat\n\na cat\n",
            b"a boat",
            b"",
            b"\xef\xbb\xbf# c\r\n\r\n a boat \r\nneg:x\r\n",
            b"a\r\n\r\nb\nc\rd\n",
            "\ufeffä\u2028b\n\n\n\n".encode(),
            b"\n\n\n",
            b"a\n\n \t\n  b\t\n",
            b"a\rb\r\rc",
        ],
    )
    def test_what_is_saved_as_it_was_read_is_the_same_to_the_last_byte(self, folder, data):
        path = write(folder, "a.txt", data)
        opened = open_pack(path)
        assert save_text(path, opened.text, opened.seen) == path
        assert path.read_bytes() == data

    def test_a_changed_line_changes_only_itself(self, folder):
        path = write(folder, "a.txt", "\ufeff# intro\r\n\r\na boat\r\n  # mine\r\n\r\na cat\r\n")
        opened = open_pack(path)
        save_text(path, opened.text.replace("a cat", "a dog\nneg: blur"), opened.seen)
        assert path.read_bytes().decode() == "\ufeff# intro\r\n\r\na boat\r\n  # mine\r\n\r\na dog\r\nneg: blur\r\n"

    def test_mixed_line_ends_stay_where_the_lines_stay(self, folder):
        path = write(folder, "a.txt", b"one\r\ntwo\nthree\r\nfour\rfive\n")
        opened = open_pack(path)
        save_text(path, opened.text.replace("three", "3\n3b"), opened.seen)
        assert path.read_bytes() == b"one\r\ntwo\n3\r\n3b\r\nfour\rfive\n"

    def test_the_text_of_the_editor_has_plain_line_ends_and_its_fingerprint_is_known_at_once(self, folder):
        path = write(folder, "a.txt", "\ufeffa\r\nb\r\n")
        opened = open_pack(path)
        assert opened.text == "a\nb\n"
        save_text(path, "c\n", opened.seen)
        save_text(path, "d\n", open_pack(path).seen)
        assert path.read_bytes() == "\ufeffd\r\n".encode()

    def test_a_change_by_somebody_else_is_not_overwritten(self, folder):
        path = write(folder, "a.txt")
        seen = open_pack(path).seen
        path.write_text("mine\n")
        with pytest.raises(ChangedMeanwhile):
            save_text(path, "yours\n", seen)
        assert path.read_text() == "mine\n"
        save_text(path, "yours\n", "")
        assert path.read_text() == "yours\n"

    def test_a_file_that_was_removed_is_told_and_can_be_written_on_purpose(self, folder):
        path = write(folder, "a.txt")
        seen = open_pack(path).seen
        path.unlink()
        with pytest.raises(ChangedMeanwhile):
            save_text(path, "yours\n", seen)
        assert not path.exists()
        save_text(path, "yours\n", "")
        assert path.read_text() == "yours\n"

    def test_a_link_is_written_through_as_editors_do_but_not_out_of_the_folder(self, folder, tmp_path):
        real, outside = write(folder, "real.txt"), write(tmp_path, "elsewhere.txt", "theirs\n")
        for name, target in (("a.txt", real), ("b.txt", outside), ("c.txt", tmp_path / "nothing.txt")):
            (folder / name).symlink_to(target)
        save_text(folder / "a.txt", "new\n", open_pack(real).seen)
        assert real.read_text() == "new\n"
        assert (folder / "a.txt").is_symlink()
        for name in ("b.txt", "c.txt"):
            with pytest.raises(NotSaved, match="link"):
                save_text(folder / name, "new\n", "")
        assert outside.read_text() == "theirs\n"
        assert not (tmp_path / "nothing.txt").exists()

    @pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * (4 * 1024 * 1024 + 1)])
    def test_a_text_that_could_not_be_read_again_is_refused(self, folder, text):
        path = write(folder, "a.txt")
        with pytest.raises(NotSaved):
            save_text(path, text, "")
        assert path.read_text() == "a boat\n"

    def test_a_folder_that_is_gone_is_told(self, folder):
        with pytest.raises(NotSaved):
            save_text(folder / "gone" / "a.txt", "a\n", "")

    def test_a_predecessors_prompts_become_a_text_file_beside_it(self, folder):
        path = write(folder, "q.json", json.dumps(OLD))
        opened = open_pack(path)
        assert opened.text == "a quay\nneg: blur\n"
        assert save_text(path, opened.text + "\na boat\n", opened.seen) == folder / "q.txt"
        assert json.loads(path.read_text()) == OLD
        assert [(pack.path.name, pack.count) for pack in list_packs([folder])] == [("q.txt", 2)]


class TestNew:
    def test_a_new_pack_never_takes_the_place_of_another(self, folder):
        write(folder, "Rain.txt", "old\n")
        write(folder, "snow.pack.json", "{}")
        write(folder, "fog.tsv")
        made = [new_pack(name, "new\n", folder).name for name in ("rain", "snow", "fog", "rain.txt")]
        assert made == ["rain (2).txt", "snow (2).txt", "fog (2).txt", "rain (3).txt"]
        assert (folder / "Rain.txt").read_text() == "old\n"

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("Rain city", "Rain city.txt"),
            ("../../etc/passwd", "etc passwd.txt"),
            ("a:b?", "a b.txt"),
            (".hidden", "hidden.txt"),
            ("con", "_con.txt"),
            ("x" * 300, "x" * 120 + ".txt"),
            ("Straße. ", "Straße.txt"),
        ],
    )
    def test_any_name_becomes_one_that_every_system_can_store(self, folder, name, file):
        assert new_pack(name, "a\n", folder) == folder / file

    @pytest.mark.parametrize("name", ["", "  ", "...", "???", "/"])
    def test_a_name_without_letters_is_refused(self, folder, name):
        with pytest.raises(InvalidInput):
            new_pack(name, "a\n", folder)
        assert list(folder.iterdir()) == []

    def test_a_pack_that_cannot_be_written_leaves_nothing(self, folder):
        with pytest.raises(NotSaved):
            new_pack("rain", "a\0", folder)
        assert list(folder.iterdir()) == []


class TestAdd:
    def test_what_belongs_to_a_pack_comes_along(self, folder, tmp_path):
        source = write(tmp_path / "desk", "q.txt", "\ufeffa quay\r\n")
        save_settings(source, PackSettings(learning="off"))
        write(source.parent, "q.json", json.dumps(OLD))
        write(folder, "q.txt", "other\n")
        added = add_pack(source, folder)
        assert added == folder / "q (2).txt"
        assert added.read_bytes() == source.read_bytes()
        assert open_pack(added).settings == PackSettings(learning="off")
        assert (folder / "q (2).json").exists()
        assert add_pack(source, folder) == added

    def test_tables_and_predecessors_packs_are_added_as_they_are(self, folder, tmp_path):
        for name, data in (("t.tsv", "a\tb\n"), ("q.json", json.dumps(OLD))):
            assert add_pack(write(tmp_path / "desk", name, data), folder) == folder / name

    def test_other_json_is_refused(self, folder, tmp_path):
        with pytest.raises(Exception, match="not a pack"):
            add_pack(write(tmp_path, "x.json", '{"a": 1}'), folder)


class TestTrash:
    @pytest.fixture(autouse=True)
    def thrown(self, monkeypatch):
        """The trash of the machine is not ours to fill: what goes there is noted and removed."""
        thrown = []

        def throw(path):
            thrown.append(path.name)
            path.unlink()

        monkeypatch.setattr("stablenew_tk.storage.packs.writer.send2trash.send2trash", throw)
        return thrown

    def test_a_pack_goes_with_what_belongs_to_it(self, folder, thrown):
        path = write(folder, "q.txt")
        save_settings(path, PackSettings(learning="off"))
        write(folder, "q.json", json.dumps(OLD))
        write(folder, "q.md")
        trash_pack(path)
        assert thrown == ["q.txt", "q.pack.json", "q.json"]
        assert [left.name for left in folder.iterdir()] == ["q.md"]

    def test_what_others_need_stays(self, folder, thrown):
        path = write(folder, "q.txt")
        write(folder, "q.tsv", "a\tb\n")
        write(folder, "q.json", '{"somebody": "else"}')
        save_settings(path, PackSettings(learning="off"))
        trash_pack(path)
        assert thrown == ["q.txt"]
        assert sidecar_path(path).exists()

    def test_a_trash_that_refuses_is_told(self, folder, monkeypatch):
        def refuse(_path):
            raise OSError("no trash here")

        monkeypatch.setattr("stablenew_tk.storage.packs.writer.send2trash.send2trash", refuse)
        with pytest.raises(NotSaved, match="no trash here"):
            trash_pack(write(folder, "q.txt"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that cannot be written")
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(folder):
    path = write(folder, "a.txt")
    folder.chmod(0o500)
    try:
        with pytest.raises(NotSaved):
            save_text(path, "b\n", "")
        with pytest.raises(NotSaved):
            new_pack("b", "b\n", folder)
    finally:
        folder.chmod(0o700)
    assert [left.name for left in folder.iterdir()] == ["a.txt"]
