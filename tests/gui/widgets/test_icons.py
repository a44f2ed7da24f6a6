"""Icons are painted by us: present, tinted, sharp enough to be told apart."""

from __future__ import annotations

import pytest
from PIL import ImageChops

from stablenew_tk.gui.widgets import icons, theme


@pytest.mark.parametrize("name", sorted(icons.NAMES))
def test_every_drawing_leaves_ink_and_leaves_ground(name):
    mask = icons.mask(name, 20)
    filled = sum(mask.histogram()[128:])
    assert filled > 8
    assert mask.size == (20, 20)
    if name != "disc":
        assert mask.getpixel((0, 0)) == 0


def test_origin_marks_differ_in_shape_and_not_only_in_colour():
    names = ("diamond", "bars", "dot", "square", "triangle", "half", "ring")
    masks = [icons.mask(name, 10) for name in names]
    for i, one in enumerate(masks):
        for other in masks[i + 1 :]:
            assert ImageChops.difference(one, other).getextrema()[1] > 100


def test_an_icon_is_painted_once_per_colour_and_size(root):
    assert icons.icon("star", 20) is icons.icon("star", 20)
    assert icons.icon("star", 20, "text") is not icons.icon("star", 20, "text2")
    assert icons.icon("star", 16).width() == theme.px(16)


def test_a_box_with_a_margin_has_room_for_its_ring(root):
    plain = icons.box(80, 32, fill="raised", outline="edge", ground="bg", margin=theme.RING)
    ringed = icons.box(80, 32, fill="raised", outline="edge", ground="bg", margin=theme.RING, ring=1)
    assert (plain.width(), plain.height()) == (ringed.width(), ringed.height()) == (88, 40)
    assert plain is not ringed


def test_an_unknown_icon_is_an_error_and_not_an_empty_picture(root):
    with pytest.raises(KeyError):
        icons.icon("no such icon", 20)
