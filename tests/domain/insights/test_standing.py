"""How far a Learning Run is: one count of "rated of wanted" for every page, the terminal and the journal."""

from __future__ import annotations

import pytest
from learning_lab import Lab

from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.domain.insights.report import report, summary
from stablenew_tk.domain.insights.standing import standing


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def now_of(board):
    now = standing(board)
    return now.rated, now.wanted, now.unrated, now.asked, now.all_rated


def test_failed_and_suspect_pictures_are_neither_rated_nor_wanted(lab):
    plan = lab.doubtful_plan()
    lab.rate({20: [5]})
    assert now_of(lab.board(plan)) == (0, 13, 13, 13, False)
    lab.rate_what_counts(3)
    assert now_of(lab.board(plan)) == (3, 13, 10, 10, False)
    lab.rate_what_counts()
    assert now_of(lab.board(plan)) == (13, 13, 0, 0, True)


def test_what_is_still_to_be_made_is_wanted_and_a_blind_row_is_asked_about_as_a_whole(lab):
    plan = lab.plan(rows=2, blind=True)
    lab.make(plan, plan.cells()[:5])
    assert now_of(lab.board(plan)) == (0, 6, 5, 3, False)


def test_the_rating_view_counts_the_same_also_while_a_row_is_closed(lab):
    plan = lab.plan(rows=2, blind=True)
    lab.make(plan, plan.cells()[:4])
    lab.make(plan, plan.cells()[4:5], suspect=("black",))
    seen = lab.board(plan)
    assert (blind_matrix(seen).rated, blind_matrix(seen).wanted) == (0, 5) == now_of(seen)[:2]


def test_report_result_line_and_verdict_take_their_numbers_from_it(lab):
    plan = lab.doubtful_plan()
    lab.rate_what_counts(3)
    found = report(lab.board(plan))
    assert (found.rated, found.total) == (3, 13)
    assert "3 of 13 rated" in found.verdict.sentence
    assert "3 of 13 pictures rated" in found.remark
    lab.rate_what_counts()
    assert summary(report(lab.board(plan))).rated == 13
