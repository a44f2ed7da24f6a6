"""Star rows."""

from __future__ import annotations

from PIL import ImageTk

from stablenew_tk.gui.widgets import marks


def gold_pixels(photo: ImageTk.PhotoImage) -> int:
    colours = ImageTk.getimage(photo).convert("RGB").getcolors(10_000)
    return sum(count for count, (r, g, b) in colours if r > 200 and g > 150 and b < 90)


def test_more_stars_show_more_gold(root):
    counts = [gold_pixels(marks.star_row(rating, 22, "bg")) for rating in range(6)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[5] > 4 * counts[1]


def test_all_rows_of_a_size_are_equally_wide(root):
    assert {marks.star_row(rating, 12).width() for rating in range(6)} == {marks.row_width(12)}


def test_the_star_under_the_pointer_is_found(root):
    assert marks.star_at(0, 22) == 1
    assert marks.star_at(marks.row_width(22) - 1, 22) == 5
    assert marks.star_at(5000, 22) == 5
