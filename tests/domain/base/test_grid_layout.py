from array import array
from itertools import pairwise
from random import Random

import pytest

from stablenew_tk.domain.base.grid_layout import MIXED, GridLayout, Measures, shared_shapes

SIZE = Measures(room=868, height=180)


@pytest.mark.parametrize("place", [0, 3, 5, 6, 17, 29])
def test_a_point_inside_a_cell_finds_that_cell(place):
    layout = GridLayout((0, 4, 17), 30, SIZE)
    x, y, *_ = layout.spot(place)
    assert layout.place_at(x + 10, y + 10) == place


def test_every_place_lies_in_the_band_it_stands_in():
    layout = GridLayout((0, 4, 17), 30, SIZE)
    for place in range(30):
        y = layout.spot(place).y
        assert place in layout.places(y, y + 5)
    assert layout.places(0, layout.height) == range(30)


def test_an_empty_grid_has_no_places():
    layout = GridLayout((), 0, SIZE)
    assert layout.height == 0
    assert list(layout.places(0, 1000)) == []
    assert layout.place_at(50, 50) == -1


def mixed(count, firsts=(0,), seed=1):
    shapes = array("H", Random(seed).choices((684, 1462, 1000, 562, 1777), k=count))
    return GridLayout(firsts, count, SIZE, shapes, shared_shapes(shapes, firsts))


def rows_of(layout):
    """The cells of each row, once everything is broken into rows."""
    layout.settle(0, 1e9, 0)
    rows = {}
    for place in range(layout.count):
        rows.setdefault(layout.spot(place).y, []).append(layout.spot(place))
    return list(rows.values())


def test_rows_of_many_shapes_fill_the_width_at_about_the_wished_height():
    rows = rows_of(mixed(1000))
    for row in rows[:-1]:
        assert row[0].x == SIZE.left
        assert abs(row[-1].x + row[-1].width - SIZE.left - SIZE.room) <= 1
        assert 0.7 * SIZE.height < row[0].height - SIZE.foot < 1.4 * SIZE.height
        gaps = [right.x - left.x - left.width for left, right in pairwise(row)]
        assert all(SIZE.gap - 1 <= gap <= 2.5 * SIZE.gap + 1 for gap in gaps)
    assert rows[-1][0].height <= rows[-2][0].height, "what is left is not blown up"


def test_pictures_of_one_shape_stand_in_columns_and_each_cell_has_its_shape():
    for shape in (684, 1000, 1462):
        layout = GridLayout((), 50, SIZE, array("H", [shape]) * 50)
        spots = [layout.spot(place) for place in range(50)]
        assert len({spot[2:] for spot in spots}) == 1
        wide, high = spots[0].width - 2 * SIZE.frame, spots[0].height - 2 * SIZE.frame - SIZE.foot
        assert abs(wide * 1000 / high - shape) < 12


def test_every_point_of_a_grid_of_many_shapes_belongs_to_the_cell_that_is_there():
    layout = mixed(700, (0, 3, 650))
    layout.settle(0, 1e9, 0)
    for place in range(700):
        spot = layout.spot(place)
        assert layout.place_at(spot.x + 3, spot.y + 3) == place
        assert place in layout.places(spot.y, spot.y + 1)
    assert layout.places(0, layout.height) == range(700)


def test_down_and_up_go_to_the_cell_whose_middle_is_nearest():
    layout = mixed(300, (0, 40, 43))
    layout.settle(0, 1e9, 0)
    for place in range(0, 290, 7):
        below, here = layout.row_step(place, 1), layout.spot(place)
        row = [one for one in range(300) if layout.spot(one).y == layout.spot(below).y]
        middles = {one: layout.spot(one).x + layout.spot(one).width / 2 for one in row}
        assert below == min(row, key=lambda one: abs(middles[one] - here.x - here.width / 2))
        assert layout.spot(below).y > here.y
        assert layout.spot(layout.row_step(below, -1)).y == here.y


def test_what_is_in_sight_stays_where_it_is_while_rows_above_are_broken():
    layout = mixed(5000, tuple(range(0, 5000, 10)))
    top = layout.height / 2
    top += layout.settle(top, top + 600, 0)
    seen = {place: layout.spot(place).y - top for place in layout.places(top, top + 600)}
    assert MIXED in shared_shapes(array("H", [1, 2]), (0,))
    top += layout.settle(top, top + 600, 3000)
    for place, y in seen.items():
        assert layout.spot(place).y - top == y
