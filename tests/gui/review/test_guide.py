"""The guide at the foot of Review: it leads from the first pictures to a value in use, and can be left at any time."""

from __future__ import annotations

import pytest
from create_page import create, shown
from open_window import open_house

from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.pipeline.messages.jobs import JobEnded

CFG = "txt2img.cfg_scale"
LIKED = {1.0: 1, 4.0: 3, 7.0: 5, 10.0: 3, 14.0: 2}
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 8}


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path, guide=True, values=SMALL) as house:
        yield house


def make_two(house):
    page = create(house)
    page.packs.choose_all(False)
    page.packs.turn(0)
    page.packs.turn(1)
    page.run()
    house.until(lambda: len(house.saw(JobEnded)) == 2 and house.idle())


def said(page):
    return page.guide.sentence.cget("text")


def rate_all(house, page):
    house.until(lambda: not page.searching and len(page.pictures.picked.rows) == 2)
    page.pictures.canvas.focus_force()
    # When they came one after the other, the first that was there is the current one.
    house.key("<Home>")
    for left, key in ((1, "4"), (0, "5")):
        page.pictures.canvas.focus_force()
        house.key(key)
        house.until(lambda left=left: house.controller.history.visible().counts().unrated == left)


def rate_learning_run(house, plan):
    """Stars for all pictures of the Learning Run, as somebody gives them who sees what its values do."""
    history = house.controller.history
    house.until(lambda: house.idle() and board(history, plan.plan_id).made == 15)
    for cell in board(history, plan.plan_id).cells:
        stars = LIKED[float(cell.value)]
        change = Feedback(image_id="", rating=stars, blind=True)
        house.controller.rate([cell.images[0].facts.image_id], change)


def test_from_nothing_to_a_value_that_is_in_use_and_marked_in_create(house):
    review = house.page("review")
    house.until(lambda: said(review) == "Make your first pictures.")
    make_two(house)
    review = house.page("review")
    house.until(lambda: said(review) == "2 new pictures. Press 1 to 5.")
    rate_all(house, review)
    house.until(lambda: said(review).startswith("Find the best CFG for “"))
    assert "15 pictures" in review.guide.state.remark
    review.guide.button.invoke()
    house.until(lambda: house.window.page_name == "learn" and house.controller.history.plans.plans())
    (plan,) = house.controller.history.plans.plans()
    assert (plan.focus_parameter, len(plan.cells()), plan.blind) == (CFG, 15, True)
    rate_learning_run(house, plan)
    rating = house.window.page("learn").rating
    house.until(lambda: rating.head.use.winfo_viewable())
    assert rating.head.headline.cget("text").startswith("Take CFG 7")
    rating.head.use.invoke()
    house.until(rating.head.create.winfo_viewable)
    rating.head.create.invoke()
    page = create(house)
    house.until(lambda: shown(page, CFG) == ("learned", 7.0))
    assert [prompt.prompt_id for prompt in page.packs.choice.prompts] == [plan.prompts[0].prompt_id]
    house.page("review")
    house.until(lambda: said(review) == "In use: CFG 7. That was the loop.")


def test_another_question_is_one_click_away_and_hiding_it_lasts(house):
    make_two(house)
    review = house.page("review")
    house.until(lambda: "new pictures" in said(review))
    rate_all(house, review)
    house.until(lambda: review.guide.other.winfo_manager())
    first = said(review)
    review.guide.other.invoke()
    assert said(review) != first
    review.guide.leave.invoke()
    house.until(lambda: not review.guide.winfo_manager())
    assert not house.controller.settings.guide


def test_nobody_is_led_who_has_not_agreed_to_be_remembered(house):
    review = house.page("review")
    house.until(review.guide.winfo_manager)
    house.change(learning="off")
    house.until(lambda: not review.guide.winfo_manager())


def test_whoever_knows_the_program_is_not_led(tmp_path):
    with open_house(tmp_path) as house:
        review = house.page("review")
        house.until(lambda: house.controller.history is not None)
        assert not review.guide.winfo_manager()
