"""When a result line is due, and when a stored one no longer holds."""

from __future__ import annotations

from random import Random

import pytest
from journal_lines import new_id, rate
from learning_lab import Lab
from msgspec.structs import replace

from stablenew_tk.domain.insights.report import report
from stablenew_tk.domain.insights.result import due_result, is_outdated
from stablenew_tk.domain.insights.standing import blind_text, standing
from stablenew_tk.domain.journal.record import Void

STARS = {12: (2, 2, 1), 20: (3, 3, 2), 28: (5, 5, 4)}


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def rated(lab, stars=STARS, **changes):
    plan = lab.plan(**changes)
    lab.make(plan)
    lab.rate(stars)
    return plan


def store(lab, plan):
    seen = lab.board(plan)
    due = due_result(seen, report(seen), seen.earlier[-1] if seen.earlier else None, reveal=True)
    return lab.append(replace(due, event_id=new_id(), ts="2026-02-01T00:00:00.000Z")) if due is not None else None


class TestDue:
    def test_a_blind_plan_gets_one_only_to_reveal_it(self, lab):
        seen = lab.board(rated(lab, blind=True))
        assert due_result(seen, report(seen), None) is None
        assert due_result(seen, report(seen), None, reveal=True) is not None

    def test_an_open_plan_gets_one_with_its_first_stars(self, lab):
        plan = rated(lab, stars={})
        assert due_result(lab.board(plan), lab.report(plan), None) is None
        lab.rate({12: (3,)})
        assert due_result(lab.board(plan), lab.report(plan), None).summary.rated == 1

    def test_the_same_is_not_written_twice(self, lab):
        plan = rated(lab)
        assert store(lab, plan) is not None
        assert store(lab, plan) is None

    def test_a_report_that_a_rating_has_overtaken_is_not_written(self, lab):
        plan = rated(lab)
        old = lab.report(plan)
        lab.rate({12: (5,)})
        assert due_result(lab.board(plan), old, None) is None

    def test_undo_leads_to_one_that_equals_the_earlier(self, lab):
        plan = rated(lab)
        first = store(lab, plan)
        again = lab.append(rate(lab.made[28, 0], 1))
        second = store(lab, plan)
        lab.append(Void(event_id=new_id(), ts="2026-02-01T00:00:00.000Z", target=again.event_id))
        third = store(lab, plan)
        assert second.summary != first.summary
        assert (third.summary, third.steps) == (first.summary, first.steps)


def test_undo_of_any_rating_leads_back_to_exactly_the_verdict_before(lab):
    plan = rated(lab, stars={}, blind=False)
    dice, said, seen = Random(3), [], []
    for _ in range(14):
        seen.append(lab.report(plan))
        place = dice.choice(list(lab.made))
        again = dice.random() < 0.2
        said.append(lab.append(rate(lab.made[place], dice.randint(0, 5) if not again else 3, repeat=again)))
    while said:
        lab.append(Void(event_id=new_id(), ts="2026-02-01T00:00:00.000Z", target=said.pop().event_id))
        found, before = lab.report(plan), seen.pop()
        assert (found.insight, found.verdict, found.next) == (before.insight, before.verdict, before.next)


class TestOutdated:
    def test_stars_pictures_and_older_versions_make_it_so(self, lab):
        plan = rated(lab, stars={**STARS, 28: (5, 5)})
        assert is_outdated(lab.board(plan))
        store(lab, plan)
        assert not is_outdated(lab.board(plan))
        lab.rate({28: (None, None, 4)})
        assert is_outdated(lab.board(plan))
        written = store(lab, plan)
        lab.append(replace(written, event_id=new_id(), method=0))
        assert is_outdated(lab.board(plan))
        store(lab, plan)
        assert not is_outdated(lab.board(plan))
        lab.make(plan, plan.cells()[:1], ts="2026-03-01T00:00:00.000Z")
        assert is_outdated(lab.board(plan))

    def test_a_blind_plan_without_one_is_left_alone(self, lab):
        assert not is_outdated(lab.board(rated(lab, blind=True)))


class TestBlind:
    def test_stars_given_in_sight_are_counted_everywhere(self, lab):
        plan = lab.plan(blind=True)
        lab.make(plan)
        for place, picture in lab.made.items():
            lab.append(rate(picture, 3, blind=place[0] != 12))
        found = lab.report(plan)
        assert (found.not_blind, standing(lab.board(plan)).not_blind) == (3, 3)
        assert "6 blind, 3 open" in found.verdict.sentence + found.remark

    def test_the_stars_that_hold_decide(self, lab):
        plan = lab.plan(blind=True)
        lab.make(plan)
        picture = lab.made[12, 0]
        lab.append(rate(picture, 3, blind=True))
        in_sight = lab.append(rate(picture, 4))
        assert lab.report(plan).not_blind == 1
        lab.append(rate(picture, None, note="dark"))
        lab.append(Void(event_id=new_id(), ts="", target=in_sight.event_id))
        assert lab.report(plan).not_blind == 0

    @pytest.mark.parametrize(
        ("not_blind", "words"), [(0, "all rated blind"), (2, "1 blind, 2 open"), (3, "none rated blind")]
    )
    def test_in_words(self, not_blind, words):
        assert blind_text(3, not_blind) == words
