"""Single members leave a JSON text, every other byte stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.storage.disk.json_edit import without

TEXT = '{\n  "a": 1,\n  "b": {"x": [1, 2]},   "c":null\n}'


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ((), TEXT),
        (("z",), TEXT),
        (("a",), '{\n  "b": {"x": [1, 2]},   "c":null\n}'),
        (("b",), '{\n  "a": 1,\n  "c":null\n}'),
        (("c",), '{\n  "a": 1,\n  "b": {"x": [1, 2]}\n}'),
        (("b", "c"), '{\n  "a": 1\n}'),
        (("a", "c"), '{\n  "b": {"x": [1, 2]}\n}'),
        (("a", "b", "c"), "{}"),
    ],
)
def test_members_go_with_their_commas(keys, left):
    assert without(TEXT, keys) == left


@given(
    st.dictionaries(st.text(max_size=3), st.integers() | st.lists(st.text())),
    st.sets(st.text(max_size=3)),
    st.booleans(),
)
def test_what_is_left_is_what_was_not_named(document, keys, wide):
    text = json.dumps(document, indent=2 if wide else None)
    gone = keys | set(list(document)[::2])
    assert json.loads(without(text, gone)) == {key: value for key, value in document.items() if key not in gone}
