"""Results are stored when they change, whoever changed the ratings."""

from __future__ import annotations

import pytest
from journal_lines import new_id
from learning_lab import Lab
from msgspec.structs import replace
from whole_app import App

from stablenew_tk.app.learn.plan_results import PlanResults
from stablenew_tk.domain.insights.report import summary
from stablenew_tk.domain.journal.record import Feedback

STARS = {12: (2, 2, 1), 20: (3, 3, 2), 28: (5, 5, 4)}


class Window:
    """A controller on a folder, and what the window does with results."""

    def __init__(self, folder):
        self.app = App(folder, wait=False)
        self.controller = self.app.controller
        self.results = PlanResults(self.controller)
        self.wait(lambda: self.controller.history is not None)
        self.settle()

    def wait(self, condition):
        self.app.wait(lambda: (self.results.work(), condition())[1])

    def settle(self):
        self.wait(lambda: not self.results.busy)

    def stored(self, plan):
        return [one.summary for one in self.controller.history.plans.results(plan.plan_id)]

    def rate(self, picture, stars):
        self.controller.rate([picture.image_id], Feedback(image_id="", rating=stars))
        row = self.controller.history.row_of(picture.image_id)
        self.wait(lambda: self.controller.history.unblinded().feedback(row).rating == stars)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@pytest.fixture
def window(tmp_path):
    opened = []

    def make():
        opened.append(Window(tmp_path))
        return opened[-1]

    yield make
    for one in opened:
        one.controller.close()


def test_a_rating_of_an_open_plan_from_any_page_is_stored_and_undo_as_well(lab, window):
    plan = lab.plan()
    lab.make(plan)
    lab.rate(STARS)
    opened = window()
    opened.wait(lambda: len(opened.stored(plan)) == 1)
    opened.rate(lab.made[28, 0], 1)
    opened.wait(lambda: len(opened.stored(plan)) == 2)
    opened.controller.undo()
    opened.wait(lambda: len(opened.stored(plan)) == 3)
    opened.settle()
    first, second, third = opened.stored(plan)
    assert (second != first, third) == (True, first)


def test_what_was_rated_while_the_window_was_closed_is_stored_when_it_opens_and_only_once(lab, window):
    plan = lab.plan()
    lab.make(plan)
    lab.rate(STARS)
    first = window()
    first.wait(lambda: len(first.stored(plan)) == 1)
    first.controller.close()
    lab.rate({28: (1, 1, 1)})
    for _ in range(2):
        again = window()
        again.wait(lambda again=again: len(again.stored(plan)) == 2)
        again.settle()
        assert again.stored(plan)[-1] == summary(lab.report(plan))
        again.controller.close()


def test_a_blind_plan_is_never_revealed_by_it(lab, window):
    plan = lab.plan(blind=True)
    lab.make(plan)
    lab.rate(STARS)
    opened = window()
    opened.rate(lab.made[28, 0], 1)
    opened.settle()
    assert opened.stored(plan) == []


def test_a_result_of_an_older_version_is_worked_out_anew(lab, window):
    plan = lab.plan()
    lab.make(plan)
    lab.rate(STARS)
    opened = window()
    opened.wait(lambda: len(opened.stored(plan)) == 1)
    written = opened.controller.history.plans.result(plan.plan_id)
    opened.controller.close()
    lab.append(replace(written, event_id=new_id(), method=0, summary=replace(written.summary, sentence="Old words.")))
    again = window()
    again.wait(lambda: len(again.stored(plan)) == 3)
    assert again.stored(plan)[-1] == written.summary


def test_runs_of_one_question_have_one_stored_answer_and_undo_brings_it_back(lab, window):
    plans = []
    for rows in (3, 3):
        plans.append(lab.plan(rows=rows))
        lab.made.clear()
        lab.make(plans[-1])
        lab.rate(STARS)
        lab.keep(plans[-1])
    opened = window()
    opened.settle()
    asked = opened.controller.history.plans.asked

    def told():
        return [replace(asked.verdict(plan.plan_id).summary, alone="") for plan in plans]

    before = told()
    assert before[0] == before[1]
    assert (before[0].rated, before[0].runs) == (18, tuple(plan.plan_id for plan in plans))
    opened.controller.pairs.compare(lab.made[20, 0].image_id, lab.made[28, 0].image_id, "first", blind=True)
    opened.wait(lambda: told() != before)
    opened.settle()
    assert told()[0] == told()[1] != before[0]
    opened.controller.undo()
    opened.wait(lambda: told() == before)
    opened.settle()
    assert told() == before
