"""Stars here and beside the picture: who is right when one or both were changed."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.journal.marks import Marks, Settled, settle


@pytest.mark.parametrize(
    ("ours", "theirs", "last", "rating", "conflict"),
    [
        (4, 4, 2, 4, False),  # both the same
        (5, 3, 3, 5, False),  # changed here
        (3, 5, 3, 5, False),  # changed there
        (3, 0, 3, 0, False),  # taken away there
        (3, -1, 3, -1, False),  # rejected there
        (5, 2, 3, 5, True),  # changed on both sides
        (5, 0, 3, 5, True),
        (4, 0, None, 4, False),  # nothing was written yet
        (0, 4, None, 4, False),
        (4, 2, None, 4, True),
    ],
)
def test_who_changed_the_stars_is_right_and_the_journal_when_both_did(ours, theirs, last, rating, conflict):
    before = None if last is None else Marks(last)
    assert settle(Marks(ours), Marks(theirs), before) == Settled(Marks(rating), conflict)
    preferred = settle(Marks(ours), Marks(theirs), before, prefer_theirs=True)
    assert preferred == Settled(Marks(theirs if conflict else rating), conflict)


def test_tags_that_either_side_added_or_took_away_are():
    ours, theirs = Marks(0, ("sharp", "hands")), Marks(0, ("portrait", "sharp", "noisy"))
    last = Marks(0, ("noisy", "sharp", "old"))
    # "noisy" was taken away here, "portrait" added there, "hands" added here, "old" taken away there.
    assert settle(ours, theirs, last).marks.tags == ("sharp", "hands", "portrait")
    assert settle(ours, theirs, None).marks.tags == ("sharp", "hands", "portrait", "noisy")
