import os
import sys

import pytest
import send2trash

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.storage.disk.trash import from_trash, to_trash

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="only the user can bring a file back there")


def test_a_file_comes_back_from_the_trash_as_it_was_also_the_second_of_that_name(tmp_path):
    first = tmp_path / "a b" / "ä.png"
    first.parent.mkdir()
    kept = []
    for content in (b"one", b"two"):
        first.write_bytes(content)
        kept.append(to_trash(first))
        assert not first.exists()
    assert len(set(kept)) == 2
    first.parent.rmdir()
    from_trash(kept[0], first)
    assert first.read_bytes() == b"one"
    with pytest.raises(NotSaved, match="is there again"):
        from_trash(kept[1], first)
    first.unlink()
    from_trash("", first)
    assert first.read_bytes() == b"two"
    with pytest.raises(NotSaved, match="no longer in the trash"):
        from_trash("", first)


def test_a_journal_that_names_a_file_outside_the_trash_moves_none(tmp_path):
    precious, home = tmp_path / "key", tmp_path / "a.png"
    precious.write_bytes(b"mine")
    with pytest.raises(NotSaved, match="no longer in the trash"):
        from_trash(str(precious), home)
    assert (precious.read_bytes(), home.exists()) == (b"mine", False)


def test_a_trash_that_cannot_take_a_file_leaves_it_where_it_is(tmp_path, monkeypatch):
    def full(_path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(send2trash, "send2trash", full)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"one")
    with pytest.raises(NotSaved, match=r"No space left on device\. It is still in"):
        to_trash(picture)
    assert picture.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a.png"]
