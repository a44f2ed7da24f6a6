import pytest

from stablenew_tk.domain.base.grid_layout import GridLayout, Measures

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
