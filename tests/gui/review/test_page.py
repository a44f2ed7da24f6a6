import time
import tkinter as tk
from datetime import UTC, datetime

import msgspec
import pytest
from open_window import seen
from plans import button, texts
from review_desk import Desk, record

from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.entries import Slider
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.gui.widgets.tooltips import explanation
from stablenew_tk.pipeline.ids_and_times import new_id, utc_text
from stablenew_tk.pipeline.messages.journal import AppendLines
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.segments import segment_path

try:
    import resource
except ImportError:
    resource = None


@pytest.fixture
def desk(root, tmp_path):
    made = []

    def make(count=6, **settings):
        made.append(Desk(root, tmp_path / "data", count, **settings))
        return made[0]

    yield make
    for one in made:
        one.controller.close()


def test_fifteen_pictures_are_rated_with_fifteen_key_presses(desk):
    d = desk(15)
    d.press(*"345123451234512")
    d.until(lambda: all(d.ratings()))
    assert d.ratings() == [int(stars) for stars in "345123451234512"][::-1]


def test_stars_appear_when_they_are_on_disk_and_not_before(desk):
    d = desk()
    d.press("4")
    assert d.words().count("saving…") == 1
    assert d.words().count("unrated") == 5
    assert d.rating(5) == 0
    d.until(lambda: "saving…" not in d.words())
    assert d.rating(5) == 4
    assert d.words().count("unrated") == 5


@pytest.mark.skipif(resource is None, reason="Windows has no file size limits to play a full disk with")
def test_what_the_disk_refuses_is_told_and_kept_until_it_can_be_saved(desk, monkeypatch):
    monkeypatch.setattr("stablenew_tk.app.runs.outbox.RETRY_UNSAVED_S", 0.05)
    d = desk()
    size = max(path.stat().st_size for path in d.places.journal.glob("*.jsonl"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        d.press("4")
        d.until(lambda: "not saved yet" in d.words())
        d.until(lambda: "1 not saved yet" in d.page.bar.message)
        for _ in range(30):
            d.step()
            time.sleep(0.01)
        assert "1 not saved yet" in d.page.bar.message
        assert d.rating(5) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    d.until(lambda: d.rating(5) == 4 and not d.page.bar.message)
    lines = [line for path in d.places.journal.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len([line for line in lines if b'"kind":"feedback"' in line]) == 1


def test_number_pad_digits_rate_and_zero_clears(desk):
    d = desk()
    num_lock = 0x10
    d.grid.canvas.event_generate("<KP_2>", state=num_lock)
    d.until(lambda: d.rating(5) == 2)
    d.press("Left", "0")
    d.until(lambda: d.rating(5) == 0)
    assert d.current() == "image 5"


def test_without_go_on_the_current_picture_stays(desk):
    d = desk(go_on_after_rating=False)
    d.press("3")
    assert d.current() == "image 5"


def test_all_selected_are_rated_and_their_number_is_in_sight(desk):
    d = desk()
    d.press("Shift-Right", "Shift-Right")
    assert "3 selected" in texts(d.page.bar)
    d.press("4")
    d.until(lambda: d.ratings() == [0, 0, 0, 4, 4, 4])
    assert len(d.grid.picked.selected) == 3


def test_control_a_selects_everything_and_says_so(desk):
    d = desk()
    d.press("Control-a")
    assert "All 6 selected" in texts(d.page.bar)


def test_a_picture_out_of_sight_is_not_rated_unseen(desk):
    d = desk(80)
    for _ in range(12):
        d.grid.canvas.event_generate("<Button-5>")
    d.press("5")
    assert d.grid.in_sight(d.grid.picked.current)
    assert d.rating(79) == 0
    d.press("5")
    d.until(lambda: d.rating(79) == 5)


def test_undo_takes_the_rating_back_and_brings_the_picture_into_sight(desk):
    d = desk(80)
    d.press("5", "End")
    d.until(lambda: d.rating(79) == 5)
    d.press("Control-z")
    d.until(lambda: d.rating(79) == 0 and d.current() == "image 79")
    assert d.grid.in_sight(d.grid.picked.current)
    d.press("Control-y")
    d.until(lambda: d.rating(79) == 5)


def test_undo_finds_a_picture_that_the_filter_hides(desk):
    d = desk()
    d.press("5")
    d.until(lambda: d.rating(5) == 5)
    d.filter(1)
    d.until(lambda: len(d.grid.picked.rows) == 5)
    d.grid.canvas.focus_force()
    d.press("Control-z")
    d.until(lambda: d.rating(5) == 0 and d.current() == "image 5")


def test_a_rated_picture_stays_until_the_filter_is_applied_again(desk):
    d = desk()
    d.filter(1)
    d.until(lambda: not d.page.searching)
    d.grid.canvas.focus_force()
    d.press("5")
    d.until(lambda: d.rating(5) == 5)
    d.until(lambda: "Unrated 5" in texts(d.page.filters))
    assert len(d.grid.picked.rows) == 6
    d.press("F5")
    d.until(lambda: len(d.grid.picked.rows) == 5)


def test_new_pictures_of_a_run_appear_and_the_current_one_stays(desk):
    d = desk()
    d.press("Right", "Right")
    before = d.current()
    d.controller.ask(AppendLines(lines=(record(50, d.places, run="run 2"),)))
    d.until(lambda: len(d.grid.picked.rows) == 7)
    assert d.current() == before
    assert d.page.title == ("Review", "7 images · 0 rated")


# ---- a tag right after stars


def flags(d):
    return d.words().count("tags here")


def test_a_tag_right_after_stars_belongs_to_the_picture_just_rated_and_the_page_says_so(desk):
    d = desk()
    d.until(lambda: d.page.inspector.record is not None)
    assert "Tags go to this picture" in texts(d.page.inspector)
    d.press("4")
    d.until(lambda: "Tags go to: Last tram, seed 5 (4 stars)" in texts(d.page.inspector))
    assert flags(d) == 1
    d.press("s")
    d.until(lambda: d.tags(5) == ("too smooth",))
    assert button(d.page.inspector, "too smooth").selected
    assert (d.tags(4), d.current()) == ((), "image 4")
    d.press("s")
    d.until(lambda: d.tags(5) == ())


@pytest.mark.parametrize("how", ["keys", "click"])
def test_after_a_move_or_a_click_tags_go_to_the_current_picture(desk, how):
    d = desk()
    d.press("4")
    if how == "keys":
        d.press("Right", "Left")
    else:
        x, y, *_ = d.grid.layout.spot(1)
        d.grid.canvas.event_generate("<ButtonPress-1>", x=x + 20, y=y + 20)
        d.root.update()
    assert (d.current(), flags(d)) == ("image 4", 0)
    assert "Tags go to this picture" in texts(d.page.inspector)
    d.press("s")
    d.until(lambda: d.tags(4) == ("too smooth",))
    assert d.tags(5) == ()


def test_each_star_takes_the_tags_along(desk):
    d = desk()
    d.press("4", "s", "2", "s")
    d.until(lambda: d.tags(5) and d.tags(4))
    assert (d.tags(3), d.ratings()[3:]) == ((), [0, 2, 4])


def test_a_note_right_after_stars_is_for_the_picture_just_rated_also_from_full_size(desk):
    d = desk()
    d.press("space", "4")
    d.until(lambda: any(text.startswith("Tags go to: ") for text in texts(d.page.viewer)))
    d.press("F2", "o", "k", "Return")
    d.until(lambda: d.note(5) == "ok")
    assert d.note(4) == ""


def test_undo_takes_only_the_tag_back_and_its_picture_becomes_current(desk):
    d = desk()
    d.press("4", "s")
    d.until(lambda: d.tags(5) == ("too smooth",))
    d.press("Control-z")
    d.until(lambda: d.tags(5) == () and d.current() == "image 5")
    assert (d.rating(5), flags(d)) == (4, 0)


def test_without_go_on_tags_go_to_the_current_picture_and_nothing_is_said_about_it(desk):
    d = desk(go_on_after_rating=False)
    d.press("4", "Right", "s")
    d.until(lambda: d.tags(4) == ("too smooth",))
    assert not [text for text in texts(d.page) if "ags go to" in text or text == "tags here"]


def test_side_by_side_a_tag_after_stars_is_for_the_one_just_rated_until_the_frame_is_moved(desk):
    d = desk()
    d.press("Shift-Right", "Shift-Right", "c", "Left", "Left", "4", "s")
    d.until(lambda: d.tags(5) == ("too smooth",))
    d.press("Right", "Left", "s")
    d.until(lambda: d.tags(4) == ("too smooth",))


def test_tags_toggle_with_their_letter(desk):
    d = desk()
    d.press("s")
    d.until(lambda: d.tags(5) == ("too smooth",))
    d.press("s")
    d.until(lambda: d.tags(5) == ())


def test_single_keys_are_silent_while_a_note_is_written(desk):
    d = desk()
    d.press("F2")
    d.press("4", "s", "u")
    assert d.rating(5) == 0
    d.press("Return")
    history = d.controller.history
    d.until(lambda: history.visible().facts(history.row_of("image 5")).note == "4su")
    assert d.root.focus_get() is d.grid.canvas


def test_u_goes_to_the_next_unrated(desk):
    d = desk()
    d.press("3", "3", "Home")
    d.until(lambda: d.rating(4) == 3)
    d.press("Home", "u")
    assert d.current() == "image 3"


def test_space_shows_full_size_and_escape_returns_to_the_same_cell(desk):
    d = desk()
    d.press("Right", "space")
    assert d.page.viewer.is_open
    d.press("Right", "Escape")
    assert not d.page.viewer.is_open
    assert d.current() == "image 3"
    assert d.root.focus_get() is d.grid.canvas


def test_full_size_rates_and_goes_on_like_the_grid(desk):
    d = desk()
    d.press("space", "5", "4")
    d.until(lambda: d.rating(4) == 4)
    assert d.rating(5) == 5
    assert d.page.viewer.current == d.controller.history.row_of("image 3")


def test_undo_and_redo_in_full_size_are_no_zoom(desk):
    d = desk()
    d.press("space", "5")
    d.until(lambda: d.rating(5) == 5)
    d.press("Control-z")
    d.until(lambda: d.rating(5) == 0)
    d.press("Control-Shift-Z")
    d.until(lambda: d.rating(5) == 5)
    assert not d.page.viewer.own_size
    d.press("z")
    assert d.page.viewer.own_size


def test_c_compares_what_is_selected_and_rates_the_framed_one(desk):
    d = desk()
    d.press("Shift-Right", "Shift-Right", "c")
    assert d.page.viewer.comparing
    d.press("Left", "Left", "2", "3")
    d.until(lambda: d.rating(4) == 3)
    assert d.rating(5) == 2


def test_i_folds_the_inspector_away_and_back(desk):
    d = desk()
    d.press("i")
    assert not d.page.inspector.winfo_manager()
    d.press("i")
    assert d.page.inspector.winfo_manager()


def test_a_suspect_picture_says_what_was_asked_and_is_made_again_the_same(desk):
    d = desk()
    d.controller.pause(True)
    d.press("Right", "Right")
    d.until(lambda: d.page.inspector.record is not None)
    assert any("used 20 steps where 28 were asked" in text for text in texts(d.page.inspector))
    button(d.page.inspector, "Make again").invoke()
    job = d.controller.queue[0]
    assert (job.seed, job.prompt, job.negative) == (3, "a tram in the rain", "blurry")


def test_use_these_settings_hands_the_record_over(desk):
    d = desk()
    d.until(lambda: d.page.inspector.record is not None)
    button(d.page.inspector, "Use these settings").invoke()
    assert d.used[0].outputs[0].image_id == "image 5"


def test_without_pictures_the_page_says_how_they_come(desk):
    d = desk(0)
    d.until(lambda: any("No pictures yet" in text for text in texts(d.grid)))
    go = button(d.grid, "Go to Create")
    assert go.winfo_ismapped()
    go.invoke()
    assert d.created


def test_ratings_of_last_time_are_there(desk):
    d = desk(4)
    saved = d.writer.append(Feedback(event_id=new_id(), ts=utc_text(datetime.now(UTC)), image_id="image 2", rating=4))
    d.controller.history.fold(saved.line, saved.position)
    d.press("F5")
    d.until(lambda: d.page.title == ("Review", "4 images · 1 rated"))


def test_another_cell_size_is_remembered(desk):
    d = desk()
    before = d.controller.settings.cell_px
    slider = next(child for child in d.page.bar.winfo_children() if isinstance(child, Slider))
    slider.focus_force()
    d.root.update()
    d.press("Right")
    d.until(lambda: d.controller.settings.cell_px > before)


def test_x_rejects_and_goes_on_and_again_takes_it_back(desk):
    d = desk()

    def rejected():
        history = d.controller.history
        facts = (history.visible().facts(row) for row in range(len(history)))
        return [one.image_id for one in facts if one.rejected]

    d.press("x", "x")
    d.until(lambda: len(rejected()) == 2)
    assert rejected() == ["image 4", "image 5"]
    assert d.words().count("rejected") == 4  # badge and foot
    # The next picture to judge is neither of them.
    d.press("Home", "u")
    assert d.current() == "image 3"
    d.press("Home", "x")
    d.until(lambda: rejected() == ["image 4"])
    d.press("Control-z")
    d.until(lambda: len(rejected()) == 2)
    d.press("Home", "4")
    d.until(lambda: rejected() == ["image 4"])
    assert d.rating(5) == 4


def test_rejected_pictures_can_be_shown_alone(desk):
    d = desk()
    d.press("x")
    d.until(lambda: "rejected" in d.words())
    d.page.filters.rating.set("rejected")
    d.press("F5")
    d.until(lambda: len(d.grid.picked.rows) == 1)


def test_tags_of_the_settings_have_their_keys(desk):
    d = desk(tags=(("e", "extra fingers"),))
    d.press("e")
    d.until(lambda: d.tags(5) == ("extra fingers",))
    d.controller.change_settings(msgspec.structs.replace(d.controller.settings, tags=(("k", "kitsch"),)))
    d.step()
    assert button(d.page.inspector, "kitsch")


def test_the_page_changes_to_light_and_back_while_open(desk):
    d = desk()
    theme.apply(d.root, "light")
    d.step()
    assert d.grid.canvas.cget("bg") == theme.palette["bg"]
    theme.apply(d.root, "dark")
    d.press("space")
    assert d.page.viewer.is_open


def test_a_note_belongs_to_the_picture_it_was_typed_for_when_another_is_clicked(desk):
    d = desk()
    d.press("F2")
    d.press("4", "s")
    d.grid.canvas.event_generate("<ButtonPress-1>", x=theme.px(380), y=theme.px(80))
    d.root.update()
    assert d.current() in ("image 4", "image 3")
    d.until(lambda: any(map(d.note, range(6))))
    assert [d.note(number) for number in range(6)] == ["", "", "", "", "", "4s"]


def test_of_pictures_side_by_side_a_tag_belongs_to_the_framed_one(desk):
    d = desk()
    d.press("Shift-Right", "Shift-Right", "c", "Left", "Left", "s")
    d.until(lambda: d.tags(5) == ("too smooth",))
    assert not d.tags(4)


def choose(field, words):
    field.update()
    field.act()
    canvas = Menu.shared().canvas
    canvas.event_generate("<Home>")
    for _ in range([entry.text for entry in field.entries].index(words)):
        canvas.event_generate("<Down>")
    canvas.event_generate("<Return>")
    field.update()


def test_pictures_rated_between_two_days_are_found_and_a_day_that_is_none_is_told(desk):
    d = desk(4)
    d.press("4")
    d.until(lambda: d.rating(3) == 4)
    menu = d.page.filters.rated
    choose(menu, "Rated today")
    d.until(lambda: len(d.grid.picked.rows) == 1)
    choose(menu, "Rated between two days…")
    menu.box.last.set("yesterday")
    menu.box.show_button.invoke()
    assert "is no day" in menu.box.problem.cget("text")
    menu.box.first.set("2001-02-03")
    menu.box.last.set("2001-02-04")
    menu.box.show_button.invoke()
    d.until(lambda: len(d.grid.picked.rows) == 0 and not d.page.searching)
    assert menu.value == "between"
    d.page.filters.reset()
    assert d.page.filters.query.rated_from_ms == 0


def test_the_head_of_a_group_begins_a_learning_run_from_its_picture(desk):
    d = desk(3)
    canvas = d.grid.canvas
    words = [item for item in canvas.find_withtag("head") if canvas.type(item) == "text"]
    offer = next(item for item in words if canvas.itemcget(item, "text") == "Make Learning Run")
    left, upper, right, lower = canvas.bbox(offer)
    d.grid.canvas.event_generate("<ButtonPress-1>", x=(left + right) // 2, y=(upper + lower) // 2)
    d.until(lambda: d.learned)
    assert d.learned[0].image_id == "image 2"


@pytest.mark.parametrize("large", [False, True], ids=["grid", "full size"])
def test_a_journal_repaired_or_lost_meanwhile_costs_no_star_and_no_star_goes_to_another_picture(desk, large):
    d = desk()
    d.press("Right", "4")
    d.until(lambda: d.rating(4) == 4)
    if large:
        d.press("space")
    here = d.current()
    path = segment_path(d.places.journal, 1)
    path.write_bytes(path.read_bytes().replace(b'"run 1"', b'"ruN 1"', 1))
    assert repair(d.places.journal).moved == 1
    d.until(lambda: len(d.controller.history) == 5 and len(d.grid.picked.rows) == 5)
    assert not d.page.viewer.is_open
    assert (d.current(), d.rating(4)) == (here, 4)
    assert "Tags go to this picture" in texts(d.page.inspector)
    d.press("5")
    d.until(lambda: d.controller.history.visible().facts(d.controller.history.row_of(here)).rating == 5)
    d.until(lambda: "saving…" not in d.words())
    path.unlink()
    d.until(lambda: not len(d.controller.history) and not len(d.grid.picked.rows))
    d.press("3", "space", "n")
    assert "Nothing selected" in texts(d.page.inspector)


def test_a_long_sentence_in_the_bar_takes_two_lines_and_never_touches_the_size(desk):
    one = desk()
    size = next(label for label in seen(one.page.bar, tk.Label) if label.cget("text") == "Size")
    sentence = "1 picture moved to /home/someone/pictures/of the year/harbours and lighthouses/evenings. " * 6
    for show in (one.page.bar.say, one.page.bar.tell):
        show(sentence)
        one.root.update()
        label = next(label for label in seen(one.page.bar, tk.Label) if label.cget("text").startswith("1 picture"))
        assert label.cget("text").endswith("…")
        assert explanation(label) == sentence
        assert label.winfo_rootx() + label.winfo_width() + theme.px(12) <= size.winfo_rootx()
        assert label.winfo_height() <= one.page.bar.winfo_height()
        assert label.winfo_reqheight() <= 2 * theme.font(12).metrics("linespace")
    assert one.page.bar.told == sentence


def test_a_search_that_another_page_asks_for_shows_what_it_finds_the_best_first(desk):
    one = desk()
    for number, stars in ((1, 3), (4, 5)):
        one.controller.rate([f"image {number}"], Feedback(image_id="", rating=stars, note="kept"))
    one.until(lambda: one.rating(1) and one.rating(4))
    one.filter(1)
    one.page.show_search("note:kept")
    one.until(lambda: not one.page.searching and len(one.grid.picked.rows) == 2)
    assert [one.controller.history.image_id(row) for row in one.grid.picked.rows] == ["image 4", "image 1"]
    assert one.page.filters.search.get() == "note:kept"
