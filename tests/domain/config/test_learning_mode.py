"""Who may be taught what: the mode of the project, and of a pack that has its own."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.learning_mode import mode_for


@pytest.mark.parametrize(
    ("project", "own", "records", "learns", "by_hand"),
    [
        ("off", None, False, False, True),
        ("passive", None, True, False, False),
        ("active", None, True, True, False),
        ("off", "active", True, True, False),
        ("active", "off", False, False, True),
        ("active", "passive", True, False, False),
        ("active", "locked", True, False, True),
        ("off", "locked", True, False, True),
    ],
)
def test_a_pack_of_its_own_mode_follows_it_and_not_the_project(project, own, records, learns, by_hand):
    mode = mode_for(project, {} if own is None else {"boats": own}, "boats")
    assert (mode.records, mode.learns, bool(mode.by_hand)) == (records, learns, by_hand)
    assert mode.locked == (own == "locked")


def test_other_packs_are_not_concerned():
    assert mode_for("active", {"boats": "off"}, "cats").learns


@pytest.mark.parametrize("own", ["off", "passive", "locked"])
def test_whatever_is_not_offered_says_why_and_where_to_change_it(own):
    assert mode_for("active", {}, "boats").why == ""
    assert "learning mode" in mode_for("active", {"boats": own}, "boats").why
    if own != "locked":
        assert "in Settings" in mode_for(own, {}, "boats").why


def test_a_learning_run_asked_for_by_hand_says_in_one_line_what_it_does_all_the_same():
    assert mode_for("active", {}, "boats").by_hand == mode_for("passive", {}, "boats").by_hand == ""
    assert "recorded all the same" in mode_for("off", {}, "boats").by_hand
    assert "the lock stays" in mode_for("active", {"boats": "locked"}, "boats").by_hand
