"""Wildcard files as other programs write them: whatever is in one costs no other."""

from __future__ import annotations

from stablenew_tk.storage.wildcards import load_wildcards


def test_numbers_in_json_are_values_as_they_are_written(tmp_path):
    (tmp_path / "numbers.json").write_text(f"[1000000, 0.25, true, {10**400}]")
    (tmp_path / "words.txt").write_text("a\n")
    lists, notices = load_wildcards([tmp_path])
    assert lists.names == ("numbers", "words")
    assert lists.find("numbers").values == ("1000000", "0.25", str(10**400))
    assert not notices


def test_of_json_the_value_is_named_not_a_line(tmp_path):
    (tmp_path / "moods.json").write_text('["calm", "",\n\n"{grim"]')
    found = load_wildcards([tmp_path])[0].find("moods")
    assert found.spot(1) == "moods.json, value 3"
