"""Pictures that a blind Learning Run gets after its values were revealed: rated blind, too, in a round of their own."""

from __future__ import annotations

from journal_lines import rate
from msgspec.structs import replace
from plans import PlanCell, all_rated, history, name_of, plan, record, result

from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.insights.matrix_text import place_name, row_label, state_words
from stablenew_tk.domain.insights.report import report
from stablenew_tk.domain.insights.standing import standing
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query, select
from stablenew_tk.domain.runs.job import LearningTag
from stablenew_tk.domain.runs.plan import LearningRunStep

MORE = (PlanCell(0, 3), PlanCell(1, 3))


class Journal:
    """A blind plan of 15 pictures, all rated and revealed, with two more pictures asked for."""

    def __init__(self, made=MORE):
        of = plan()
        self.plan = replace(of, event_id=rate("x").event_id, seeds=(*of.seeds, 99), extra=MORE, batches=(len(MORE),))
        self.history = history(of, ratings=[*all_rated(of), result(of), self.plan])
        self.count = 100
        for cell in made:
            self.write(record(self.plan, cell))

    def write(self, line):
        self.history.fold(line, Position(1, self.count * 1000, 999))
        self.count += 1

    @property
    def board(self):
        return board(self.history, "PLAN")

    @property
    def matrix(self):
        return blind_matrix(self.board)

    def rate(self, cell):
        """Give stars as the page does."""
        self.write(rate(cell.facts.image_id, 4, blind=True, repeat=cell.again))

    def rate_all(self):
        for cell in self.matrix.cells:
            self.rate(cell)

    def rate_next(self):
        self.rate(self.matrix.cells[self.matrix.next_asked(-1)])


def test_they_stand_alone_shuffled_with_some_that_are_known_and_no_value_is_told():
    now = Journal().matrix
    assert now.hidden
    assert now.round
    assert now.columns == ()
    names = [cell.facts.image_id for cell in now.cells]
    assert {name_of(cell) for cell in MORE} < set(names)
    assert sum(cell.again for cell in now.cells) == 2
    assert all(cell.stars == 0 and cell.asks for cell in now.cells)
    assert row_label(now, now.lines[0]) == ("Blind round", "0 of 4")
    assert [place_name(now, cell) for cell in now.cells] == [f"Blind round, picture {n}" for n in (1, 2, 3, 4)]
    assert state_words(now)[0] == "Blind"
    assert (now.rated, now.wanted, now.next_asked(-1)) == (0, 4, 0)


def test_until_all_of_them_are_made_none_is_shown_under_its_value():
    journal = Journal(made=MORE[:1])
    now = journal.matrix
    assert not now.round
    assert name_of(MORE[0]) not in [cell.facts.image_id for cell in now.cells if cell.facts is not None]
    assert {cell.state for cell in now.lines[3].cells} == {"made", "waiting"}
    assert standing(journal.board).asked == 0


def test_the_round_lasts_until_also_the_known_ones_have_their_stars_and_nothing_moves_meanwhile():
    journal = Journal()
    order = [cell.facts.image_id for cell in journal.matrix.cells]
    known_first = sorted(range(4), key=lambda number: not journal.matrix.cells[number].again)
    for number in range(3):
        journal.rate(journal.matrix.cells[known_first[number]])
        assert [cell.facts.image_id for cell in journal.matrix.cells] == order
        assert journal.matrix.rated == number + 1
    journal.rate_next()
    now = journal.matrix
    assert not now.hidden
    assert [cell.facts.rating for cell in now.lines[3].cells] == [4, 4]


def test_what_was_rated_in_the_round_counts_as_blind_and_the_known_ones_as_shown_twice():
    journal = Journal()
    journal.rate_all()
    told = report(journal.board)
    assert (told.rated, told.not_blind) == (17, 0)
    assert sum(len(shown.repeats) for cell in journal.board.cells for shown in cell.images) == 2


def test_pages_and_reports_do_not_show_them_before():
    journal = Journal()
    visible, waiting = journal.history.visible(), {name_of(cell) for cell in MORE}
    rows = {journal.history.row_of(name) for name in waiting}
    assert not rows & set(visible.latest(100))
    assert not rows & set(select(visible.columns(), Query()).rows)
    assert [visible.facts(row).image_id for row in rows] == ["", ""]
    assert visible.counts().all == 15
    assert not waiting & {facts.image_id for line in report(journal.board).values for facts in line.images}
    journal.rate_all()
    assert rows <= set(visible.latest(100))
    assert waiting <= {facts.image_id for line in report(journal.board).values for facts in line.images}


def test_a_suspect_picture_is_shown_at_once_for_nobody_is_asked_about_it():
    journal = Journal(made=())
    for cell in MORE:
        journal.write(record(journal.plan, cell, suspect=("black",)))
    assert not journal.matrix.hidden
    rows = [journal.history.row_of(name_of(cell)) for cell in MORE]
    assert set(rows) < set(journal.history.visible().latest(100))
    assert journal.history.visible().facts(rows[0]).image_id == name_of(MORE[0])


def test_what_nobody_rated_before_the_reveal_counts_as_open():
    of = plan()
    held = history(of, ratings=[*all_rated(of)[:12], result(of)])
    for number, line in enumerate([rate(name_of(cell), 3) for cell in of.cells()[12:]]):
        held.fold(line, Position(2, number * 1000, 999))
    told = report(board(held, "PLAN"))
    assert (told.rated, told.not_blind) == (15, 3)
    assert "12 blind, 3 open" in f"{told.verdict.meaning} {told.remark}"


def test_an_open_run_has_no_blind_round():
    of = plan(blind=False)
    more = replace(of, event_id=rate("x").event_id, seeds=(*of.seeds, 99), extra=MORE, batches=(2,))
    held = history(of, ratings=[*all_rated(of), result(of), more])
    for number, cell in enumerate(MORE):
        held.fold(record(more, cell), Position(2, number * 1000, 999))
    assert not blind_matrix(board(held, "PLAN")).hidden


def test_pictures_that_older_versions_showed_openly_are_not_asked_for_again():
    journal = Journal()
    for cell in MORE:
        journal.write(rate(name_of(cell), 3))
    assert not journal.matrix.hidden
    assert report(journal.board).not_blind == 2


def test_what_was_said_about_the_picture_a_run_began_with_is_not_told_while_it_is_blind():
    of = plan(rows=1)
    source, rest = of.cells()[0], of.cells()[1:]
    held = History()
    reused = LearningRunStep(
        event_id="", ts=of.ts, step_id=of.step_id(source), plan_id="PLAN", variant_index=0, row=0, value=117,
        seed=of.seeds[0], config_for_step=of.base_config, stages=("txt2img",), outputs=(name_of(source),),
        status="ok", reused=True, rated_anew=True,
    )  # fmt: skip
    before = replace(record(of, source), run_id="everyday", learning=LearningTag())
    said = rate(name_of(source), 5, tags_added=("great light",))
    lines = [before, said, of, replace(reused, event_id=rate("x").event_id), *(record(of, cell) for cell in rest)]
    for number, line in enumerate(lines):
        held.fold(line, Position(1, number * 1000, 999))
    cells = blind_matrix(board(held, "PLAN")).cells
    shown = next(cell for cell in cells if cell.facts.image_id == name_of(source))
    assert (shown.stars, shown.facts.tags, shown.asks) == (0, (), True)
