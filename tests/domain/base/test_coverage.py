"""What a shape covers is its area, and its edges are smooth."""

from __future__ import annotations

import math

import pytest

from stablenew_tk.domain.base.coverage import Shapes, corner, star_points

SIDE = 40


def area(drawing: Shapes) -> float:
    return sum(drawing.coverage()) / 255


@pytest.mark.parametrize(
    ("draw", "true_area"),
    [
        (lambda d: d.disc(20, 20, 10), math.pi * 100),
        (lambda d: d.half_disc(20, 20, 10), math.pi * 50),
        (lambda d: d.ring(20, 20, 10, 2), math.pi * (11**2 - 9**2)),
        (lambda d: d.polygon([(5, 5), (35, 5), (35, 15)]), 150),
        (lambda d: d.line([(5, 5), (35, 5)], 2), 60 + math.pi),
        (lambda d: d.line([(5, 5), (25, 20)], 4), 4 * 25 + math.pi * 4),
        (lambda d: d.arc(20, 20, 10, (90, 180), 2), math.pi * (11**2 - 9**2) / 4 + math.pi),
        (lambda d: d.arc(20, 20, 10, (-45, 225), 2), math.pi * (11**2 - 9**2) * 0.75 + math.pi),
        (lambda d: d.rounded((5, 5, 35, 25), 0, 2), 32 * 22 - 28 * 18),
    ],
)
def test_a_shape_covers_its_area(draw, true_area):
    drawing = Shapes(SIDE)
    draw(drawing)
    assert area(drawing) == pytest.approx(true_area, rel=0.02)


def test_what_is_drawn_twice_or_outside_counts_once_or_not_at_all():
    once, twice, outside = Shapes(SIDE), Shapes(SIDE), Shapes(SIDE)
    once.disc(0, 0, 10)
    for _ in range(2):
        twice.disc(0, 0, 10)
    outside.line([(-30, -30), (-5, 90)], 6)
    assert once.coverage() == twice.coverage()
    assert area(once) == pytest.approx(math.pi * 25, rel=0.02)
    assert not any(outside.coverage())


def test_a_star_is_upright_and_the_same_on_both_sides():
    drawing = Shapes(SIDE)
    drawing.polygon(star_points(20, 20, 18))
    shares = drawing.coverage()
    rows = [shares[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE)]
    assert all(abs(one - other) <= 64 for row in rows for one, other in zip(row, row[::-1], strict=True))
    assert sum(rows[8]) < sum(rows[16])


def test_a_corner_is_a_quarter_of_a_disc_and_its_own_mirror():
    shares = corner(8)
    assert sum(map(sum, shares)) == pytest.approx(math.pi * 16, rel=0.01)
    assert shares[0][0] == 0.0
    assert shares[7][7] == 1.0
    for row in range(8):
        for column in range(8):
            assert shares[row][column] == pytest.approx(shares[column][row], abs=0.07)
