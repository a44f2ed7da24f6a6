"""Votes on pairs of pictures in the journal."""

from __future__ import annotations

import pytest
from journal_lines import undo
from learning_lab import Lab

from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path)
    lab.make(lab.plan(values=(12, 20, 28), rows=2))
    return lab


def won(lab):
    plan = lab.history().plans.plans()[0]
    return [
        (plan.variant_values[vote.first.variant], plan.variant_values[vote.second.variant], vote.first.row, vote.won)
        for vote in lab.board(plan).votes
    ]


def test_the_latest_vote_on_two_pictures_counts_and_undo_brings_the_one_before_back(lab):
    lab.vote("first", (12, 0), (20, 0))
    later = lab.vote("none", (20, 0), (12, 0), blind=True)
    lab.vote("second", (12, 1), (28, 1))
    assert won(lab) == [(20, 12, 0, 0), (12, 28, 1, -1)]
    taken = lab.append(undo(later))
    assert won(lab) == [(12, 20, 0, 1), (12, 28, 1, -1)]
    lab.append(undo(taken))
    assert won(lab) == [(20, 12, 0, 0), (12, 28, 1, -1)]


def test_pictures_of_two_rows_are_no_pair(lab):
    lab.vote("first", (12, 0), (20, 1))
    assert won(lab) == []


def test_votes_are_the_same_from_a_snapshot(lab):
    lab.append(undo(lab.vote("first", (12, 0), (20, 0))))
    lab.vote("second", (12, 1), (20, 1), blind=True)
    snapshot = lab.data / "cache" / "checkpoint"
    loaded = load_history(lab.journal, snapshot)
    save_snapshot(loaded.history, lab.journal, snapshot)
    again = load_history(lab.journal, snapshot)
    assert again.from_snapshot
    assert again.history.votes.lines == loaded.history.votes.lines
    assert list(again.history.votes.blind().values()) == [lab.made[20, 1].image_id]
