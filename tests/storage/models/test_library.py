"""The library knows all models and what is said about them, reads only what changed, and survives what lies about."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from stablenew_tk.domain.models.style import StyleCatalogue, StyleProfile
from stablenew_tk.storage.models import entries as library_entries
from stablenew_tk.storage.models.index import load_index, readings_of, settings_of
from stablenew_tk.storage.models.library import Library
from stablenew_tk.storage.models.lora_files import lora_files
from stablenew_tk.storage.models.scan import fingerprints

STYLES = StyleCatalogue()
posix_only = pytest.mark.skipif(os.name == "nt", reason="such files do not exist on Windows")


def aged(path):
    """What was written this very moment is read twice, to be sure; these files are older."""
    written = path.stat().st_mtime_ns - 10_000_000_000
    os.utime(path, ns=(written, written))
    return path


def model(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    metadata = b'{"__metadata__": {"ss_base_model_version": "sdxl_base_v1-0"}}'
    path.write_bytes(len(metadata).to_bytes(8, "little") + metadata if name.endswith(".safetensors") else b"weights")
    return aged(path)


def profile(folder, stem, steps):
    path = folder / f"{stem}.modelprofile.json"
    path.write_text(f'{{"kind": "model_profile", "recommended_presets": [{{"id": "a", "steps": {steps}}}]}}')
    return aged(path)


def scanned(*roots, index=None):
    library = Library(roots, STYLES, index)
    library.scan()
    return library


def entry(library, name):
    return next(one for one in library.snapshot.entries if one.key == name)


def steps(library, name):
    value = settings_of(entry(library, name), STYLES).values.get("txt2img.steps")
    return value.value if value is not None else None


def rescan(library, *folders):
    library.rescan(folders=map(str, folders))
    change = library.work(10)
    assert change.is_done
    return {Path(path).name for path in change.changed}


@pytest.fixture
def opened(monkeypatch):
    """The names of all files that Python opens, outside the interpreter's own."""
    names = []

    def hear(event, args):
        if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
            names.append(Path(os.fsdecode(args[0])).name)

    hearing = [hear]
    sys.addaudithook(lambda event, args: hearing and hearing[0](event, args))
    yield names
    hearing.clear()


# ---- what is found


def test_models_come_with_kind_family_previews_and_sources(tmp_path):
    root = tmp_path / "models"
    model(root / "Stable-diffusion", "base.safetensors")
    model(root / "Lora" / "faces", "ink.safetensors")
    (root / "Lora" / "faces" / "ink.preview.png").write_bytes(b"")
    (root / "Lora" / "faces" / "ink.json").write_text('{"activation text": "inkstyle"}')
    model(root / "VAE", "fine.pt")
    library = scanned(root)
    told = {one.name: (one.kind, one.family, one.previews, one.sources) for one in library.snapshot.entries}
    assert told == {
        "base.safetensors": ("checkpoint", "sdxl", (), ("base.safetensors",)),
        "ink.safetensors": ("lora", "sdxl", ("ink.preview.png",), ("ink.json", "ink.safetensors")),
        "fine.pt": ("vae", "", (), ()),
    }
    assert settings_of(entry(library, "ink.safetensors"), STYLES).trigger_phrases == ("inkstyle",)


def test_what_nobody_tells_follows_from_the_sort_of_file(tmp_path):
    for name in ("4x.pth", "bad-hands.pt", "old.ckpt"):
        model(tmp_path, name)
    library = scanned(tmp_path)
    assert [one.kind for one in library.snapshot.entries] == ["upscaler", "embedding", "checkpoint"]


def test_any_number_of_roots_each_model_once(tmp_path):
    model(tmp_path / "a" / "b", "one.ckpt")
    model(tmp_path / "c", "two.ckpt")
    library = scanned(tmp_path / "a", tmp_path / "a" / "b", tmp_path / "c", tmp_path / "c")
    assert library.roots == (str(tmp_path / "a"), str(tmp_path / "c"))
    assert [one.name for one in library.snapshot.entries] == ["one.ckpt", "two.ckpt"]


def test_a_profile_without_its_model_is_listed_too(tmp_path):
    profile(tmp_path, "elsewhere", 20)
    library = scanned(tmp_path)
    found = library.snapshot.entries[0]
    assert (found.name, found.stem, steps(library, "elsewhere.modelprofile.json")) == ("", "elsewhere", 20)


def test_a_look_is_done_in_portions_newest_wish_first(tmp_path):
    for number in range(200):
        model(tmp_path / "many", f"{number}.safetensors")
    model(tmp_path / "other", "wanted.safetensors")
    library = Library([tmp_path], STYLES)
    library.rescan(trees=library.roots)
    change = library.work(0)
    assert not change.is_done
    while change.folders_left:
        change = library.work(0)
    assert (change.models_left, len(change.snapshot.entries)) == (201, 201)
    library.read_first(tmp_path / "other" / "wanted.safetensors")
    assert library.work(0).changed == {str(tmp_path / "other" / "wanted.safetensors")}
    assert entry(library, "wanted.safetensors").is_read
    assert library.work(60).is_done


# ---- what changes


def test_a_dropped_changed_and_removed_sidecar_is_known_after_a_look_at_its_folder(tmp_path):
    model(tmp_path, "demo.ckpt")
    model(tmp_path, "other.ckpt")
    library = scanned(tmp_path)
    path = profile(tmp_path, "demo", 31)
    assert rescan(library, tmp_path) == {"demo.ckpt"}
    assert steps(library, "demo.ckpt") == 31
    profile(tmp_path, "new", 32).replace(path)
    assert rescan(library, tmp_path) == {"demo.ckpt"}
    assert steps(library, "demo.ckpt") == 32
    path.unlink()
    assert rescan(library, tmp_path) == {"demo.ckpt"}
    assert (steps(library, "demo.ckpt"), entry(library, "demo.ckpt").sources) == (None, ())
    assert rescan(library, tmp_path) == set()


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path):
    model(tmp_path, "demo.ckpt")
    path = profile(tmp_path, "demo", 31)
    library = scanned(tmp_path)
    before = path.stat()
    profile(tmp_path, "demo", 32)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    rescan(library, tmp_path)
    assert steps(library, "demo.ckpt") == 32


@pytest.mark.parametrize(
    "broken",
    [b"", b'{"kind": "model_profile", "recommended_pre', b"\xff\xfe{\0}\0", b"[" * 5000, b"[1, 2]", b"\x80\x81"],
)
def test_a_broken_sidecar_keeps_the_last_good_profile_and_shows_why(tmp_path, broken):
    model(tmp_path, "demo.ckpt")
    path = profile(tmp_path, "demo", 31)
    library = scanned(tmp_path, index=tmp_path / "index")
    path.write_bytes(broken)
    rescan(library, tmp_path)
    why, still = entry(library, "demo.ckpt").problems
    assert why.startswith("demo.modelprofile.json")
    assert "stays in force" in still
    assert steps(library, "demo.ckpt") == 31
    library.save()
    again = scanned(tmp_path, index=tmp_path / "index")
    assert (steps(again, "demo.ckpt"), entry(again, "demo.ckpt").problems) == (31, (why, still))
    profile(tmp_path, "demo", 33)
    rescan(again, tmp_path)
    assert (steps(again, "demo.ckpt"), entry(again, "demo.ckpt").problems) == (33, ())


def test_a_broken_sidecar_that_is_taken_away_takes_its_profile_along(tmp_path):
    model(tmp_path, "demo.ckpt")
    path = profile(tmp_path, "demo", 31)
    library = scanned(tmp_path)
    path.write_bytes(b"{")
    rescan(library, tmp_path)
    path.unlink()
    rescan(library, tmp_path)
    assert (steps(library, "demo.ckpt"), entry(library, "demo.ckpt").problems) == (None, ())


def test_a_folder_that_nobody_told_of_is_found_from_the_nearest_one_known(tmp_path):
    library = scanned(tmp_path)
    model(tmp_path / "a" / "b" / "c", "deep.ckpt")
    assert rescan(library, tmp_path / "a" / "b" / "c") == {"deep.ckpt"}
    (tmp_path / "a").rename(tmp_path / "z")
    assert rescan(library, tmp_path) == {"deep.ckpt"}
    assert [one.folder for one in library.snapshot.entries] == [str(tmp_path / "z" / "b" / "c")]


def test_a_root_that_is_gone_keeps_what_was_read_for_its_return(tmp_path, opened):
    root = tmp_path / "drive"
    model(root / "below", "demo.safetensors")
    library = scanned(root)
    root.rename(tmp_path / "away")
    assert rescan(library, root / "below", root) == {"demo.safetensors"}
    assert library.snapshot.entries == ()
    assert library.snapshot.problems == (
        f"{root} is not there. Connect its drive, or take the folder out of the settings.",
    )
    (tmp_path / "away").rename(root)
    opened.clear()
    assert rescan(library, root) == {"demo.safetensors"}
    assert entry(library, "demo.safetensors").family == "sdxl"
    assert (library.snapshot.problems, opened) == ((), [])


# ---- the index


def test_a_second_start_opens_nothing_that_did_not_change(tmp_path, opened):
    root, index = tmp_path / "models", tmp_path / "cache" / "index"
    for name in ("a", "b"):
        model(root / name, f"{name}.safetensors")
        profile(root / name, name, 25)
    first = scanned(root, index=index)
    first.save()
    profile(root / "b", "b", 26)
    opened.clear()
    second = Library([root], STYLES, index)
    assert second.snapshot == first.snapshot
    assert second.scan().changed == {str(root / "b" / "b.safetensors")}
    assert opened == ["index", "b.modelprofile.json"]
    assert (steps(second, "a.safetensors"), steps(second, "b.safetensors")) == (25, 26)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "folder"])
def test_a_damaged_index_costs_only_a_new_look(tmp_path, damage):
    root, index = tmp_path / "models", tmp_path / "index"
    model(root, "demo.ckpt")
    profile(root, "demo", 25)
    scanned(root, index=index).save()
    data = index.read_bytes()
    flipped = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
    index.write_bytes({"cut": data[:-9], "flipped": flipped, "empty": b"", "other": b"hello", "folder": b""}[damage])
    if damage == "folder":
        index.unlink()
        index.mkdir()
    library = Library([root], STYLES, index)
    assert library.snapshot.entries == ()
    library.scan()
    assert steps(library, "demo.ckpt") == 25


def test_new_styles_are_asked_for_again(tmp_path):
    root, index = tmp_path / "models", tmp_path / "index"
    model(root, "demo.ckpt")
    (root / "demo.modelprofile.json").write_text('{"style_profile_id": "mine"}')
    library = scanned(root, index=index)
    library.save()
    assert 'no style "mine"' in entry(library, "demo.ckpt").problems[0]
    styles = StyleCatalogue({"mine": StyleProfile(style_profile_id="mine")})
    again = Library([root], styles, index)
    again.scan()
    assert entry(again, "demo.ckpt").problems == ()


def test_what_was_not_read_when_the_program_ended_is_read_by_the_next_one(tmp_path):
    root, index = tmp_path / "models", tmp_path / "index"
    model(root, "demo.safetensors")
    first = Library([root], STYLES, index)
    assert first.scan(in_full=False).models_left == 1
    first.save()
    second = Library([root], STYLES, index)
    assert second.work(10).models_left == 0
    assert len(readings_of(entry(second, "demo.safetensors"))) == 1


# ---- what lies about


def test_checkpoints_that_may_hold_programs_are_never_opened(tmp_path, opened):
    for ending in ("ckpt", "pt", "bin", "pth", "gguf"):
        model(tmp_path, f"demo.{ending}")
    opened.clear()
    assert len(scanned(tmp_path).snapshot.entries) == 5
    assert opened == []


@posix_only
def test_pipes_and_devices_are_told_and_never_opened(tmp_path, opened):
    for name in ("demo.safetensors", "demo.json", "demo.png"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    opened.clear()
    library = scanned(tmp_path)
    assert (library.snapshot.entries, opened) == ((), [])
    assert len(library.snapshot.problems) == 4
    assert all("not a regular file" in one for one in library.snapshot.problems)


@posix_only
def test_links_are_never_followed_out_of_the_folders_nor_in_a_circle(tmp_path, opened):
    root, outside = tmp_path / "root", tmp_path / "outside"
    model(outside, "far.safetensors")
    model(root / "near", "near.safetensors")
    (root / "near" / "loop").symlink_to(root)
    (root / "linked").symlink_to(outside)
    (root / "far.safetensors").symlink_to(outside / "far.safetensors")
    (root / "again.safetensors").symlink_to(root / "near" / "near.safetensors")
    (root / "nowhere.safetensors").symlink_to(root / "nothing")
    (root / "self.safetensors").symlink_to(root / "self.safetensors")
    opened.clear()
    library = scanned(root)
    assert [one.name for one in library.snapshot.entries] == [
        "again.safetensors",
        "far.safetensors",
        "near.safetensors",
    ]
    assert "far.safetensors" not in opened
    assert entry(library, "again.safetensors").family == "sdxl"
    assert "is a link to another folder" in entry(library, "far.safetensors").problems[0]
    told = sorted(one.partition(": ")[2].split()[0] for one in library.snapshot.problems)
    assert told == ["linked", "nowhere.safetensors", "self.safetensors"]


@posix_only
def test_names_that_are_no_text_or_very_long_or_many_lines_harm_nothing(tmp_path):
    root = tmp_path / "models"
    root.mkdir()
    (root / os.fsdecode(b"bad\xff.ckpt")).write_bytes(b"")
    (root / os.fsdecode(b"folder\xfe")).mkdir()
    model(root, "x" * 250 + ".ckpt")
    model(root, "two\nlines.ckpt")
    deep = root
    for _ in range(12):
        deep = deep / ("d" * 250)
    model(deep, "deep.ckpt")
    library = scanned(root, index=tmp_path / "index")
    library.save()
    assert len(library.snapshot.entries) == 3
    assert sum("no text" in one for one in library.snapshot.problems) == 2
    msgspec.json.encode(library.snapshot)
    assert Library([root], STYLES, tmp_path / "index").snapshot == library.snapshot


@posix_only
def test_a_folder_that_cannot_be_listed_is_told_and_costs_only_itself(tmp_path, monkeypatch):
    model(tmp_path / "shut", "hidden.ckpt")
    model(tmp_path / "open", "seen.ckpt")
    library = scanned(tmp_path)
    real = os.scandir

    def shut(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    # Tests may run as a user to whom nothing is forbidden.
    monkeypatch.setattr(os, "scandir", shut)
    assert library.scan().changed == {str(tmp_path / "shut" / "hidden.ckpt")}
    assert [one.name for one in library.snapshot.entries] == ["seen.ckpt"]
    assert "shut cannot be listed: Permission denied" in library.snapshot.problems[0]
    before = fingerprints(str(tmp_path), lambda: False)
    monkeypatch.undo()
    assert fingerprints(str(tmp_path), lambda: False) != before
    assert rescan(library, tmp_path / "shut") == {"hidden.ckpt"}
    assert library.snapshot.problems == ()


def test_a_sidecar_that_vanishes_while_it_is_read_is_no_news(tmp_path):
    model(tmp_path, "demo.ckpt")
    path = profile(tmp_path, "demo", 31)
    library = Library([tmp_path], STYLES)
    library.scan(in_full=False)
    data = path.read_bytes()
    path.unlink()
    library.work(10)
    assert entry(library, "demo.ckpt").problems == ()
    path.write_bytes(data)
    rescan(library, tmp_path)
    assert steps(library, "demo.ckpt") == 31


def test_a_file_changed_within_a_tick_of_the_clock_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(library_entries, "CLOCK_TICK_NS", 60_000_000_000)
    model(tmp_path, "demo.ckpt")
    path = profile(tmp_path, "demo", 31)
    index = tmp_path / "index"
    library = scanned(tmp_path, index=index)
    library.save()
    (record,) = load_index(index, [str(tmp_path)], STYLES)[str(tmp_path)]
    assert record.states[path.name] == (-1, -1, -1)
    assert rescan(library, tmp_path) == set()


def test_a_huge_sidecar_is_told_and_not_read(tmp_path):
    model(tmp_path, "demo.ckpt")
    with (tmp_path / "demo.json").open("wb") as file:
        file.truncate(500 * 1024 * 1024)
    library = scanned(tmp_path)
    assert "larger than" in entry(library, "demo.ckpt").problems[0]


class TestTraining:
    def read(self, tmp_path, **metadata):
        header = msgspec.json.encode({"__metadata__": {"ss_network_module": "networks.lora", **metadata}})
        path = tmp_path / "rainy.safetensors"
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        library = Library([tmp_path], STYLES)
        library.scan()
        (found,) = lora_files(library.snapshot.entries)
        assert (found.stem, found.folder) == ("rainy", str(tmp_path))
        return found.training

    def test_kohyas_header_tells_session_steps_and_epoch(self, tmp_path):
        told = {"ss_session_id": "77", "ss_output_name": "rain", "ss_steps": "800", "ss_epoch": "4"}
        found = self.read(tmp_path, **told, ss_training_finished_at="1790000000.25", ss_network_dim="16")
        assert (found.session_id, found.output_name, found.steps, found.epoch) == ("77", "rain", 800, 4)
        assert (found.finished_at, found.shape) == (1790000000.25, "networks.lora 16")

    def test_ai_toolkit_tells_its_steps_in_json(self, tmp_path):
        found = self.read(tmp_path, training_info='{"step": 1500, "epoch": 30}')
        assert (found.steps, found.epoch) == (1500, 30)

    @pytest.mark.parametrize("told", ["", "many", "-4", "1" * 12, "{", "[1]", "\u00b2"])
    def test_what_is_no_number_is_not_told(self, tmp_path, told):
        found = self.read(tmp_path, ss_steps=told, training_info=told, ss_training_finished_at=told)
        assert (found.steps, found.epoch) == (0, 0)


def test_what_headers_are_compared_with_is_not_kept_once_the_folders_are_listed(tmp_path):
    for number in range(40):
        tensors = {f"layer_{number}_{at}": {"shape": [1], "data_offsets": [at, number]} for at in range(2000)}
        header = msgspec.json.encode({"__metadata__": {"ss_output_name": f"demo {number}"}, **tensors})
        (tmp_path / f"demo {number}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    library = Library([tmp_path], STYLES)
    tracemalloc.start()
    try:
        library.scan(in_full=False)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [one.title for one in library.snapshot.entries][:2] == ["demo 0", "demo 1"]
    assert most > 3e6  # forty headers of 110 KB were compared
    assert held < 5e5
