"""Ids sort by time and never repeat."""

import pytest

from stablenew_tk.domain.ids import ulid, ulid_time_ms


def test_ids_sort_by_time():
    assert ulid(1_000, b"\xff" * 10) < ulid(1_001, b"\x00" * 10)


def test_the_time_can_be_read_back():
    assert ulid_time_ms(ulid(1_700_000_000_123, b"0123456789")) == 1_700_000_000_123


@pytest.mark.parametrize("wrong", ["", "short", "U" * 26])
def test_other_text_is_refused(wrong):
    with pytest.raises(ValueError):
        ulid_time_ms(wrong)
