"""Comparing in pairs: by keys alone, blind, and undone."""

from __future__ import annotations

import pytest
from learning_lab import Lab
from whole_app import App

from stablenew_tk.domain.base.key_press import KeyPress
from stablenew_tk.gui.learn.page import LearnPage


@pytest.fixture
def page(root, tmp_path):
    lab = Lab(tmp_path)
    lab.plan(values=(12, 20), rows=3, blind=True)
    plan = lab.history().plans.plans()[0]
    lab.make(plan)
    lab.rate({12: (5, 5, 5), 20: (5, 5, 4)})
    app = App(tmp_path)
    seen = []
    page = LearnPage(root, app.controller, say=lambda _words, **_how: None, show_insight=seen.append)
    page.pack(fill="both", expand=True)
    app.controller.subscribe(page.on_event)
    page.app, page.seen, page.plan_id = app, seen, plan.plan_id
    yield page
    page.destroy()
    app.controller.close()


def votes(page):
    return [line.better for line in page.app.controller.history.votes.lines]


def press(page, name, **more):
    page.update()
    assert page.pairs.answer(KeyPress(name, **more))


def test_arrows_vote_ctrl_z_takes_back_and_enter_goes_on_to_the_verdict(page):
    page.open_plan(page.plan_id)
    page.update()
    assert page.rating.answer(KeyPress("p"))
    session, pairs = page.pairs.session, page.pairs
    assert (session.count, session.blind) == ("0 of 3 pairs", True)
    for key in ("Left", "Down", "Right"):
        press(page, key)
    assert (session.count, pairs.last.cget("text")) == ("3 of 3 pairs", "right was better")
    page.app.wait(lambda: votes(page) == ["first", "none", "second"])
    assert all(line.blind for line in page.app.controller.history.votes.lines)
    press(page, "z", control=True)
    page.app.wait(lambda: (page.update(), session.count == "2 of 3 pairs")[1])
    assert pairs.last.cget("text") == "no difference"
    press(page, "Right")
    page.app.wait(lambda: len(votes(page)) == 4)
    assert pairs.headline.cget("text") == "All 3 compared."
    # All of it is rated, so the stars reveal the values meanwhile.
    page.app.wait(lambda: (page.update(), page.app.controller.history.visible().shows(page.plan_id))[1])
    press(page, "Return")
    assert page.seen == [page.plan_id]


def test_space_shows_the_other_in_its_place_as_long_as_it_is_held(page):
    assert page.open_pairs(page.plan_id)
    page.update()
    canvas = page.pairs.canvas
    canvas.event_generate("<KeyPress-space>")
    assert page.pairs.swapped
    canvas.event_generate("<KeyRelease-space>")
    assert not page.pairs.swapped
    assert page.pairs.session.count == "0 of 3 pairs"
