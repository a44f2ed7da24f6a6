"""The Learn page: a Learning Run rated blind by keys, nothing told before its time, and the list of all of them."""

from __future__ import annotations

import msgspec
import pytest
from journal_lines import rate
from open_window import choose_file
from plans import VALUES, Desk, PlanCell, button, name_of, plan, record, texts

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.insights.standing import standing
from stablenew_tk.domain.insights.verdict_text import figure
from stablenew_tk.domain.runs.plan import PlanMetadata
from stablenew_tk.gui.learn.rating.picture_panel import MOST_COMPARED
from stablenew_tk.gui.widgets import theme
from stablenew_tk.pipeline.messages.journal import AppendLines, HistoryLoaded
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady
from stablenew_tk.pipeline.messages.plans import Analyse, InsightReady, PlanRead
from stablenew_tk.pipeline.messages.settings import SettingsChanged

try:
    import resource
except ImportError:
    resource = None

LAST = PlanCell(4, 2)


@pytest.fixture
def desk(root, tmp_path):
    made = []

    def make(*arguments, **options):
        made.append(Desk(root, tmp_path / "data", *arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.controller.close()


def rating_desk(desk, *arguments, **options):
    d = desk(*arguments, **options)
    d.rate_plan()
    return d


# ---- rating blind


def test_fifteen_key_presses_rate_fifteen_pictures_and_reveal_the_values(desk):
    d = rating_desk(desk)
    shown = [d.plan_cell(cell) for cell in d.cells]
    d.press(*"345123451234512")
    d.until(lambda: not d.matrix.hidden)
    assert [d.rating(cell) for cell in shown] == [int(key) for key in "345123451234512"]
    d.until(lambda: d.view.head.headline.cget("text"))
    assert "rated" in d.view.head.remark.cget("text")
    assert [d.plan.variant_values[variant] for variant in d.matrix.columns] == sorted(VALUES)
    assert d.controller.history.plans.result("PLAN").summary.rated == 15


def test_nothing_on_the_page_tells_a_value_a_file_name_or_a_time_before_the_reveal(desk):
    d = rating_desk(desk, failed=(LAST,), suspect=(PlanCell(1, 1),))
    wanted = {cell.facts.image_id for cell in d.cells if cell.facts}
    d.until(lambda: wanted <= {event.image_id for event in d.events if isinstance(event, ThumbnailReady)})
    d.press("4", "n", "2", "space", "Right", "Escape", "c", "Escape", "Down", "Shift-Right")
    d.settle()
    seen = " | ".join(texts(d.page))
    assert "Rain city" in seen
    secrets = [str(value) for value in VALUES] + [str(seed) for seed in d.plan.seeds]
    assert [word for word in (*secrets, "value-", ".png", "7.2", "7.3") if word in seen] == []


def test_a_picture_that_cannot_be_read_does_not_tell_its_file_name_either(desk):
    d = desk()
    for path in d.places.outputs.glob("*.png"):
        path.unlink()
    d.rate_plan()
    d.until(lambda: any("cannot be read" in text for text in texts(d.view.panel)))
    d.press("space")
    d.until(lambda: any("cannot be read" in text for text in texts(d.view.viewer)))
    assert not [text for text in texts(d.page) if ".png" in text]


def test_what_is_said_while_blind_is_marked_as_blind_and_afterwards_not(desk):
    d = rating_desk(desk)
    d.press("n", *"345123451234512")
    d.until(lambda: not d.matrix.hidden)
    assert {said.get("blind", False) for said in d.feedback()} == {True}
    d.press("1", "2")
    d.settle()
    assert not d.feedback()[-1].get("blind", False)


def test_a_row_with_a_waiting_step_is_closed_until_it_is_made(desk):
    d = rating_desk(desk, without=(LAST,))
    assert [line.open for line in d.matrix.lines] == [True, True, False]
    d.press("End", "5")
    assert d.view.foot.message == "Nothing to rate here yet"
    assert not d.feedback()


def test_when_the_next_row_opens_rating_goes_on_there_by_itself(desk):
    d = rating_desk(desk, without=(LAST,))
    d.press(*"3451234512")
    d.settle()
    assert d.current.line == 1
    assert "A row opens" in d.view.foot.message
    d.controller.ask(AppendLines(lines=(record(d.plan, LAST),)))
    d.until(lambda: d.current.line == 2)
    assert d.current.asks


def test_a_failed_step_is_missing_and_the_rest_is_enough_for_the_verdict(desk):
    d = rating_desk(desk, failed=(LAST,))
    assert "missing" in texts(d.view.matrix)
    d.press(*"34512345123451")
    d.until(lambda: not d.matrix.hidden)
    assert d.controller.history.plans.result("PLAN").summary.rated == 14


def test_a_suspect_picture_is_passed_over_and_takes_no_stars(desk):
    d = rating_desk(desk, suspect=(PlanCell(2, 0),))
    suspect = next(cell for cell in d.cells if cell.facts.suspect)
    d.press(*"3333")
    d.settle()
    assert d.rating(PlanCell(2, 0)) == 0
    assert d.current.line == 1
    d.view.session.cursor.go_to(suspect.number)
    d.press("4")
    assert "does not count" in d.view.foot.message
    assert len(d.feedback()) == 4


def test_undo_clears_the_stars_and_brings_the_picture_back_into_sight(desk):
    d = rating_desk(desk)
    first = d.current
    d.press("4", "2")
    d.settle()
    d.press("End", "Control-z", "Control-z")
    d.until(lambda: d.rating(d.plan_cell(first)) == 0)
    d.until(lambda: d.view.session.cursor.current == first.number)
    d.press("Control-y")
    d.until(lambda: d.rating(d.plan_cell(first)) == 4)


def test_leaving_and_coming_back_goes_on_where_it_was_left(desk):
    d = rating_desk(desk)
    d.press("4", "2", "5")
    d.settle()
    d.press("Escape")
    assert d.page.title[0] == "Learn"
    d.close()
    d.open()
    d.rate_plan()
    assert d.view.session.cursor.current == 3
    assert [cell.stars for cell in d.cells[:4]] == [4, 2, 5, 0]


def test_reveal_now_shows_the_values_although_not_all_is_rated(desk):
    d = rating_desk(desk)
    d.press("4", "2")
    d.settle()
    d.view.head.reveal.invoke()
    d.until(lambda: not d.matrix.hidden)
    d.until(lambda: d.view.head.headline.cget("text").startswith("Too early"))
    heads = [word for word in texts(d.view.matrix) if word in {str(value) for value in VALUES}]
    assert sorted(heads, key=int) == [str(value) for value in sorted(VALUES)]


def test_the_result_is_written_once(desk):
    d = rating_desk(desk)
    d.press(*"345123451234512")
    d.until(lambda: not d.matrix.hidden)
    for _ in range(20):
        d.step()
    assert len(d.controller.history.plans.results("PLAN")) == 1


def test_after_reveal_now_every_rating_writes_a_result_and_undo_one_that_equals_the_earlier(desk):
    d = rating_desk(desk)
    d.press("4", "2")
    d.settle()
    d.view.head.reveal.invoke()
    d.until(lambda: not d.matrix.hidden)
    written = d.controller.history.plans.results
    d.until(lambda: len(written("PLAN")) == 1 and not d.results.busy)
    d.view.matrix.canvas.focus_force()
    d.press("u", "5")
    d.until(lambda: len(written("PLAN")) == 2 and not d.results.busy)
    d.press("Control-z")
    d.until(lambda: len(written("PLAN")) == 3 and not d.results.busy)
    first, second, third = (one.summary for one in written("PLAN"))
    assert (first.rated, second.rated, second.not_blind) == (2, 3, 1)
    assert third == first
    d.until(lambda: d.view.session.report.verdict.sentence == third.sentence)


def test_stars_given_in_sight_are_not_called_blind(desk):
    d = rating_desk(desk)
    d.press(*"345123451234512")
    d.until(lambda: not d.matrix.hidden and d.view.session.report is not None)
    d.until(lambda: "15 of 15 pictures rated on 3 seeds; all rated blind." in d.view.head.remark.cget("text"))
    said = figure(d.view.session.report.verdict)
    assert (d.view.head.figure.number.cget("text"), d.view.head.figure.claim.cget("text")) == said
    d.view.matrix.canvas.focus_force()
    d.press("5" if d.current.stars == 1 else "1")
    d.until(lambda: "14 blind, 1 open" in d.view.head.meaning.cget("text"))
    assert "blind" not in d.view.head.remark.cget("text"), "it is said once"
    d.press("Escape")
    d.until(lambda: "15 of 15, 14 blind, 1 open" in texts(d.page.plans.card))


def test_a_plan_whose_stars_were_complete_at_a_crash_is_revealed_when_it_is_opened(desk):
    d = desk()
    for cell in d.plan.cells():
        saved = d.writer.append(rate(name_of(cell), 3, blind=True))
        d.controller.history.fold(saved.line, saved.position)
    d.rate_plan()
    d.until(lambda: d.controller.history.plans.result("PLAN") is not None)


def test_stars_changed_after_the_reveal_change_the_verdict_in_sight(desk):
    d = rating_desk(desk)
    d.press(*"345123451234512")
    d.until(lambda: not d.matrix.hidden and d.view.session.report is not None)
    before = d.view.session.report
    d.press("1", "1", "1")
    d.until(lambda: d.view.session.report is not before)
    assert len(d.controller.history.plans.results("PLAN")) <= 2


def test_a_note_belongs_to_the_picture_it_was_typed_for_when_another_place_is_clicked(desk):
    d = rating_desk(desk)
    first, third = d.plan_cell(d.cells[0]), d.plan_cell(d.cells[2])
    d.press("F2", "4", "c")
    at = d.view.matrix.bounds(d.cells[2])
    d.view.matrix.canvas.event_generate("<ButtonPress-1>", x=at.x + 20, y=at.y + 20)
    d.root.update()
    assert d.view.session.cursor.current == 2
    d.until(lambda: d.facts(first).note or d.facts(third).note)
    assert (d.facts(first).note, d.facts(third).note) == ("4c", "")


@pytest.mark.skipif(resource is None, reason="Windows has no file size limits to play a full disk with")
def test_stars_that_the_disk_refused_are_still_known_after_a_look_at_another_plan(desk):
    d = desk()
    other = plan(plan_id="OTHER", name="Another")
    d.writer.append(other)
    d.close()
    d.open()
    d.rate_plan()
    size = max(path.stat().st_size for path in d.places.journal.glob("*.jsonl"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        d.press("4")
        d.until(lambda: "not saved yet" in texts(d.view.matrix))
        d.page.open_plan("OTHER")
        d.step()
        d.page.open_plan("PLAN")
        d.step()
        assert "not saved yet" in texts(d.view.matrix)
        assert d.view.session.cursor.current == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    d.settle()


# ---- shown twice


def test_a_second_look_goes_out_as_a_repeat_and_leaves_the_first_stars_alone(desk):
    d = rating_desk(desk, plan(show_twice=True))
    d.press(*"333333333333333")
    d.until(lambda: d.current.again and d.current.asks)
    assert "rated" in texts(d.view.matrix)
    cells = [d.plan_cell(cell) for cell in d.matrix.lines[-1].cells]
    d.press("5", "4")
    d.until(lambda: not d.matrix.hidden)
    history = d.controller.history
    assert [history.unblinded().repeats(history.row_of(name_of(cell))) for cell in cells] == [(5,), (4,)]
    assert [d.rating(cell) for cell in cells] == [3, 3]
    assert [said["repeat"] for said in d.feedback() if said.get("repeat")] == [True, True]


def test_undo_takes_a_second_look_back_and_asks_again(desk):
    d = rating_desk(desk, plan(show_twice=True))
    d.press(*"333333333333333")
    d.until(lambda: d.current.again and d.current.asks)
    again = d.current
    d.press("5")
    d.settle()
    d.press("Control-z")
    d.until(lambda: d.current.number == again.number and d.current.asks)


# ---- keys


def test_tags_notes_and_zero(desk):
    d = rating_desk(desk, go_on_after_rating=False)
    cell = d.plan_cell(d.current)
    d.press("4", "n", "g")
    d.until(lambda: d.facts(cell).tags == ("too noisy", "great composition"))
    d.press("n", "0")
    d.until(lambda: d.facts(cell).tags == ("great composition",) and d.rating(cell) == 0)
    d.press("F2", "4", "c")
    d.press("Return")
    d.until(lambda: d.facts(cell).note == "4c")
    assert d.view.session.cursor.current == 0


def test_a_tag_or_note_right_after_stars_belongs_to_the_picture_just_rated_and_the_page_says_so(desk):
    d = rating_desk(desk)
    first, second = d.plan_cell(d.cells[0]), d.plan_cell(d.cells[1])
    assert "Tags go to this picture" in texts(d.view.panel)
    d.press("4", "n")
    d.until(lambda: d.facts(first).tags == ("too noisy",))
    d.until(lambda: "Tags go to: seed 1, picture 1 (4 stars)" in texts(d.view.panel))
    assert "tags here" in texts(d.view.matrix)
    d.until(lambda: button(d.view.panel, "too noisy").selected)
    d.press("F2", "4", "c", "Return")
    d.until(lambda: d.facts(first).note == "4c")
    d.press("Right", "Left", "g")
    d.until(lambda: d.facts(second).tags == ("great composition",))
    assert d.facts(first).tags == ("too noisy",)
    assert not [text for text in texts(d.page) if text.startswith("Tags go to: ") or text == "tags here"]


def test_in_full_size_and_side_by_side_a_tag_follows_the_stars_too(desk):
    d = rating_desk(desk)
    cells = [d.plan_cell(cell) for cell in d.cells]
    d.press("space", "4")
    assert any(text.startswith("Tags go to: seed 1, picture 1") for text in texts(d.view.viewer))
    d.press("n", "Escape", "c", "3", "n")
    d.until(lambda: d.facts(cells[0]).tags and d.facts(cells[1]).tags)
    d.press("Right", "Left", "g")
    d.until(lambda: d.facts(cells[2]).tags == ("great composition",))
    assert [d.facts(cell).tags for cell in cells[:2]] == [("too noisy",), ("too noisy",)]


def test_a_tag_after_the_last_stars_finds_its_picture_when_the_values_are_revealed(desk):
    d = rating_desk(desk)
    last = d.plan_cell(d.cells[-1])
    d.press(*"345123451234512")
    d.until(lambda: not d.matrix.hidden)
    d.press("n")
    d.until(lambda: d.facts(last).tags == ("too noisy",))


def test_undo_of_a_tag_leaves_the_stars(desk):
    d = rating_desk(desk)
    first = d.plan_cell(d.cells[0])
    d.press("4", "n")
    d.until(lambda: d.facts(first).tags == ("too noisy",))
    d.settle()
    d.press("Control-z")
    d.until(lambda: d.facts(first).tags == () and d.view.session.cursor.current == 0)
    assert d.rating(first) == 4


def test_u_goes_to_the_next_unrated_and_digits_of_the_number_pad_rate(desk):
    d = rating_desk(desk)
    d.view.matrix.canvas.event_generate("<KP_2>", state=0x10)
    d.settle()
    d.press("Home", "u")
    assert d.view.session.cursor.current == 1
    assert d.rating(d.plan_cell(d.cells[0])) == 2


def test_space_shows_full_size_arrows_walk_and_escape_ends_at_the_same_place(desk):
    d = rating_desk(desk)
    d.press("space", "Right", "Down")
    assert d.view.viewer.is_open
    assert d.view.session.cursor.current == 6
    d.press("5")
    d.settle()
    assert d.rating(d.plan_cell(d.cells[6])) == 5
    d.press("Escape")
    assert not d.view.viewer.is_open
    assert d.root.focus_get() is d.view.matrix.canvas
    assert d.view.session.cursor.current == 7


def test_c_shows_the_row_side_by_side_and_zooms_all_of_it_at_the_same_place(desk):
    d = rating_desk(desk)
    d.press("Down", "c")
    viewer = d.view.viewer
    assert len(viewer.rows) == 5
    d.press("z", "Right", "Down")
    d.until(lambda: len(viewer.parts) == 5)
    assert len(set(viewer.parts.values())) == 1
    d.press("z", "Right", "3")
    d.settle()
    assert d.rating(d.plan_cell(d.cells[6])) == 3
    d.press("c")
    assert not viewer.is_open


def test_marked_pictures_are_compared_and_only_the_framed_one_is_rated(desk):
    d = rating_desk(desk)
    d.press("Shift-Right", "Shift-Down")
    assert "3 chosen to compare" in d.view.foot.message
    d.press("c")
    assert len(d.view.viewer.rows) == 3
    d.press("Escape", "4")
    d.settle()
    assert len(d.feedback()) == 1
    d.press("Shift-Right", "Escape")
    assert not d.view.session.cursor.marked
    assert d.page.title[0] == "Rate a Learning Run"


def test_of_a_long_row_as_many_are_compared_as_there_is_room_for(desk):
    d = rating_desk(desk, plan(tuple(range(10, 19)), rows=1))
    d.press("End", "c")
    assert len(d.view.viewer.rows) == MOST_COMPARED
    assert d.view.viewer.current == d.current.facts.row


def test_a_stage_of_rating_without_blindness_has_the_values_in_sight(desk):
    d = rating_desk(desk, plan(blind=False))
    assert {str(value) for value in VALUES} <= set(texts(d.view.matrix))
    assert d.view.panel.name.cget("text") == "Seed 1, 23 steps"
    d.press(*"345123451234512")
    d.until(lambda: d.controller.history.plans.result("PLAN") is not None)
    assert not any(said.get("blind", False) for said in d.feedback())


def test_the_page_changes_to_light_and_back_while_open(desk):
    d = rating_desk(desk)
    theme.apply(d.root, "light")
    d.step()
    assert d.view.matrix.canvas.cget("bg") == theme.palette["bg"]
    theme.apply(d.root, "dark")


# ---- the list


def rows(d):
    return d.page.plans.rows


def heads(d):
    return [row.text for row in rows(d) if row.head]


def test_plans_stand_in_groups_by_what_they_wait_for(desk):
    d = desk()
    for name, without in (("STOPPED", PlanCell(0, 0)), ("SAVED", None)):
        other = plan(plan_id=name, run_name="x" if without else "")
        d.writer.append(other)
    d.close()
    d.open()
    d.until(lambda: heads(d) == ["To rate · 1", "Not all made: go on? · 2"])
    assert [row.right for row in rows(d) if not row.head] == [
        "0 of 15 rated",
        "not begun · 15 pictures",
        "0 of 15 made",
    ]
    assert d.page.title == ("Learn", "3 Learning Runs")


def test_enter_rates_the_chosen_plan(desk):
    d = desk()
    d.until(lambda: d.page.plans.chosen)
    d.page.plans.list.canvas.focus_force()
    d.press("Return")
    assert d.page.title[0] == "Rate a Learning Run"


def test_a_rating_moves_its_plan_and_no_other_is_worked_out_anew(desk, monkeypatch):
    d = desk()
    d.writer.append(plan(plan_id="OTHER"))
    d.close()
    d.open()
    d.until(lambda: d.page.plans.count == 2)
    asked = []
    real = d.page.plans.states.board
    monkeypatch.setattr(d.page.plans.states, "board", lambda name: asked.append(name) or real(name))
    d.controller.rate([name_of(PlanCell(0, 0))], rate("", 4))
    d.until(lambda: any(row.right == "1 of 15 rated" for row in rows(d)))
    assert set(asked) == {"PLAN"}


def test_the_verdict_is_listed_only_when_the_values_are_revealed(desk):
    d = rating_desk(desk)
    d.press(*"34512345123451")
    d.settle()
    d.press("Escape")
    d.controller.ask(Analyse(board=d.page.plans.states.board("PLAN")))
    d.until(lambda: any(isinstance(event, InsightReady) for event in d.events))
    d.settle()
    assert all("early" not in row.note and "Leading" not in row.note for row in rows(d))
    d.rate_plan()
    d.press("2")
    d.until(lambda: not d.matrix.hidden)
    d.press("Escape")
    d.until(lambda: heads(d) == ["Done · 1"])
    assert d.page.plans.card.headline.cget("text")


def test_a_run_without_any_difference_is_done_after_one_row_and_says_so(desk):
    d = desk(without=plan().cells(), backend="sketch")
    small = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 2, "hires.denoise": 0.0}
    d.until(lambda: d.controller.capabilities is not None)
    d.controller.learning.start(
        plan(
            (2, 3, 4),
            plan_id="SAME",
            focus_parameter="hires.steps",
            backend_kind="",
            base_config=with_values(PipelineConfig(), small),
            run_name="",
        )
    )
    d.until(lambda: d.controller.history.plans.result("SAME") is not None and d.controller.running is None)
    d.until(lambda: "Done · 1" in heads(d))
    done = next(row for row in rows(d) if row.note.startswith("No difference ·"))
    assert done.right == "3 of 9 made · nothing to rate"
    d.page.open_plan("SAME")
    d.until(lambda: d.view.head.headline.cget("text"))
    assert d.view.head.headline.cget("text") == "No difference at all: the pictures are the same."
    assert d.view.head.remark.cget("text").startswith("Steps (hires) had no effect. Denoise is 0")
    assert d.view.session.to_make == 6


def test_go_on_makes_what_is_missing_and_says_so_when_nothing_is(desk):
    d = desk(without=(LAST,), backend="http://127.0.0.1:9")
    d.controller.pause(True)
    d.until(lambda: d.page.plans.chosen)
    d.page.plans.card.go_on.invoke()
    assert [job.learning.step_id for job in d.controller.queue] == [d.plan.step_id(LAST)]
    d.until(lambda: heads(d) == ["Running · 1"])
    d.page.go_on("PLAN")
    assert d.said == ["Nothing of this Learning Run is missing."]


def test_what_cannot_go_on_says_why(desk):
    d = desk(without=(LAST,), backend="sketch")
    d.until(lambda: d.page.plans.chosen)
    d.page.plans.card.go_on.invoke()
    assert "cannot be compared" in d.said[0]
    assert not d.controller.queue


def test_without_learning_runs_the_page_says_what_one_is(desk):
    d = desk()
    d.close()
    for path in d.places.journal.glob("*"):
        path.unlink()
    for path in d.places.snapshot.parent.glob(d.places.snapshot.name):
        path.unlink()
    d.open()
    d.until(lambda: any("No Learning Runs yet" in text for text in texts(d.page.plans)))


@pytest.mark.parametrize("mode", ["off", "passive", "active"])
def test_a_learning_run_can_be_asked_for_in_every_mode(desk, mode):
    d = desk(learning=mode)
    assert d.page.plans.new.enabled
    d.page.plans.new.invoke()
    d.until(lambda: d.page.title[1] == "New Learning Run")


def test_where_learning_is_off_the_page_says_what_that_means_and_offers_to_switch_it_on(desk):
    d = desk(learning="off")
    d.until(lambda: d.page.plans.mode_bar.winfo_manager())
    d.page.plans.switch.invoke()
    d.until(lambda: not d.page.plans.mode_bar.winfo_manager())
    assert d.controller.settings.learning == "active"
    assert any(isinstance(event, SettingsChanged) for event in d.events)


def test_a_plan_file_that_cannot_be_used_is_told_and_nothing_is_begun(desk, tmp_path):
    d = desk()
    path = tmp_path / "plan.json"
    path.write_text('{"focus_parameter": "txt2img.stepz"}')
    d.page.on_event(PlanRead(path=path, plan=None, problem="focus_parameter: there is no txt2img.stepz."))
    assert d.said == ["focus_parameter: there is no txt2img.stepz."]
    assert d.page.title[0] == "Learn"


def test_a_plan_can_be_written_as_a_file(desk, tmp_path):
    d = desk()
    d.until(lambda: d.page.plans.chosen)
    path = tmp_path / "mine.json"
    d.page.plans.card.export.invoke()
    choose_file(d.root, d.until, path)
    d.until(lambda: d.said)
    assert str(path) in d.said[0]
    assert msgspec.json.decode(path.read_bytes())["focus_parameter"] == "txt2img.steps"


def test_the_see_insight_button_leads_to_the_insight(desk):
    d = rating_desk(desk, plan(blind=False))
    d.press("3", "4")
    d.settle()
    button(d.view.head, "See insight").invoke()
    assert d.insights == ["PLAN"]
    d.press("Control-Return")
    assert d.insights == ["PLAN", "PLAN"], "it is the gold one, which Ctrl+Enter presses"


def test_a_plan_asked_for_before_the_history_is_there_opens_when_it_is(desk):
    d = desk()
    d.close()
    history, d.controller = d.controller.history, d.controller
    assert history is not None
    d.open()
    d.controller.history, known = None, d.controller.history
    d.page.open_plan("PLAN")
    assert d.page.title[0] == "Learn"
    d.controller.history = known
    d.page.on_event(HistoryLoaded(history=known, recent=(), waiting=(), damaged=0, newer=0))
    assert d.page.title[0] == "Rate a Learning Run"


def test_a_standing_counts_what_can_be_rated_now(desk):
    d = desk(without=(LAST,), failed=(PlanCell(0, 0),), suspect=(PlanCell(1, 1),))
    now = standing(d.page.plans.states.board("PLAN"))
    assert (now.made, now.waiting, now.failed, now.suspect) == (13, 1, 1, 1)
    assert (now.asked, now.wanted) == (8, 13)
    assert now.state(0) == "rate"
    assert now.state(2) == "running"


def test_failed_and_suspect_pictures_are_neither_rated_nor_wanted_in_list_card_and_head(desk):
    d = desk(failed=(LAST,), suspect=(PlanCell(1, 1),))
    d.until(lambda: heads(d) == ["To rate · 1"])
    assert "0 of 13 rated · 1 failed" in [row.right for row in rows(d)]
    assert "0 of 13" in texts(d.page.plans.card)
    d.rate_plan()
    assert d.view.head.count.cget("text") == "0 of 13 rated"


def test_the_card_says_who_asked_for_a_plan_and_why(desk):
    d = desk(plan(metadata=PlanMetadata(who="imported from x.json", notes="too flat")))
    d.until(lambda: d.page.plans.chosen)
    d.until(lambda: {"Who", "imported from x.json", "Note", "too flat"} <= set(texts(d.page.plans.card)))


def test_keys_of_every_view_are_listed_for_f1(desk):
    d = desk()
    assert ("Enter", "rate the chosen one") in d.page.key_words
    d.rate_plan()
    assert ("1–5", "rate and go on") in d.page.key_words


def test_a_list_that_was_filled_out_of_sight_is_there_when_it_comes_into_sight(desk):
    d = desk()
    d.until(lambda: heads(d) == ["To rate · 1"])
    d.page.pack_forget()
    d.root.update()
    d.controller.rate([name_of(PlanCell(0, 0))], rate("", 4))
    d.until(lambda: [one.rated for one in d.page.plans.states.all()] == [1] and not d.page.plans.is_pending("fill"))
    assert [row.right for row in rows(d) if not row.head] == ["0 of 15 rated"]
    d.page.pack(fill="both", expand=True)
    d.until(lambda: [row.right for row in rows(d) if not row.head] == ["1 of 15 rated"])


def test_what_was_begun_in_the_wizard_is_kept_when_it_is_left(desk):
    d = desk()
    d.until(lambda: d.controller.capabilities is not None)  # what the engine can do is a part of the draft
    d.page.new_run(msgspec.structs.replace(d.plan, plan_id="", run_name="", seeds=()))
    wizard = next(child for child in d.page.winfo_children() if type(child).__name__ == "Wizard")
    d.until(wizard.winfo_ismapped)
    before = wizard.draft
    assert before.focus == "txt2img.steps"
    wizard.shown()
    d.root.update()
    d.press("Escape")
    d.until(lambda: d.page.plans.winfo_ismapped())
    assert d.page.plans.draft.text == "Go on with Steps"
    d.page.plans.draft.invoke()
    d.until(lambda: wizard.winfo_ismapped())
    assert (wizard.draft, wizard.step) == (before, wizard.step)
    wizard.cancel()
    d.page.plans.new.invoke()
    assert wizard.draft.focus == ""


def test_a_click_on_a_key_hint_does_what_the_key_does(desk):
    d = rating_desk(desk)
    hints = next(one for one in d.view.foot.winfo_children() if type(one).__name__ == "KeyHints")
    place = next(
        hints.coords(item)
        for item in hints.find_all()
        if hints.type(item) == "text" and hints.itemcget(item, "text") == "Esc"
    )
    hints.event_generate("<ButtonPress-1>", x=round(place[0]), y=8)
    d.root.update()
    hints.event_generate("<ButtonRelease-1>", x=round(place[0]), y=8)
    d.until(lambda: d.page.plans.winfo_ismapped())


def test_an_archived_run_stands_at_the_end_of_the_list_and_can_be_brought_back(desk):
    d = desk()
    d.until(lambda: d.page.plans.chosen)
    d.page.plans.card.archive.invoke()
    d.until(lambda: "Archived · 1" in [row.text for row in d.page.plans.rows])
    assert d.page.plans.rows[-1].text == d.plan.name
    assert d.controller.settings.archived_plans == (d.plan.plan_id,)
    d.page.plans.card.archive.invoke()
    d.until(lambda: "Archived · 1" not in [row.text for row in d.page.plans.rows])
    assert d.controller.settings.archived_plans == ()
