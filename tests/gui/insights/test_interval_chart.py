import tkinter as tk
from collections import Counter
from itertools import pairwise

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.sweep import focus, value_text
from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.follow_up import leader
from stablenew_tk.domain.insights.model.rated_images import RatedImage
from stablenew_tk.domain.insights.report import Report, ValueReport
from stablenew_tk.domain.insights.verdict_text import Verdict
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.insights.interval_chart import IntervalChart, columns, dot_places
from stablenew_tk.gui.insights.tag_bars import TagBars
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.marks import VERDICT_INKS, rating_dot, verdict_dot

CLEAR = ((1, 2, 2, 2, 2), (3, 3, 3, 3, 3), (5, 5, 5, 4, 5))


def report(table, path="txt2img.steps", *, values=(12, 28, 44), state="", tags=((), (), ())):
    spec = focus(path)
    plan = LearningPlan(
        event_id="e",
        ts="",
        plan_id="P",
        name="Steps",
        focus_parameter=path,
        pack_id="Rain city",
        prompts=(PlanPrompt("Tram", "a tram"),),
        base_config=PipelineConfig(),
        variant_values=values,
        seeds=(1, 2, 3, 4, 5),
    )
    rated = [RatedImage(value, row, s) for value, line in zip(values, table, strict=True) for row, s in enumerate(line)]
    insight = analyse(rated, ordered=spec.ordered)
    found = {each.value: each for each in insight.values}
    lines = tuple(
        ValueReport(
            variant=at,
            value=value,
            text=value_text(value, path),
            insight=found.get(value),
            stars=tuple(line),
            seconds=8.0 + at,
            tags=tags[at],
            images=(),
            missing=0,
            looked_at=len(line),
        )
        for at, (value, line) in enumerate(zip(values, table, strict=True))
    )
    told = insight.verdict if not state else Verdict(state, None, 0.0, "")
    return Report(
        plan=plan,
        focus=spec,
        insight=insight,
        verdict=told,
        remark="",
        values=lines,
        rated=len(rated),
        total=15,
        suspect=0,
        foreign=0,
        failed=0,
        checkpoint="one",
        sketch=False,
        next=(),
        tag_sentences=(),
        over_time="",
    )


def words(canvas):
    return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]


def is_image(chart, item):
    return chart.canvas.type(item) == "image"


def fills(canvas):
    return Counter(canvas.itemcget(item, "fill") for item in canvas.find_all() if canvas.type(item) == "rectangle")


@pytest.fixture
def chart(root):
    chosen, opened = [], []
    made = IntervalChart(root, chosen=chosen.append, opened=opened.append)
    made.pack(fill="x")
    made.told, made.asked = chosen, opened
    root.update()
    return made


def test_every_value_has_its_dots_its_range_and_its_row_of_the_table(root, chart):
    chart.show(report(CLEAR), 2)
    root.update()
    said = words(chart.canvas)
    assert {"12", "28", "44", "rated", "estimate", "90 % range", "near best", "per picture", "8.0 s"} <= set(said)
    assert fills(chart.canvas)[theme.palette["chart_mean"]] >= 3
    pictures = [chart.canvas.itemcget(item, "image") for item in chart.canvas.find_all() if is_image(chart, item)]
    assert pictures.count(str(rating_dot())) == 15 + 1, "one per rating, and one in the legend"


def test_only_a_value_that_is_found_out_is_drawn_in_gold(root, chart):
    found = report(CLEAR)
    assert found.verdict.state in ("best", "settled")
    chart.show(found, 0)
    root.update()
    assert leader(found) == 2
    assert fills(chart.canvas)[theme.palette["chart_best"]] == 2, "the range and the bar of the chosen row"


def test_too_early_shows_ratings_only_and_no_winner(root, chart):
    early = report(((2,), (3,), (5,)))
    assert early.verdict.state == "too_early"
    chart.show(early, 0)
    root.update()
    drawn = fills(chart.canvas)
    assert not drawn[theme.palette["chart_mean"]]
    assert not drawn[theme.palette["chart_range"]]
    assert not drawn[theme.palette["chart_zone"]]
    assert drawn[theme.palette["chart_best"]] == 1, "only the bar of the chosen row, which has the same gold"
    assert words(chart.canvas).count("–") == 9, "estimate, range and near best of three values"


def test_a_leaning_verdict_names_no_winner_in_the_chart(root, chart):
    assert leader(report(CLEAR, state="leaning")) == -1


def test_up_and_down_choose_a_row_and_return_opens_its_pictures(root, chart):
    chart.show(report(CLEAR), 0)
    root.update()
    chart.canvas.focus_force()
    root.update()
    for key in ("<Down>", "<Down>", "<Down>", "<Up>", "<Return>"):
        chart.canvas.event_generate(key)
    assert chart.told == [1, 2, 1]
    assert chart.asked == [1]


def test_a_click_chooses_the_row_under_the_pointer(root, chart):
    chart.show(report(CLEAR), 0)
    root.update()
    top, bottom = chart.row_span(2)
    chart.canvas.event_generate("<ButtonPress-1>", x=40, y=(top + bottom) // 2 - chart.canvas.winfo_rooty())
    assert chart.told == [2]


def test_the_axis_takes_what_the_table_leaves_and_tags_go_first(root):
    wide, narrow = columns(926, 30, tags=True), columns(676, 30, tags=False)
    assert narrow.tags == 0
    assert narrow.seconds <= narrow.right
    assert wide.first < wide.at(5) < wide.rated < wide.estimate < wide.range < wide.near < wide.seconds < wide.tags
    assert wide.pitch == pytest.approx(80, abs=4), "as in the design"
    assert columns(1480, 30, tags=True).pitch > 120


def test_long_names_keep_room_for_the_axis(root, chart):
    chart.narrow = True
    names = ("DPM++ 2M SDE Heun Karras and more", "Euler a", "UniPC")
    chart.show(report(CLEAR, "txt2img.sampler", values=names), 0)
    root.update()
    assert columns(676, 400, tags=False).pitch >= 40
    assert "Euler a" in words(chart.canvas)


def test_many_dots_stand_in_up_to_three_lines_and_never_leave_their_star(root):
    for count in (1, 5, 20, 60):
        places = list(dot_places(count, 80))
        assert len(places) == count
        assert all(abs(x) <= 40 for x, _ in places)
        assert len({y for _, y in places}) <= 3


def test_the_dot_of_too_early_is_hollow_and_the_others_differ_in_colour(root):
    early, settled = verdict_dot("too_early", "surface"), verdict_dot("settled", "surface")
    assert early is not settled
    assert VERDICT_INKS["best"] == VERDICT_INKS["settled"]
    assert len(set(VERDICT_INKS.values())) == 4


def test_tags_are_shares_of_what_was_looked_at_and_the_most_telling_come_first(root):
    told = report(CLEAR, tags=((("noisy", 4), ("fine", 2)), (("fine", 2),), (("fine", 3),)))
    assert told.tag_shares("noisy") == [0.8, 0, 0]
    assert told.telling_tags() == ["noisy", "fine"]
    bars = TagBars(root)
    bars.pack(fill="x")
    bars.show(told)
    root.update()
    assert {"noisy", "fine", "12", "28", "44"} <= set(words(bars.canvas))


def test_without_tags_the_card_says_how_to_give_them(root):
    bars = TagBars(root)
    bars.pack(fill="x")
    bars.show(report(CLEAR))
    root.update()
    assert bars.words.cget("text").startswith("No tags yet.")
    assert not bars.canvas.winfo_manager()


TRAMS = ("an old tram in the rain, golden hour", "an old tram in the rain, neon", "an old tram in the rain, fog")


@pytest.fixture
def narrow(root):
    """A part of the window that is as wide as a test says."""
    frame = tk.Frame(root, height=400)
    frame.pack_propagate(False)
    frame.pack()
    yield frame
    frame.destroy()


def test_wordings_that_begin_alike_are_told_apart_in_every_window(narrow):
    chart = IntervalChart(narrow, chosen=lambda _row: None, opened=lambda _row: None)
    chart.pack(fill="x")
    short = ("an old tram", "an old boat", "an old cat")
    for width, values, names in (
        (900, TRAMS, ("…golden hour", "…neon", "…fog")),
        (600, TRAMS, ("…golden hour", "…neon", "…fog")),
        (900, short, short),
    ):
        narrow.configure(width=width)
        narrow.update()
        chart.show(report(CLEAR, "prompt", values=values), 0)
        assert set(names) <= set(words(chart.canvas)), width


def test_names_below_narrow_bars_stay_inside_and_apart(narrow):
    bars = TagBars(narrow)
    bars.pack(fill="x")
    narrow.configure(width=320)
    narrow.update()
    several = report(CLEAR, tags=((("too noisy", 3),), (), ()))
    pairs = tuple(replace(one, text=f"{at} × {at}") for at in (12, 28, 44) for one in several.values)
    for shown in (
        replace(several, values=pairs),
        report(CLEAR, "prompt", values=TRAMS, tags=((("too noisy", 3),), (), ())),
    ):
        bars.show(shown)
        narrow.update()
        canvas = bars.canvas
        below = [
            item
            for item in canvas.find_all()
            if canvas.type(item) == "text" and canvas.bbox(item)[1] > canvas.winfo_height() // 2
        ]
        boxes = sorted(map(canvas.bbox, below))
        assert len({canvas.itemcget(item, "text") for item in below}) == len(below) >= 3
        assert boxes[0][0] >= -1
        assert boxes[-1][2] <= canvas.winfo_width() + 1
        assert all(left[2] < right[0] for left, right in pairwise(boxes))


def test_a_name_without_blanks_is_broken_at_its_signs(narrow):
    chart = IntervalChart(narrow, chosen=lambda _row: None, opened=lambda _row: None)
    chart.pack(fill="x")
    narrow.configure(width=690)
    narrow.update()
    chart.show(report(CLEAR, "checkpoint", values=("sketch-classic", "sketch-ink", "anothermodel")), 0)
    assert {"sketch-\nclassic", "sketch-ink", "anothermodel"} <= set(words(chart.canvas))
