"""A Learning Run as it stands: which places are made, failed or missing, and what of it is evidence."""

from __future__ import annotations

import pytest
from journal_lines import new_id, output, rate, record, reopened, undo
from learning_lab import Lab

from stablenew_tk.domain.insights.machine_rows import plan_row
from stablenew_tk.domain.insights.matrix import axis_value, board, evidence
from stablenew_tk.domain.insights.report import report
from stablenew_tk.domain.insights.standing import standing
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.runs.plan import PlanCell, PlanPrompt, job_for

VALUES = (12, 20, 28)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def stars(found):
    return sorted((one.value, one.row, one.stars) for one in found.ratings)


def states(seen):
    return {(cell.value, cell.cell.row): cell.state for cell in seen.cells}


class TestCells:
    def test_a_new_plan_waits_everywhere(self, lab):
        seen = lab.board(lab.plan(rows=2))
        assert set(states(seen).values()) == {"waiting"}
        assert (seen.made, seen.failed) == (0, 0)
        assert [cell.seed for cell in seen.cells] == [0, 0, 0, 1, 1, 1]
        assert board(History(), "P") is None

    @pytest.mark.parametrize(
        ("tries", "state"),
        [
            (["failed"], "failed"),
            (["partial"], "failed"),
            (["cancelled"], "waiting"),
            (["failed", "ok"], "made"),
            (["ok", "failed"], "made"),
            (["failed", "cancelled"], "failed"),
            (["cancelled", "ok"], "made"),
        ],
    )
    def test_a_place_is_made_failed_or_still_waits(self, lab, tries, state):
        plan = lab.plan()
        for status in tries:
            lab.make(plan, [PlanCell(0, 0)], status=status)
        cell = lab.board(plan).cells[0]
        assert (cell.state, cell.tries, len(cell.images)) == (state, len(tries), state == "made")

    def test_a_failed_place_is_missing_and_never_a_rating(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan, [PlanCell(0, 0)])
        lab.make(plan, [PlanCell(1, 0), PlanCell(2, 0)], status="failed", outputs=())
        lab.append(rate(lab.made[12, 0], 4))
        seen = lab.board(plan)
        assert (seen.made, seen.failed, standing(seen).all_rated) == (1, 2, True)
        assert stars(evidence(seen)) == [(12, 0, 4)]

    def test_a_record_taken_back_leaves_its_place_empty(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        made = next(line for line in _records(lab) if line.learning.step_id == plan.step_id(PlanCell(0, 0)))
        lab.append(undo(made))
        assert lab.board(plan).cells[0].state == "waiting"

    def test_only_rows_with_nothing_left_to_make_may_be_shown_blind(self, lab):
        plan = lab.plan(rows=3)
        lab.make(plan, plan.cells()[:5])
        assert {cell.row for cell in lab.board(plan).open_cells()} == {0}
        lab.make(plan, [plan.cells()[5]], status="failed", outputs=())
        assert {cell.row for cell in lab.board(plan).open_cells()} == {0, 1}

    def test_all_is_rated_when_every_picture_that_counts_has_stars(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan, [PlanCell(0, 0)], suspect=("black",))
        lab.make(plan, [PlanCell(1, 0), PlanCell(2, 0)])
        lab.rate({20: [3]})
        assert not standing(lab.board(plan)).all_rated
        lab.rate({28: [1]})
        assert standing(lab.board(plan)).all_rated

    def test_a_plan_kept_through_the_snapshot_looks_the_same(self, lab):
        plan = lab.plan(rows=2)
        lab.make(plan)
        lab.rate({12: [1, 2]})
        history = lab.history()
        assert board(reopened(history), plan.plan_id) == board(history, plan.plan_id)


class TestEvidence:
    def test_stars_with_their_value_and_row_nothing_else(self, lab):
        plan = lab.plan(rows=2)
        lab.make(plan)
        lab.rate({12: [1, None], 28: [5, 4]})
        found = evidence(lab.board(plan))
        assert stars(found) == [(12, 0, 1), (28, 0, 5), (28, 1, 4)]
        assert (found.suspect, found.foreign, found.sketch, found.checkpoint) == (0, 0, False, "dream.safetensors")

    def test_value_0_and_row_0_are_evidence(self, lab):
        plan = lab.plan("lora:rain", (0.0, 0.5), rows=1)
        lab.make(plan)
        lab.rate({0.0: [5], 0.5: [2]})
        assert stars(evidence(lab.board(plan))) == [(0.0, 0, 5), (0.5, 0, 2)]

    def test_suspect_pictures_are_left_out_although_they_have_stars(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan, [PlanCell(0, 0)], suspect=("black",))
        lab.make(plan, [PlanCell(1, 0)])
        lab.rate({12: [5], 20: [3]})
        found = evidence(lab.board(plan))
        assert (stars(found), found.suspect) == ([(20, 0, 3)], 1)

    def test_pictures_of_another_checkpoint_are_left_out(self, lab):
        plan = lab.plan(rows=2)
        lab.make(plan, plan.cells()[:5])
        other = plan.base_config.__class__(checkpoint="ink")
        lab.make(plan, plan.cells()[5:], config=other)
        lab.rate({12: [3, 3], 28: [2, 5]})
        found = evidence(lab.board(plan))
        assert (stars(found), found.foreign) == ([(12, 0, 3), (12, 1, 3), (28, 0, 2)], 1)

    def test_sketches_are_never_mixed_with_real_pictures(self, lab):
        plan = lab.plan(rows=2)
        lab.make(plan, plan.cells()[:4])
        sketch = record(kind="sketch").backend
        lab.make(plan, plan.cells()[4:], backend=sketch)
        lab.rate({12: [3, 3], 20: [2, 5], 28: [1, 5]})
        found = evidence(lab.board(plan))
        assert (len(found.ratings), found.foreign, found.sketch) == (4, 2, False)

    def test_where_the_checkpoint_is_varied_it_may_differ(self, lab):
        plan = lab.plan("checkpoint", ("dream", "ink"), rows=1)
        lab.make(plan)
        lab.rate({"dream": [3], "ink": [5]})
        found = evidence(lab.board(plan))
        assert (stars(found), found.foreign, found.checkpoint) == ([("dream", 0, 3), ("ink", 0, 5)], 0, "")

    def test_a_picture_shown_again_counts_as_said_again(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        lab.rate({12: [4]})
        lab.append(rate(lab.made[12, 0], 3, repeat=True))
        found = evidence(lab.board(plan))
        assert stars(found) == [(12, 0, 3), (12, 0, 4)]
        assert len({one.image for one in found.ratings}) == 1
        assert standing(lab.board(plan)).rated == 1

    def test_stars_of_a_picture_shown_again_do_not_count_before_it_has_its_own(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        lab.append(rate(lab.made[12, 0], 3, repeat=True))
        assert evidence(lab.board(plan)).ratings == ()

    def test_the_order_of_the_ratings_is_that_in_which_they_were_given(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        for value in (28, 12, 20):
            lab.append(rate(lab.made[value, 0], 3))
        lab.append(rate(lab.made[28, 0], 4, repeat=True), said := rate(lab.made[28, 0], 5))
        found = evidence(lab.board(plan)).ratings
        ranked = [(one.value, one.stars) for one in sorted(found, key=lambda one: one.nth)]
        assert ranked == [(12, 3), (20, 3), (28, 4), (28, 5)]
        lab.append(undo(said))
        found = evidence(lab.board(plan)).ratings
        ranked = [(one.value, one.stars) for one in sorted(found, key=lambda one: one.nth)]
        assert ranked == [(28, 3), (12, 3), (20, 3), (28, 4)]

    def test_every_rating_knows_its_prompt(self, lab):
        plan = lab.plan(rows=2, prompts=(PlanPrompt("p1", "rain"), PlanPrompt("p2", "snow")), seeds=(1, 2, 3, 4))
        lab.make(plan)
        lab.rate(dict.fromkeys(VALUES, (3, 4, 3, 4)))
        found = evidence(lab.board(plan)).ratings
        assert {(one.row, one.prompt) for one in found} == {(0, 0), (1, 1), (2, 0), (3, 1)}

    def test_an_undone_rating_is_gone(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        said = lab.append(rate(lab.made[12, 0], 5))
        lab.append(undo(said))
        assert evidence(lab.board(plan)).ratings == ()

    def test_everyday_pictures_of_the_same_pack_are_no_evidence(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan)
        picture = output()
        lab.append(record(pack_id="rain", outputs=(picture,)), rate(picture, 5))
        assert evidence(lab.board(plan)).ratings == ()

    def test_switches_are_names(self):
        assert [axis_value(value) for value in (True, False, 0.0, 3, "Heun")] == ["on", "off", 0.0, 3, "Heun"]


def _records(lab):
    from stablenew_tk.storage.journal.reader import recent

    return [folded.record for folded in recent(lab.journal, 99)]


def test_a_failed_try_and_the_good_one_after_it_are_one_place(lab):
    plan = lab.plan(rows=1)
    for status in ("failed", "ok"):
        job = job_for(plan, PlanCell(0, 0), job_id=new_id())
        lab.append(record(run_id=job.run_id, job_id=job.job_id, learning=job.learning, status=status))
    seen = lab.board(plan)
    assert (seen.made, seen.failed, seen.cells[0].tries, len(seen.images)) == (1, 0, 2, 1)


class TestMachines:
    CELLS = tuple(PlanCell(variant, row) for row in range(2) for variant in range(3))

    def made(self, lab, prints, rows=2):
        """A plan whose places were made by machines with these fingerprints, in their order, and rated."""
        plan = lab.plan(rows=rows)
        for cell, printed in zip(self.CELLS, prints, strict=False):
            made_by = BackendInfo(kind="webui", name="WebUI", node=f"node-{printed or 'old'}", fingerprint=printed)
            lab.make(plan, [cell], backend=made_by)
        lab.rate({value: [3, 4] for value in VALUES})
        return lab.board(plan)

    def test_a_row_that_unlike_machines_share_counts_as_one_row_for_each(self, lab):
        seen = self.made(lab, ["a", "a", "b", "b", "b", "b"])
        rows = {(one.value, one.row) for one in evidence(seen).ratings}
        assert {row for value, row in rows if value != 28} == {0, 1}
        apart = next(row for value, row in rows if value == 28 and row != 1)
        assert (apart < 0, plan_row(apart)) == (True, 0)
        found = report(seen)
        assert found.insight.rows == 2
        assert "2 kinds of machines (node-a; node-b)" in found.remark
        assert all(cell.row >= 0 for cell in found.next)

    @pytest.mark.parametrize("prints", [["a"] * 6, ["a", "", "a", "a", "", "a"], [""] * 6])
    def test_machines_that_are_alike_or_unknown_share_their_rows_and_nothing_is_said(self, lab, prints):
        seen = self.made(lab, prints)
        assert {one.row for one in evidence(seen).ratings} == {0, 1}
        assert "machines" not in report(seen).remark
