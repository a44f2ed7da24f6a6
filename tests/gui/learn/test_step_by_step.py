"""A Learning Run that goes step by step: it starts with two rows, the stars decide what is made next, by itself."""

from __future__ import annotations

import pytest
from conftest import wait_until
from plans import button, texts

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.app.learn.plan_results import PlanResults
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.insights.standing import standing
from stablenew_tk.domain.insights.titles import plan_facts, progress_text
from stablenew_tk.domain.runs.plan import LearningPlan, PlanCell, PlanPrompt
from stablenew_tk.gui.learn.page import LearnPage

VALUES = (2, 5, 9)
# Stars of each value in row 0, 1, 2 and so on in turn.
CLEAR = {2: (1, 1, 2), 5: (2, 3, 2), 9: (5, 4, 5)}
EVEN = {2: (3, 4, 2), 5: (3, 2, 4), 9: (4, 3, 3)}


def plan(**changes):
    small = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 4}
    return LearningPlan(
        **{
            "plan_id": "",
            "name": "Steps of boats",
            "focus_parameter": "txt2img.steps",
            "pack_id": "harbour",
            "prompts": tuple(PlanPrompt(name, f"a small {name} in the rain") for name in ("boat", "tram", "cat")),
            "base_config": with_values(PipelineConfig(), small),
            "variant_values": VALUES,
            "images_per_variant": 1,
            "complete_rows": 2,
            "most_pictures": 20,
            "seeds": (11, 12),
        }
        | changes
    )


class House:
    """The Learn page over a real controller with the sketch engine."""

    def __init__(self, root, folder):
        self.root, self.said, self.events = root, [], []
        self.controller = Controller(open_places(str(folder)), Settings(learning="active", offer_rating=False))
        self.page = LearnPage(
            root, self.controller, say=lambda words, **_how: self.said.append(words), show_insight=lambda _plan: None
        )
        self.page.pack(fill="both", expand=True)
        self.results = PlanResults(self.controller)
        self.controller.subscribe(self.events.append)
        self.controller.subscribe(self.page.on_event)
        self.controller.open()
        self.until(lambda: self.controller.history is not None)

    def until(self, condition):
        wait_until(condition, step=self.step)

    def step(self):
        self.controller.pump()
        self.results.work()
        self.root.update()

    def begin(self, **changes):
        """Start a plan, wait for its pictures and open it for rating."""
        self.plan_id = self.controller.learning.start(plan(**changes)).plan_id
        self.made()
        self.open()

    def open(self):
        self.page.open_plan(self.plan_id)
        self.until(lambda: self.view.session.matrix is not None and self.view.matrix.canvas.winfo_width() > 1)
        self.view.matrix.canvas.focus_force()
        self.until(lambda: not self.view.busy)

    def made(self):
        """Wait until nothing is left to make."""
        self.until(lambda: self.idle and self.board.made == len(self.board.cells))

    @property
    def idle(self):
        return self.controller.running is None and not self.controller.queue

    @property
    def view(self):
        return self.page.rating

    @property
    def board(self):
        return board(self.controller.history, self.plan_id)

    @property
    def plan(self):
        return self.board.plan

    @property
    def matrix(self):
        return self.view.session.matrix

    def asked(self):
        return [cell for cell in self.matrix.cells if cell.asks]

    def decided(self):
        """Whether it was decided what follows after the stars given so far."""
        more = len(self.board.cells) > self.board.made or self.controller.learning.pending(self.plan_id)
        return bool(more) or self.board.revealed or bool(self.asked())

    def rate_all(self, stars):
        """Rate by keys all that is asked, as somebody with these preferences would."""
        self.until(lambda: self.asked() and not self.view.busy)
        while self.asked():
            cell = self.view.session.cursor.cell
            if not cell.asks:
                self.view.session.cursor.go_to(self.asked()[0].number)
                cell = self.view.session.cursor.cell
            row = self.matrix.lines[cell.line].row
            liked = stars[VALUES[cell.variant]]
            rated = cell.key
            self.root.focus_get().event_generate(f"<Key-{liked[row % len(liked)]}>")
            self.until(lambda rated=rated: self.view.session.cursor.find(rated).stars and not self.view.busy)

    def close(self):
        self.controller.close()
        self.page.destroy()


@pytest.fixture
def house(root, tmp_path):
    open_houses = []

    def opened():
        open_houses.append(House(root, tmp_path / "data"))
        return open_houses[-1]

    yield opened
    for one in open_houses:
        one.controller.close()


def test_after_the_first_rows_what_tells_most_is_made_by_itself_until_it_is_clear(house):
    h = house()
    h.begin()
    assert len(h.board.cells) == 6
    sizes = []
    while not h.board.revealed:
        sizes.append(len(h.board.cells))
        h.rate_all(CLEAR)
        h.until(h.decided)
        h.until(lambda: h.board.revealed or (h.idle and h.board.made == len(h.board.cells) and h.asked()))
    assert len(sizes) > 1, "6 pictures are too few for a verdict"
    assert h.controller.history.plans.result(h.plan_id).summary.state in ("settled", "best")
    assert h.controller.history.plans.result(h.plan_id).summary.value == 9
    assert len(h.board.cells) < 20, "it stopped by itself"
    assert sum(h.plan.batches) == len(h.plan.extra) == len(h.board.cells) - 6
    assert max(h.plan.batches) <= 3
    assert h.controller.history.plans.result(h.plan_id).summary.not_blind == 0


def test_new_rows_take_the_next_prompt_in_turn_with_a_seed_of_their_own(house):
    h = house()
    h.begin()
    h.rate_all(CLEAR)
    h.until(lambda: h.plan.extra)
    assert {cell.row for cell in h.plan.extra[:3]} <= {2, 3}
    assert [h.plan.prompt(row).prompt_id for row in range(4)] == ["boat", "tram", "cat", "boat"]
    assert len(set(h.plan.seeds)) == len(h.plan.seeds) > 2


def test_no_value_is_told_while_it_goes_on_and_a_batch_is_shown_at_once(house):
    h = house()
    h.begin()
    h.rate_all(EVEN)
    h.until(lambda: h.plan.extra)
    states = set()

    def watch():
        late = [cell for line in h.matrix.lines if line.row > 1 for cell in line.cells]
        states.add(tuple(cell.facts is not None for cell in late))
        return late and all(cell.asks for cell in late)

    h.until(watch)
    assert all(len(set(shown)) <= 1 for shown in states)
    seen = " | ".join(texts(h.page))
    assert [word for word in ("2 steps", "5 steps", "9 steps", ".png") if word in seen] == []
    assert h.matrix.hidden


def test_it_ends_when_the_pictures_it_may_come_to_are_used_up(house):
    h = house()
    h.begin(most_pictures=8)
    h.rate_all(EVEN)
    h.until(lambda: h.plan.extra)
    h.made()
    assert len(h.board.cells) == 8
    h.rate_all(EVEN)
    h.until(lambda: h.board.revealed)
    assert len(h.board.cells) == 8
    assert h.idle


def test_reveal_now_ends_it(house):
    h = house()
    h.begin()
    h.rate_all(EVEN)
    h.until(lambda: h.plan.extra)
    h.made()
    button(h.view.head, "Reveal now").invoke()
    h.until(lambda: h.board.revealed and not h.matrix.hidden)
    cells = len(h.board.cells)
    h.rate_all(EVEN)
    h.until(lambda: h.view.session.report is not None and h.view.session.report.rated == cells)
    assert (len(h.board.cells), h.idle) == (cells, True)


def test_while_the_queue_is_paused_nothing_is_made_and_the_page_says_so(house):
    h = house()
    h.begin()
    h.controller.pause(True)
    h.rate_all(EVEN)
    h.until(lambda: h.controller.learning.pending(h.plan_id))
    h.until(lambda: not h.view.busy)
    assert "The queue is paused: Go on makes the next pictures." in h.view.foot.message
    assert h.controller.running is None
    h.controller.pause(False)
    h.made()


def test_stopped_pictures_come_only_when_they_are_asked_for(house):
    h = house()
    h.begin()
    h.controller.pause(True)
    h.rate_all(EVEN)
    h.until(lambda: h.controller.learning.pending(h.plan_id))
    h.controller.cancel()
    h.controller.pause(False)
    h.until(lambda: h.idle and h.view.session.to_make and not h.view.busy)
    made = h.board.made
    h.step()
    assert (h.board.made, h.board.revealed) == (made, False)
    button(h.view.head, "Make the missing").invoke()
    h.made()
    h.until(h.asked)


def test_a_restart_goes_on_where_it_was(house):
    h = house()
    h.begin()
    h.rate_all(EVEN)
    h.until(lambda: h.plan.extra)
    h.made()
    plan_id, cells = h.plan_id, len(h.board.cells)
    h.close()
    again = house()
    again.plan_id = plan_id
    again.open()
    assert (len(again.board.cells), again.board.revealed) == (cells, False)
    again.rate_all(EVEN)
    again.until(lambda: len(again.plan.batches) == 2 or again.board.revealed)


def test_the_list_says_how_far_it_may_go(house):
    h = house()
    h.begin()
    now = standing(h.board)
    assert progress_text(now, now.state(0)) == "rating 0 of up to 20"
    assert dict(plan_facts(now, now.state(0)))["Made"] == "6 of 6, up to 20 step by step"
    assert h.view.head.count.cget("text") == "0 of 6 rated · up to 20"
    button(h.view.head, "Reveal now").invoke()
    h.until(lambda: h.board.revealed)
    now = standing(h.board)
    assert "up to" not in progress_text(now, now.state(0))


def test_an_open_run_goes_on_because_of_stars_and_not_because_somebody_looks(house):
    h = house()
    h.begin(blind=False)
    h.rate_all(EVEN)
    h.until(lambda: h.plan.extra)
    h.made()
    plan_id, cells = h.plan_id, len(h.board.cells)
    h.close()
    again = house()
    again.plan_id = plan_id
    again.open()
    again.until(lambda: again.view.session.report is not None)
    assert (len(again.board.cells), again.idle) == (cells, True)


def test_what_is_asked_for_after_the_reveal_is_rated_blind_in_a_round_of_its_own(house):
    d = house()
    d.begin(most_pictures=0, complete_rows=3, seeds=(11, 12, 13))
    d.rate_all(CLEAR)
    d.until(lambda: d.board.revealed and not d.view.busy and not d.matrix.hidden)
    last = d.plan.full_rows
    d.controller.learning.more(d.plan_id, [PlanCell(0, last), PlanCell(1, last)])
    d.until(lambda: len(d.board.cells) > d.board.made)
    d.made()
    d.until(lambda: d.matrix.round and not d.view.busy)
    cursor = d.view.session.cursor
    assert cursor.current == d.matrix.next_asked(-1)
    assert d.matrix.columns == ()
    assert not d.view.head.reveal.winfo_manager()
    assert not [text for text in texts(d.view.panel) if " steps" in text]
    while d.matrix.round and d.asked():
        if not cursor.cell.asks:
            cursor.go_to(d.asked()[0].number)
        before = len(d.asked())
        d.root.focus_get().event_generate("<Key-4>")
        d.until(lambda before=before: not d.view.busy and (not d.matrix.round or len(d.asked()) < before))
    d.until(lambda: not d.matrix.hidden)
    d.until(lambda: d.view.session.report is not None and d.view.session.report.rated == len(d.board.images))
    assert d.view.session.report.not_blind == 0
