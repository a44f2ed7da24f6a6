"""What holds on every page, at 100 and 200 %: texts are whole and readable, Tab goes as one reads, nothing is tiny."""

from __future__ import annotations

import tkinter as tk
from itertools import combinations, pairwise

import pytest
from contrast import ratio
from open_window import open_house, seen, walk

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.main_frame import PAGES
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Painted, ShortLabel
from stablenew_tk.gui.widgets.popups import ChoiceField
from stablenew_tk.pipeline.messages.jobs import JobEnded

LEAST_SIDE, LEAST_RATIO = 24, 4.5
CONTROLS = (Painted, tk.Entry, tk.Text)
PLAN = LearningPlan(
    event_id="",
    ts="",
    plan_id="",
    name="Steps of boats",
    focus_parameter="txt2img.steps",
    pack_id="starter",
    prompts=tuple(PlanPrompt(name, f"a small {name} in the rain") for name in ("boat", "tram", "cat")),
    base_config=with_values(PipelineConfig(), {"txt2img.width": 64, "txt2img.height": 96, "txt2img.steps": 4}),
    variant_values=(2, 5, 9),
    images_per_variant=1,
    complete_rows=3,
    seeds=(11, 12, 13),
)


@pytest.fixture(params=[(100, "1280x800+0+0"), (100, "1024x700+0+0"), (200, "2048x1400+0+0")], ids=str)
def lived_in(request, tmp_path):
    """A window with pictures, a Learning Run that waits for stars, and a wizard begun; and all its sights by name."""
    size, geometry = request.param
    with open_house(tmp_path, size=size, geometry=geometry) as house:
        house.page("create")
        house.button("Run 6 jobs")
        plan_id = house.controller.learning.start(PLAN).plan_id
        house.until(lambda: house.saw(JobEnded) and house.idle())
        yield house, sights(house, plan_id)
        theme.apply(house.frame, "dark")


def sights(house, plan_id):
    """Everything there is to look at: each call brings it into sight and gives the page."""

    def matrix():
        page = house.page("learn")
        page.open_plan(plan_id)
        return page

    def step(number):
        page = house.page("learn")
        page.new_run()
        wizard = next(one for one in walk(page) if isinstance(one, Wizard))
        house.until(lambda: wizard.draft.prompts)
        wizard.go(number)
        return page

    names = (*(name for name, _, _ in PAGES), "welcome", "workflow")
    pages = {name: lambda name=name: house.page(name) for name in names}
    return pages | {"matrix": matrix} | {f"step {n}": lambda n=n: step(n) for n in range(4)}


def each_sight(house, ways):
    for name, bring in ways.items():
        page = bring()
        for _ in range(8):
            house.frame.update()
        yield name, page


def words(one):
    return str(one.cget("text")) if isinstance(one, tk.Label) else getattr(one, "text", type(one).__name__)


def test_no_text_is_cut_and_none_lies_over_another(lived_in):
    house, ways = lived_in
    faults = []
    for name, page in each_sight(house, ways):
        for one in seen(page, tk.Misc):
            if isinstance(one, (tk.Label, Painted)) and not isinstance(one, (ShortLabel, ChoiceField)):
                given, asked = (one.winfo_width(), one.winfo_height()), (one.winfo_reqwidth(), one.winfo_reqheight())
                if given[0] < asked[0] - 1 or given[1] < asked[1] - 1:
                    faults.append(f"{name}: {words(one)!r} has {given}, needs {asked}")
            faults += [f"{name}: {fault}" for fault in (*overlaps(one), *running_over(one))]
    assert not faults


def overlaps(parent):
    """Labels and controls of one parent that lie over each other."""
    there = [
        one
        for one in parent.winfo_children()
        if isinstance(one, (tk.Label, *CONTROLS)) and one.winfo_viewable() and one.winfo_manager() in ("pack", "grid")
    ]
    for one, other in combinations(there, 2):
        apart_x = one.winfo_x() + one.winfo_width() <= other.winfo_x() + 1
        apart_x |= other.winfo_x() + other.winfo_width() <= one.winfo_x() + 1
        apart_y = one.winfo_y() + one.winfo_height() <= other.winfo_y() + 1
        apart_y |= other.winfo_y() + other.winfo_height() <= one.winfo_y() + 1
        if not (apart_x or apart_y):
            yield f"{words(one)!r} lies over {words(other)!r}"


def running_over(canvas):
    """Drawn texts that leave their canvas at the side; one that moves sideways may have some."""
    if not isinstance(canvas, tk.Canvas) or canvas.xview() != (0.0, 1.0):
        return
    for item in canvas.find_all():
        if canvas.type(item) == "text" and canvas.itemcget(item, "text") and canvas.itemcget(item, "state") != "hidden":
            left, _, right, _ = canvas.bbox(item)
            if left < -2 or right > canvas.winfo_width() + 2:
                yield f"{canvas.itemcget(item, 'text')!r} from {left} to {right} of {canvas.winfo_width()}"


def test_every_control_is_reached_by_tab_in_the_order_it_is_read(lived_in):
    house, ways = lived_in
    faults = []
    for name, page in each_sight(house, ways):
        order = [one for one in tab_round(house.frame) if str(one).startswith(f"{page}.")]
        usable = [one for one in seen(page, tk.Misc) if isinstance(one, CONTROLS) and can_be_used(one)]
        faults += [f"{name}: Tab never comes to {words(one)!r}" for one in usable if one not in order]
        faults += [f"{name}: {words(b)!r} comes after {words(a)!r}" for a, b in pairwise(order) if goes_back(a, b)]
    assert not faults


def tab_round(window):
    order, one = [], window.tk_focusNext()
    while one is not None and one not in order:
        order.append(one)
        one = one.tk_focusNext()
    return order


def can_be_used(one):
    return one.enabled if isinstance(one, Painted) else str(one.cget("state")) != "disabled"


def goes_back(one, other):
    """Whether the other stands above in the same column, or to the left in the same line."""
    top, top_of_other = top_beside(one, other), top_beside(other, one)
    above = top_of_other + other.winfo_height() <= top + 2
    beside = other.winfo_rootx() >= one.winfo_rootx() + one.winfo_width()
    same_line = abs(top_of_other - top) < 8
    return (above and not beside) or (same_line and other.winfo_rootx() < one.winfo_rootx())


def top_beside(one, other):
    """Where its top is, seen from the other: what has to be scrolled to stands at the lower edge of its own area."""
    top, around = one.winfo_rooty(), one.master
    while not str(other).startswith(f"{around}."):
        top, around = min(top, around.winfo_rooty() + around.winfo_height()), around.master
    return top


def test_no_control_is_smaller_than_a_fingertip_of_the_mouse(lived_in):
    house, ways = lived_in
    least = theme.px(LEAST_SIDE)
    small = [
        f"{name}: {words(one)!r} {one.winfo_width()} x {one.winfo_height()}"
        for name, page in each_sight(house, ways)
        for one in seen(page, Painted)
        if min(one.winfo_width(), one.winfo_height()) < least
    ]
    assert not small


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_every_text_stands_out_from_its_ground(lived_in, mode):
    house, ways = lived_in
    theme.apply(house.frame, mode)
    dim = []
    for name, page in each_sight(house, ways):
        for one in seen(page, tk.Misc):
            dim += [f"{name}: {what!r} {found:.2f}" for what, found in contrasts(one) if found < LEAST_RATIO]
    assert not dim


def contrasts(one):
    """The texts of a widget, each with the contrast to what it stands on."""
    if isinstance(one, (tk.Label, tk.Entry, tk.Text)) and (isinstance(one, tk.Entry) or words(one)):
        yield words(one), ratio(str(one.cget("fg")), str(one.cget("bg")))
    elif isinstance(one, tk.Canvas):
        for item in one.find_all():
            if one.type(item) == "text" and one.itemcget(item, "text") and one.itemcget(item, "state") != "hidden":
                ground = ground_below(one, item)
                if ground:
                    yield one.itemcget(item, "text"), ratio(one.itemcget(item, "fill"), ground)


def ground_below(canvas, text):
    """The colour of what is drawn below the middle of a text; "" for a picture, which tells its colour to nobody."""
    left, top, right, bottom = canvas.bbox(text)
    x, y = (left + right) // 2, (top + bottom) // 2
    for item in reversed([one for one in canvas.find_overlapping(x, y, x, y) if one < text]):
        if canvas.type(item) == "image":
            return ""
        if canvas.type(item) == "rectangle" and canvas.itemcget(item, "fill"):
            return canvas.itemcget(item, "fill")
    return str(canvas.cget("bg"))
