"""Wildcard files as people have them: text and JSON, in folders of any depth, broken ones among them."""

from __future__ import annotations

import json
import os

import pytest

from stablenew_tk.storage.packs.wildcards import WildcardReader, load_wildcards


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def loaded(folder, files):
    return load_wildcards([put(folder, files)])


def test_a_text_file_has_a_value_on_each_line(tmp_path):
    lists, problems = loaded(tmp_path, {"mood.txt": b"\xef\xbb\xbfcalm\r\n# no\r\n\r\n  2::stormy sea \r\ncalm\r\n"})
    found = lists.find("mood")
    assert (found.values, found.weights, problems) == (("calm", "stormy sea"), (), ())
    assert lists.find("MOOD") is found


def test_folders_are_part_of_the_name(tmp_path):
    lists, _ = loaded(tmp_path, {"animals/cat.txt": "tabby", "animals/big/dog.TXT": "husky", ".git/x.txt": "no"})
    assert lists.names == ("animals/big/dog", "animals/cat")
    assert lists.find("animals/*").values == ("husky", "tabby")


def test_a_line_that_no_prompt_can_hold_is_left_out_and_told(tmp_path):
    long = "x" * 200_001
    lists, problems = loaded(tmp_path, {"a.txt": f"one\n{long}\n{long}\n{{b|c}}", "b.json": json.dumps([long, "two"])})
    assert problems == (
        "a.txt, line 2 (and 1 more) was left out: of 200,001 characters; 200,000 are the most.",
        "b.json, value 1 was left out: of 200,001 characters; 200,000 are the most.",
    )
    assert [lists.find("a").values, lists.find("b").values] == [("one", "{b|c}"), ("two",)]
    assert lists.find("a").spot(1) == "a.txt, line 4"


def test_more_files_than_are_read_are_told(tmp_path):
    for number in range(20_002):
        (tmp_path / f"{number:05}.txt").touch()
    lists, problems = load_wildcards([tmp_path])
    assert len(lists.names) == 20_000
    assert [*problems] == [
        f"{tmp_path} holds more than 20,000 wildcard files. Those behind 19999.txt are not read: keep fewer there, or "
        "name the folders below it one by one in the settings."
    ]
    for name in ("20000.txt", "20001.txt"):
        (tmp_path / name).unlink()
    assert load_wildcards([tmp_path])[1] == ()


def test_a_json_tree_gives_a_list_for_each_branch_by_its_keys(tmp_path):
    tree = {"colors": {"warm": ["red", 2, 2.5, True, None, "two\nlines"], "one": "x"}, "n": []}
    lists, problems = loaded(tmp_path, {"deep/coll.json": json.dumps(tree), "flat.json": '["a", "3::b"]'})
    assert problems == ("coll.json: values that are neither text nor numbers were left out (2 of them).",)
    assert lists.find("deep/colors/warm").values == ("red", "2", "2.5", "two lines")
    assert lists.find("deep/coll/colors/one").values == ("x",), "found with the name of the file, too"
    assert lists.find("flat").weights == (1.0, 3.0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"ok\n\xff\xfe", "a.txt, line 2: not UTF-8"),
        ("a.json", b"{", "a.json: not readable as JSON"),
        ("a.json", b"3", "a.json: a list of values"),
        ("a.json", b"[" * 100_000, "a.json: not readable as JSON"),
        ("a.yaml", b"a:\n- b", "a.yaml: YAML is not read"),
    ],
)
def test_a_file_that_cannot_be_read_costs_only_itself(tmp_path, name, content, message):
    lists, problems = loaded(tmp_path, {name: content, "good.txt": "x"})
    assert lists.names == ("good",)
    (problem,) = problems
    assert problem.startswith(message)


def test_the_list_of_the_first_folder_counts_and_a_folder_that_is_not_there_is_nothing(tmp_path):
    first, second = put(tmp_path / "one", {"m.txt": "a"}), put(tmp_path / "two", {"m.txt": "b", "n.txt": "c"})
    lists, problems = load_wildcards([first, tmp_path / "nothing", second])
    assert lists.find("m").values == ("a",)
    assert lists.names == ("m", "n")
    assert problems == ()


def test_only_what_has_changed_is_read_again(tmp_path):
    put(tmp_path, {"m.txt": "a", "n.txt": "b"})
    reader = WildcardReader()
    before, _ = reader.load([tmp_path])
    assert reader.load([tmp_path])[0] is before
    (tmp_path / "m.txt").write_text("other")
    os.utime(tmp_path / "m.txt", ns=(1, 1))
    after, _ = reader.load([tmp_path])
    assert after.find("m").values == ("other",)
    assert after.find("n") is before.find("n")
    (tmp_path / "n.txt").unlink()
    assert reader.load([tmp_path])[0].names == ("m",)


def test_links_that_lead_in_a_circle_end(tmp_path):
    put(tmp_path, {"a/m.txt": "x"})
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "linked.txt").symlink_to(tmp_path / "a" / "m.txt")
    assert load_wildcards([tmp_path])[0].names == ("a/m", "linked")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are rights there")
def test_what_is_no_file_of_the_folder_is_told_and_never_read_or_waited_for(tmp_path):
    root = put(tmp_path / "wildcards", {"good.txt": "x"})
    put(tmp_path, {"secret.txt": "password"})
    (root / "a.txt").symlink_to(tmp_path / "secret.txt")
    (root / "b.json").symlink_to("/dev/zero")
    (root / "c.txt").symlink_to(tmp_path / "nothing")
    (root / "d.txt").symlink_to(root / "d.txt")
    os.mkfifo(root / "e.txt")
    lists, problems = load_wildcards([root])
    assert lists.names == ("good",)
    assert [one.partition(" ")[0].rpartition("/")[2] for one in problems] == [
        "a.txt",
        "b.json",
        "c.txt",
        "d.txt",
        "e.txt",
    ]
    assert ["outside of wildcards" in one for one in problems] == [True, True, False, False, False]
    assert ["leads nowhere" in one for one in problems] == [False, False, True, True, False]


def test_values_in_json_may_be_objects_with_a_weight(tmp_path):
    values = ["3::hippo", {"weight": 2, "text": "mouse"}, {"content": "cat"}, {"weight": -1, "value": "dog"}, {"x": 1}]
    huge = loaded(tmp_path / "huge", {"f.json": json.dumps([{"weight": 10**400, "text": "ant"}, "bee"])})[0]
    assert (huge.find("f").values, huge.find("f").weights) == (("ant", "bee"), ())
    lists, notices = loaded(tmp_path, {"f.json": json.dumps({"a": values})})
    found = lists.find("a")
    assert (found.values, found.weights) == (("hippo", "mouse", "cat", "dog"), (3.0, 2.0, 1.0, 1.0))
    assert notices == ("f.json: values that are neither text nor numbers were left out (1 of them).",)


def test_numbers_in_json_are_values_as_they_are_written(tmp_path):
    lists, notices = loaded(tmp_path, {"numbers.json": f"[1000000, 0.25, true, {10**400}]", "words.txt": "a"})
    assert lists.names == ("numbers", "words")
    assert lists.find("numbers").values == ("1000000", "0.25", str(10**400))
    assert notices == ("numbers.json: values that are neither text nor numbers were left out (1 of them).",)


def test_of_json_the_value_is_named_not_a_line(tmp_path):
    lists, _ = loaded(tmp_path, {"moods.json": '["calm", "",\n\n"{grim"]'})
    assert lists.find("moods").spot(1) == "moods.json, value 3"


def test_a_text_of_two_bytes_a_letter_is_told(tmp_path):
    lists, notices = loaded(tmp_path, {"wide.txt": "a\nb\n".encode("utf-16-le"), "words.txt": "a"})
    assert lists.names == ("words",)
    assert notices == ("wide.txt, line 1: holds a zero byte, so it is not a text file.",)
