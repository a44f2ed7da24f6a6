"""Hashes of model files, and remembering them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from stablenew_tk.domain.base.errors import Cancelled, Unreadable
from stablenew_tk.domain.models.recommendations import Hashes
from stablenew_tk.storage.models.hashes import HashCache, autov1, hash_file

TINY = Path(__file__).parents[2] / "fixtures" / "sidecars" / "harbour.safetensors"


def model(path, tensors):
    header = b'{"__metadata__":{}}     '
    path.write_bytes(len(header).to_bytes(8, "little") + header + tensors)
    return path


@pytest.fixture
def large(tmp_path):
    return model(tmp_path / "large.safetensors", bytes(range(256)) * 40_000)


def test_the_three_hashes_are_what_their_definitions_say(large):
    data = large.read_bytes()
    found = hash_file(large)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.autov2 == found.sha256[:10]
    assert found.autov1 == hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8] == autov1(large)
    assert found.autov3 == hashlib.sha256(data[8 + data[0] :]).hexdigest()[:12]


def test_the_header_may_change_and_autov3_stays(tmp_path):
    before = hash_file(TINY)
    data = TINY.read_bytes()
    header = data[8:-64].rstrip() + b"      "
    edited = tmp_path / "edited.safetensors"
    edited.write_bytes(len(header).to_bytes(8, "little") + header + data[-64:])
    after = hash_file(edited)
    assert after.autov3 == before.autov3 == hashlib.sha256(bytes(range(64))).hexdigest()[:12]
    assert after.sha256 != before.sha256


def test_the_old_hash_of_a_small_file_is_that_of_nothing():
    assert autov1(TINY) == "e3b0c442"


def test_progress_reaches_the_end_and_a_stop_stops(large):
    shares = []
    hash_file(large, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        hash_file(large, cancelled=lambda: next(asked))


@pytest.mark.parametrize("name", ["m.ckpt", "m.pt", "m.bin"])
def test_files_that_may_hold_programs_are_not_opened(tmp_path, name):
    os.mkfifo(tmp_path / name)  # opening it would wait for ever
    with pytest.raises(Unreadable, match="never opened"):
        hash_file(tmp_path / name)


def test_a_pipe_and_a_damaged_file_are_sentences(tmp_path):
    os.mkfifo(tmp_path / "p.safetensors")
    (tmp_path / "html.safetensors").write_text("<html>not found</html>")
    (tmp_path / "short.safetensors").write_bytes(b"abc")
    for name in ("p", "html", "short", "missing"):
        with pytest.raises(Unreadable, match=name):
            hash_file(tmp_path / f"{name}.safetensors")


def test_the_cache_knows_a_file_until_it_changes(tmp_path, large):
    file = tmp_path / "hashes.json"
    cache, known = HashCache(file), Hashes(sha256="f" * 64)
    cache.put(large, large.stat(), known)
    cache.save()
    again = HashCache(file)
    assert again.get(large, large.stat()) == known
    os.utime(large, ns=(1, 1))
    assert again.get(large, large.stat()) is None


def test_a_damaged_cache_is_only_lost(tmp_path, large):
    file = tmp_path / "hashes.json"
    file.write_bytes(b'{"a": [1')
    cache = HashCache(file)
    assert cache.get(large, large.stat()) is None
    cache.save()
    assert file.read_bytes() == b"{}"


def test_names_of_any_bytes_can_be_remembered(tmp_path):
    odd = model(tmp_path / os.fsdecode(b"caf\xe9.safetensors"), b"x")
    cache = HashCache(tmp_path / "hashes.json")
    cache.put(odd, odd.stat(), hash_file(odd))
    cache.save()
    assert HashCache(tmp_path / "hashes.json").get(odd, odd.stat()) == hash_file(odd)
