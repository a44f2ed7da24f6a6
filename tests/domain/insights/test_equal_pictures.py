"""Pictures of a Learning Run that are the same, pixel for pixel: rated once, and an answer that is certain."""

from __future__ import annotations

import pytest
from journal_lines import rate, undo
from learning_lab import Lab, spaced
from msgspec.structs import replace

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.domain.insights.equal_pictures import all_equal, equal_values, no_effect
from stablenew_tk.domain.insights.matrix import evidence
from stablenew_tk.domain.insights.report import step_ratings, summary
from stablenew_tk.domain.insights.report_json import document
from stablenew_tk.domain.insights.standing import standing

STILL = with_values(PipelineConfig(), {"txt2img.enabled": False, "img2img.denoise": 0.0})


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def twins(value, row):
    """12 and 20 steps give the same picture, 28 steps another one."""
    return f"{'few' if value < 28 else 'many'} {row}"


def same(_value, row):
    return f"picture {row}"


def counts(lab, plan):
    """Rated and wanted pictures as the standing, the matrix and the report count them: always the same."""
    board = lab.board(plan)
    now, matrix, report = standing(board), blind_matrix(board), lab.report(plan)
    assert (now.rated, now.wanted) == (matrix.rated, matrix.wanted) == (report.rated, report.total)
    return now.rated, now.wanted


class TestEqualCellsAreOne:
    def test_pictures_without_a_hash_are_never_equal(self, lab):
        plan = lab.plan()
        lab.make(plan)
        assert counts(lab, plan) == (0, 9)
        assert not all_equal(lab.board(plan))
        assert equal_values(lab.board(plan)) == ()

    def test_the_same_picture_is_asked_for_once_a_row(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        assert counts(lab, plan) == (0, 6)
        assert (standing(lab.board(plan)).unrated, standing(lab.board(plan)).asked) == (6, 6)

    def test_pictures_of_different_seeds_are_not_one(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=lambda _value, _row: "always the same")
        assert counts(lab, plan) == (0, 3)

    @pytest.mark.parametrize("rated", [12, 20])
    def test_stars_and_tags_count_for_the_equal_picture_too(self, lab, rated):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        lab.append(rate(lab.made[rated, 1], 4, tags_added=("hands",)))
        found = evidence(lab.board(plan))
        assert sorted((one.value, one.row, one.stars) for one in found.ratings) == [(12, 1, 4), (20, 1, 4)]
        assert counts(lab, plan) == (1, 6)
        assert [step.tags for step in step_ratings(lab.board(plan))[3:6]] == [("hands",), ("hands",), ()]

    def test_undo_takes_them_from_both(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        stars = lab.append(rate(lab.made[12, 0], 4))
        lab.append(undo(stars))
        assert counts(lab, plan) == (0, 6)

    def test_both_keep_stars_of_their_own(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        lab.rate({12: (4,), 20: (3,)})
        assert [shown.facts.rating for shown in lab.board(plan).images[:3]] == [4, 3, 0]
        assert counts(lab, plan) == (1, 6)

    def test_a_suspect_picture_is_equal_to_none(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan, plan.cells()[:2], pixels=same)
        lab.make(plan, plan.cells()[2:], pixels=same, suspect=("black",))
        lab.rate({12: (4,)})
        assert standing(lab.board(plan)).suspect == 1
        assert counts(lab, plan) == (1, 1)
        assert not all_equal(lab.board(plan))

    def test_pictures_of_another_checkpoint_are_equal_to_none(self, lab):
        plan = lab.plan(rows=1)
        lab.make(plan, plan.cells()[:2], pixels=same)
        lab.make(plan, plan.cells()[2:], pixels=same, config=PipelineConfig(checkpoint="other"))
        assert standing(lab.board(plan)).wanted == 2
        assert (lab.report(plan).total, lab.report(plan).foreign) == (1, 1)

    def test_equal_values_are_named(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        lab.rate({12: (2, 2, 1), 28: (5, 5, 4)})
        found = lab.report(plan)
        assert found.same == ((12, 20),)
        assert found.remark.startswith("12 and 20: the same picture on every seed.")
        assert (found.rated, found.total) == (6, 6)

    def test_a_rating_of_the_equal_picture_is_no_useful_suggestion(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=twins)
        lab.rate({12: (2,), 28: (5,)})
        found = lab.report(plan)
        assert found.rate_next
        assert all(cell.variant != 1 for cell in (*found.rate_next, *found.next))


class TestNoDifferenceAtAll:
    def test_it_is_certain_without_any_stars(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=same, seconds=lambda value: value / 4)
        found = lab.report(plan)
        assert (found.verdict.state, found.verdict.value, found.verdict.probability) == ("no_difference", 12, 1.0)
        assert found.verdict.headline == "No difference at all: the pictures are the same."
        assert spaced(found.verdict.meaning) == (
            "Take 12 steps (2.3x faster) for the prompt “p1” and this checkpoint."
            " It is 2.3x faster than 28 steps, the slowest."
        )
        assert found.remark.startswith("Steps had no effect. The engine probably ignores it")
        assert (found.next, found.rate_next) == ((), ())
        assert (summary(found).probability, document(found).verdict.value) == (1.0, 12)

    def test_one_whole_row_is_enough(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[:3], pixels=same)
        assert lab.report(plan).verdict.probability == 1.0
        assert lab.report(plan).verdict.meaning == "Take any for the prompt “p1” and this checkpoint."

    def test_half_a_row_is_not(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[:2], pixels=same)
        assert lab.report(plan).verdict.state == "too_early"

    def test_one_row_with_a_difference_is_a_difference(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=lambda value, row: f"{row} {value if row == 2 else ''}")
        assert lab.report(plan).verdict.state == "too_early"

    def test_stars_do_not_change_it(self, lab):
        plan = lab.plan()
        lab.make(plan, pixels=same)
        lab.rate({12: (5, 4, 5)})
        found = lab.report(plan)
        assert (found.verdict.state, found.verdict.probability) == ("no_difference", 1.0)
        assert (found.rated, found.total) == (3, 3)
        assert [value.stars for value in found.values] == [(5, 4, 5)] * 3

    @pytest.mark.parametrize(
        ("path", "changes", "reason"),
        [
            ("clip_skip", {}, "SDXL"),
            ("lora:rain", {}, "did not find the LoRA"),
            ("txt2img.cfg_scale", {"backend_kind": "sketch"}, "sketch engine"),
            ("txt2img.cfg_scale", {}, "ignores it"),
            ("img2img.steps", {"start_image": "a.png", "base_config": STILL}, "Denoise is 0"),
            ("adetailer.passes.0.confidence", {"start_image": "a.png", "base_config": STILL}, "nothing to repair"),
        ],
    )
    def test_the_likely_reason_is_told(self, lab, path, changes, reason):
        assert reason in no_effect(lab.plan(path, (1.0, 2.0), **changes))

    def test_a_part_that_is_off_is_told(self, lab):
        plan = lab.plan("hires.denoise", (0.2, 0.4))
        assert "is off" not in no_effect(plan)
        assert no_effect(replace(plan, base_config=PipelineConfig())).endswith("What uses it (hires) is off.")
