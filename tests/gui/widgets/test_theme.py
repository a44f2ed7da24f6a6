"""The figures of the visual target are recomputed from the theme."""

from __future__ import annotations

from typing import get_args

import pytest
from contrast import ratio

from stablenew_tk.domain.base import colour_roles
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box, Card, Label
from stablenew_tk.gui.widgets.painting import Painting

GROUNDS = ("bg", "chrome", "surface", "raised", "raised2", "selection")
SOFT = ("ok_soft", "warn_soft", "danger_soft", "info_soft")
DIM = ("bg", "chrome", "surface", "raised")
# (ink, grounds, least ratio in dark, in light), to one decimal
TEXTS = [
    ("text", GROUNDS, 11.0, 13.4),
    ("text2", GROUNDS, 7.0, 7.2),
    ("text2", SOFT, 7.0, 7.9),
    ("text3", GROUNDS, 4.8, 5.2),
    ("disabled", DIM, 4.6, 4.8),
    ("accent_text", GROUNDS, 8.0, 5.3),
    ("text", SOFT, 11.0, 14.6),
    ("ok", (*GROUNDS, "ok_soft"), 5.9, 4.9),
    ("warn", (*GROUNDS, "warn_soft"), 5.8, 4.9),
    ("danger", (*GROUNDS, "danger_soft"), 4.9, 4.8),
    ("info", (*GROUNDS, "info_soft"), 5.4, 5.0),
    ("accent_ink", ("accent",), 11.6, 11.6),
    ("accent_ink", ("accent_hover",), 13.1, 13.1),
    ("accent_ink", ("accent_pressed",), 8.8, 8.8),
    ("badge_ink", ("badge",), 8.5, 6.2),
    ("focus", GROUNDS, 11.0, 13.4),
    ("star", ("bg", "surface", "chrome"), 3.3, 3.0),
    ("edge_hover", ("bg", "surface", "raised"), 3.3, 3.3),
]


@pytest.fixture(autouse=True)
def _dark_again(root):
    yield
    theme.apply(root, "dark")


@pytest.mark.parametrize(
    ("ink", "grounds", "dark", "light"), TEXTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_text_can_be_read_on_every_ground_it_stands_on(ink, grounds, dark, light):
    for ground in grounds:
        for index, least in ((1, dark), (0, light)):
            found = ratio(theme.pair(ink)[index], theme.pair(ground)[index])
            assert round(found, 1) >= least, f"{ink} on {ground}: {found:.2f}"


def test_every_role_has_a_colour_in_both_modes(root):
    for role in get_args(colour_roles.Role):
        assert all(len(colour) == 7 for colour in theme.pair(role))


def test_switching_the_mode_repaints_plain_widgets_and_canvases(root):
    label = Label(root, "words")
    theme.apply(root, "light")
    assert str(label.cget("fg")) == theme.pair("text")[0]
    assert root.cget("fg_color") == theme.pair("bg")
    theme.apply(root, "dark")
    assert str(label.cget("fg")) == theme.pair("text")[1]


def test_a_destroyed_widget_is_no_longer_called(root):
    box = Box(root)
    box.destroy()
    theme.apply(root, "light")


def test_a_subscription_ends_with_its_widget(root):
    subscribers = theme.Subscribers()
    box = Box(root)
    subscribers.add(box.update_idletasks)
    assert len(subscribers) == 1
    box.destroy()
    subscribers.call()
    assert len(subscribers) == 0


def test_one_subscriber_that_fails_does_not_stop_the_others_and_is_told_once(root, monkeypatch):
    told, called = [], []

    def fail():
        raise ValueError("no colour")

    monkeypatch.setattr(root, "report_callback_exception", lambda _kind, error, _trace: told.append(str(error)))
    subscribers = theme.Subscribers()
    for one in (lambda: called.append(1), fail, lambda: called.append(2)):
        subscribers.add(one)
    subscribers.call()
    assert (called, told) == ([1, 2], ["no colour"])


def test_a_canvas_drawn_by_something_that_outlives_it_is_drawn_no_longer(root):
    box, drawn = Box(root), []
    painting = Painting(box, "bg", draw=lambda: drawn.append(painting.winfo_width()))
    painting.destroy()
    theme.apply(root, "light")
    assert not drawn


def test_a_card_follows_the_mode_and_keeps_its_corners_to_itself(root):
    card = Card(root)
    inside = Label(card, "words")
    assert card.winfo_children() == [inside]
    theme.apply(root, "light")
    assert str(card.cget("bg")) == theme.pair("surface")[0]
    assert str(card.cget("highlightbackground")) == theme.pair("line")[0]


def test_the_system_mode_is_resolved_to_dark_or_light(root):
    theme.apply(root, "system")
    assert theme.mode() in ("dark", "light")


def test_wide_faces_are_set_one_pixel_smaller(root):
    face = theme.font(13)
    theme.apply(root, "dark", family="DejaVu Sans")
    assert face.cget("size") == -12
    theme.apply(root, "dark")
    assert theme.family() in ("DejaVu Sans", *theme._LINUX_FAMILIES)


def test_long_text_is_cut_with_an_ellipsis_that_fits(root):
    face = theme.font(13)
    cut = theme.elide("a checkpoint with a very long name", face, 120)
    assert cut.endswith("…")
    assert face.measure(cut) <= 120
    assert theme.elide("short", face, 120) == "short"
    cut = theme.elide_front("a training with a long name-000004 × 0.6", face, 120)
    assert (cut[0], cut.endswith("000004 × 0.6")) == ("…", True)
    assert face.measure(cut) <= 122


def test_no_other_module_of_the_window_names_a_colour():
    import re
    from pathlib import Path

    for path in Path(theme.__file__).parents[1].rglob("*.py"):
        if path.name != "theme.py":
            assert not re.search(r"[\"']#[0-9A-Fa-f]{6}[\"']", path.read_text(encoding="utf-8")), path.name


def test_a_window_that_is_left_alone_has_nothing_to_do(root):
    root.update()
    waiting = root.tk.splitlist(root.tk.call("after", "info"))
    assert not [name for name in waiting if "update" in str(root.tk.call("after", "info", name))]
