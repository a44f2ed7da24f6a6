"""Ids sort by time and never repeat."""

import pytest

from stablenew_tk.domain.base.ids import ulid


def test_ids_sort_by_time():
    assert ulid(1_000, b"\xff" * 10) < ulid(1_001, b"\x00" * 10)


def test_an_id_has_26_characters_that_cannot_be_misread():
    made = ulid(1_700_000_000_123, b"0123456789")
    assert len(made) == 26
    assert not set(made) & set("ILOU")


@pytest.mark.parametrize(("moment", "randomness"), [(-1, b"0" * 10), (1 << 48, b"0" * 10), (1, b"short")])
def test_what_does_not_fit_is_refused(moment, randomness):
    with pytest.raises(ValueError):
        ulid(moment, randomness)
