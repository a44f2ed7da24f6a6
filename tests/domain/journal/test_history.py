from __future__ import annotations

from array import array
from io import BytesIO
from itertools import count, product
from random import Random

import msgspec
import pytest
from journal_lines import new_id, output, rate, record, reopened, undo

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query, select
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.journal.soundness import all_within


def folded(*lines):
    """A history of these lines, as if they stood one after the other in one segment."""
    history = History()
    for line in lines:
        history.fold(line, Position(1, history.end.offset, 99))
    return history


def raw(*lines):
    return [(1, number * 100, 99, msgspec.json.encode(line)) for number, line in enumerate(lines)]


def state(history, image):
    return history.unblinded().feedback(history.row_of(image.image_id))


def shown(history, **query):
    columns = history.visible().columns()
    return [history.visible().facts(row).image_id for row in select(columns, Query(**query)).rows]


def test_the_latest_rating_holds():
    made = record()
    history = folded(made, rate(made.outputs[0], 2), rate(made.outputs[0], 5))
    assert state(history, made.outputs[0]).rating == 5


def test_a_cleared_rating_is_no_rating():
    made = record()
    history = folded(made, rate(made.outputs[0], 4), rate(made.outputs[0], 0))
    assert history.visible().counts().unrated == 1


def test_tags_come_and_go_and_a_note_stays_until_changed():
    made = record()
    image = made.outputs[0]
    lines = (rate(image, 3, tags_added=("hands", "sharp"), note="nice"), rate(image, tags_removed=("hands",)))
    held = state(folded(made, *lines), image)
    assert (held.rating, held.tags, held.note) == (3, ("sharp",), "nice")
    assert state(folded(made, *lines, rate(image, note="")), image).note == ""


@pytest.mark.parametrize("rating", [-1, 6, 1000])
def test_a_rating_that_means_nothing_changes_nothing(rating):
    made = record()
    assert state(folded(made, rate(made.outputs[0], 3), rate(made.outputs[0], rating)), made.outputs[0]).rating == 3


def test_undo_of_any_earlier_rating_restores_what_held_before():
    made = record()
    image = made.outputs[0]
    first, second, third = (rate(image, stars) for stars in (1, 2, 3))
    history = folded(made, first, second, third, undo(second))
    assert state(history, image).rating == 3
    history.fold(undo(third), Position(1, 9000, 99))
    assert state(history, image).rating == 1


def test_redo_takes_the_undo_back_as_often_as_you_like():
    made = record()
    image = made.outputs[0]
    rated = rate(image, 4)
    history = folded(made, rated)
    last, expected = rated, 4
    for number in range(1100):
        last, expected = undo(last), 4 - expected
        history.fold(last, Position(2, number * 100, 99))
        assert state(history, image).rating == expected


def test_two_undos_of_one_line_need_two_redos():
    made = record()
    image = made.outputs[0]
    rated = rate(image, 4)
    first, second = undo(rated), undo(rated)
    assert state(folded(made, rated, first, second, undo(first)), image).rating == 0
    assert state(folded(made, rated, first, second, undo(first), undo(second)), image).rating == 4


def test_undos_that_name_each_other_in_a_circle_end():
    one, two, three = (undo(record()) for _ in range(3))
    circle = [
        msgspec.structs.replace(void, target=target.event_id)
        for void, target in ((one, two), (two, three), (three, one))
    ]
    made = record()
    assert folded(made, *circle, rate(made.outputs[0], 2)).visible().counts().unrated == 0


def test_undo_of_a_record_hides_its_pictures_and_redo_shows_them():
    first, second = record(2), record(1)
    back = undo(first)
    history = folded(first, second, back)
    assert shown(history) == [second.outputs[0].image_id]
    history.fold(undo(back), Position(1, 9000, 99))
    assert history.visible().counts().all == 3


def test_every_line_counts_once_however_often_it_is_folded():
    made = record()
    rated, better = rate(made.outputs[0], 2), rate(made.outputs[0], 5)
    history = folded(made, rated, better, made, rated)
    assert (len(history), state(history, made.outputs[0]).rating) == (1, 5)


def test_lines_folded_out_of_order_count_by_their_place_in_the_journal():
    made = record()
    history = folded(made)
    history.fold(rate(made.outputs[0], 5), Position(1, 500, 99))
    history.fold(rate(made.outputs[0], 1), Position(1, 300, 99))
    assert state(history, made.outputs[0]).rating == 5


def test_feedback_and_undo_that_come_before_the_picture_wait_for_it():
    made = record()
    wrong, right = rate(made.outputs[0], 1), rate(made.outputs[0], 4)
    assert state(folded(right, wrong, undo(wrong), made), made.outputs[0]).rating == 4


def test_only_the_pictures_of_the_last_stage_are_final():
    made = record(0, outputs=(output("txt2img"), output("upscale"), output("upscale")))
    assert shown(folded(made), finals_only=True, order="oldest") == [image.image_id for image in made.outputs[1:]]


def test_facts_name_everything_about_a_picture():
    made = record(0, kind="sketch", outputs=(output(), output("img2img", suspect=("black",))), status="partial")
    history = folded(record(), made)
    facts = history.visible().facts(history.row_of(made.outputs[1].image_id))
    assert (facts.suspect, facts.final, facts.sketch, facts.ok, facts.output_index) == (True, True, True, False, 1)
    assert (facts.stage, facts.pack_id, facts.checkpoint, facts.run_name) == (
        "img2img",
        "heroes",
        "dream.safetensors",
        "first",
    )
    assert facts.time_ms == 1_767_225_600_000
    assert facts.position == Position(1, 100, 99)


def test_ids_that_are_not_ulids_are_found_too():
    made = record(0, event_id="mine", outputs=(output(image_id="café"), output(image_id="x" * 80)))
    history = folded(made, rate("café", 3), rate("x" * 80, 2))
    assert [history.visible().facts(row).image_id for row in (0, 1)] == ["café", "x" * 80]
    assert [history.visible().facts(row).rating for row in (0, 1)] == [3, 2]


def test_an_unknown_picture_has_no_row():
    assert folded(record()).row_of("nothing") is None


@pytest.mark.parametrize(
    "ts", ["yesterday", "", "2026-01-01T00:00:00Z!", "2026-01-01T00:00:infZ", "2026-01-01T00:00:1e99Z"]
)
def test_a_time_that_is_none_costs_only_the_time(ts):
    assert folded(record(ts=ts)).visible().facts(0).time_ms == 0


def test_many_lines_at_once_give_the_same_as_one_by_one():
    made = [record(2, run_id=f"R{number // 3}") for number in range(900)]
    said = [rate(made[number].outputs[0], number % 6, tags_added=("x",) if number % 7 else ()) for number in range(900)]
    history = History()
    assert history.fold_lines(raw(*made, *said, undo(said[5]), undo(made[7]))) == 0
    one_by_one = folded(*made, *said, undo(said[5]), undo(made[7]))
    assert history.visible().columns() == one_by_one.visible().columns()
    assert [history.visible().facts(row) for row in range(1800)] == [
        one_by_one.visible().facts(row) for row in range(1800)
    ]


def test_shuffled_ids_are_found_among_thousands():
    made = [record() for _ in range(3000)]
    history = folded(*(made[number * 1471 % 3000] for number in range(3000)))
    assert all(
        history.visible().facts(history.row_of(r.outputs[0].image_id)).image_id == r.outputs[0].image_id for r in made
    )
    assert history.row_of(new_id()) is None


def test_lines_that_cannot_be_understood_are_counted():
    history = History()
    lines = [b"", b"nonsense", b'{"kind":"run"}', b"[" * 5000, b"\xff", msgspec.json.encode(record())]
    assert history.fold_lines((1, 0, len(line), line) for line in lines) == 5
    assert len(history) == 1


def test_a_saved_history_goes_on_as_if_nothing_had_happened():
    made = [record(2) for _ in range(700)]
    said = [rate(one.outputs[0], 4, note="n", tags_added=("t",)) for one in made]
    early = rate("not yet", 2)
    lines = [*made, *said, early]
    saved = reopened(folded(*lines))
    more = [undo(said[3]), undo(made[4]), record(0, outputs=(output(image_id="not yet"),))]
    for line in more:
        saved.fold(line, Position(1, saved.end.offset, 99))
    whole = folded(*lines, *more)
    assert (saved.end, saved.visible().columns()) == (whole.end, whole.visible().columns())
    assert [saved.visible().facts(row) for row in range(1401)] == [whole.visible().facts(row) for row in range(1401)]


@pytest.mark.parametrize("head", [b"", b"\xc1", msgspec.msgpack.encode([0]), b"\x00" * 50])
def test_a_saved_history_of_another_kind_is_refused(head):
    for data in (head, len(head).to_bytes(8, "little") + head):
        with pytest.raises(InvalidInput):
            History.read(BytesIO(data).read)


def test_a_saved_history_that_was_cut_anywhere_is_refused():
    made = [record(2) for _ in range(3)]
    whole = b"".join(folded(*made, rate(made[0].outputs[0], 4, note="n"), undo(made[1])).saved())
    for length in range(len(whole)):
        with pytest.raises(InvalidInput):
            History.read(BytesIO(whole[:length]).read)


def test_a_snapshot_does_not_change_any_more():
    made = record()
    history = folded(made)
    before = history.visible().columns()
    history.fold(rate(made.outputs[0], 5), Position(1, 9000, 99))
    assert before.rating == b"\x00"


def test_the_end_waits_for_lines_that_another_program_wrote_in_between():
    history = folded(record())
    end = history.end
    history.fold(record(), Position(1, end.offset + 500, 99))
    assert history.end == end


@pytest.fixture
def three_runs():
    clock = count(10)
    runs = [
        record(2, run_id=name, pack_id=pack, checkpoint=checkpoint, ts=f"2026-01-01T00:{next(clock)}:00Z")
        for name, pack, checkpoint in (("A", "heroes", "dream"), ("B", "places", "real"), ("A", "heroes", "real"))
    ]
    images = [image for run in runs for image in run.outputs]
    history = folded(*runs, rate(images[0], 5), rate(images[3], 3, tags_added=("hands",)), rate(images[4], 4))
    return history, [image.image_id for image in images]


def test_newest_runs_come_first_each_run_in_one_group(three_runs):
    history, ids = three_runs
    selection = select(history.visible().columns(), Query())
    assert [history.visible().facts(row).image_id for row in selection.rows] == [ids[i] for i in (3, 2, 5, 4, 1, 0)]
    assert [(g.run_id, g.first, g.count, g.checkpoint) for g in selection.groups] == [
        ("B", 0, 2, "real"),
        ("A", 2, 4, ""),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"rating": "unrated"}, [1, 5, 2]),
        ({"rating": "stars", "min_stars": 4}, [0, 4]),
        ({"pack": "places"}, [2, 3]),
        ({"checkpoint": "real", "pack": "heroes"}, [4, 5]),
        ({"tag": "hands"}, [3]),
        ({"run_id": "A"}, [0, 1, 4, 5]),
        ({"order": "best"}, [0, 4, 3, 5, 2, 1]),
        ({"pack": "unknown"}, []),
        ({"suspect_only": True}, []),
    ],
)
def test_filters_and_orders(three_runs, query, expected):
    history, ids = three_runs
    assert shown(history, **({"order": "oldest"} | query)) == [ids[i] for i in expected]


def test_pictures_are_found_by_when_their_stars_were_given(three_runs):
    history, ids = three_runs
    hour = 3_600_000

    def between(first, end):
        return shown(history, rated_from_ms=first, rated_to_ms=end, order="oldest")

    times = {ids[at]: history.unblinded().pictures.rated[history.row_of(ids[at])] for at in (0, 3, 4)}
    assert between(1, 0) == [ids[0], ids[4], ids[3]], "never those without stars"
    assert set(between(times[ids[3]], times[ids[3]] + 1)) == {one for one in times if times[one] == times[ids[3]]}
    assert between(max(times.values()) + hour, 0) == []
    # Given anew later, and taken back: what counts is when the stars that it has were given.
    again = msgspec.structs.replace(rate(ids[0], 2), ts="2026-03-01T00:00:00Z")
    history.fold(again, Position(1, 20_000))
    assert between(times[ids[0]] + 1, 0) == [ids[0]]
    assert reopened(history).visible().columns().rated == history.visible().columns().rated
    history.fold(undo(again), Position(1, 20_001))
    assert between(times[ids[0]] + 1, 0) == []


def test_totals_do_not_depend_on_the_rating_filter_but_on_the_others(three_runs):
    history, _ = three_runs
    selection = select(history.visible().columns(), Query(rating="unrated", pack="heroes"))
    assert tuple(selection.totals) == (4, 2, 2, 0, 0, 0)


def test_rejected_pictures_are_among_all_but_neither_unrated_nor_rated(three_runs):
    history, ids = three_runs
    marks = [rate(ids[0], rejected=True), rate(ids[1], rejected=True), rate(ids[3], rejected=True)]
    for number, line in enumerate(marks):
        history.fold(line, Position(1, 10_000 + number))
    assert shown(history, rating="rejected", order="oldest") == [ids[0], ids[1], ids[3]]
    assert shown(history, rating="stars", min_stars=4, order="oldest") == [ids[4]]
    assert shown(history, rating="unrated", order="oldest") == [ids[2], ids[5]]
    assert select(history.visible().columns(), Query()).totals.rejected == 3
    # Undone, the picture is what it was; so it is once it gets stars.
    history.fold(undo(marks[0]), Position(1, 10_010))
    history.fold(rate(ids[3], 2), Position(1, 10_011))
    assert shown(history, rating="rejected", order="oldest") == [ids[1]]
    again = reopened(history)
    assert shown(again, rating="rejected", order="oldest") == [ids[1]]


def test_the_values_to_filter_by_are_listed(three_runs):
    history, _ = three_runs
    selection = select(history.visible().columns(), Query(pack="nothing"))
    assert (selection.packs, selection.checkpoints, selection.tags) == (
        ("heroes", "places"),
        ("dream", "real"),
        ("hands",),
    )


def test_nothing_recorded_is_nothing_selected():
    selection = select(History().visible().columns(), Query(order="best"))
    assert (list(selection.rows), selection.groups, tuple(selection.totals)) == ([], (), (0, 0, 0, 0, 0, 0))


def test_a_line_without_id_is_no_part_of_the_history():
    history = History()
    assert history.fold_lines(raw(msgspec.structs.replace(record(), event_id=""), record())) == 1
    assert len(history) == len(record().outputs)


def test_pictures_of_one_machine_are_found_and_the_machines_are_named_also_after_a_snapshot():
    made = [record(backend=BackendInfo(kind="webui", name="WebUI", node=node)) for node in ("tower", "attic", "tower")]
    for history in (folded(*made), reopened(folded(*made))):
        assert shown(history, node="tower", order="oldest") == [
            made[0].outputs[0].image_id,
            made[2].outputs[0].image_id,
        ]
        assert select(history.visible().columns(), Query()).nodes == ("attic", "tower")


@pytest.mark.parametrize("code", "BHIiq")
def test_numbers_of_a_column_are_checked_all_at_once_and_rightly(code):
    dice = Random(7)
    most = {"B": 255, "H": 65_535}.get(code, 2**31 - 1)
    numbers = (0, 1, 5, 6, 255, 256, 257, 65_535, 65_536, 70_000, 2**31 - 1, *((-1, -2) if code in "iq" else ()))
    for _ in range(300):
        few = dice.sample(numbers, 3)
        column = array(code, (min(dice.choice(few), most) for _ in range(dice.randrange(8))))
        for limit, least in product((0, 1, 6, 256, 257, 65_536, 70_001, 2**31), (0, -1)):
            assert all_within(column, limit, least=least) == all(least <= number < limit for number in column)
