"""The interval chart: every value of a Learning Run with its ratings, estimate and range, and the table beside them.

While it is too early only the ratings are drawn: an estimate from three pictures would look like a result.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from tkinter.font import Font

from msgspec import Struct

from ...app import wording as phrases
from ...domain.base.colour_roles import Role
from ...domain.config.sweep import is_wording
from ...domain.insights.follow_up import leader
from ...domain.insights.report import Report, ValueReport
from ...domain.insights.verdict_text import percent
from ...domain.runs.wordings import told_apart
from ..widgets import icons, theme
from ..widgets.basics import Box, Card
from ..widgets.keyboard import leave_gold
from ..widgets.marks import rating_dot
from ..widgets.painting import Painting

ROW, HEAD, FOOT = 48, 27, 28
STARS = 5
DOT_PITCH = 8
_LABEL_LEAST, _LABEL_MOST = 56, 148  # longer names take two lines
_STAR_MOST = 150  # design pixels from star to star; more would only lengthen the bars
# Right edges of the columns, counted from the last star of the axis; tags begin at the last one.
_RATED, _ESTIMATE, _RANGE, _NEAR, _SECONDS, _TAGS = 68, 128, 212, 282, 354, 374
_TAG_ROOM = 154
_NOTHING = "–"


class ChartColumns(Struct, frozen=True):
    """Where things stand across the chart, in screen pixels. `tags` is 0 when they are left away."""

    label: int
    first: float
    pitch: float
    rated: int
    estimate: int
    range: int
    near: int
    seconds: int
    tags: int
    right: int

    def at(self, stars: float) -> float:
        """Where that many stars lie on the axis."""
        return self.first + (stars - 1) * self.pitch


def fitting_names(report: Report, face: Font, room: int) -> Sequence[str]:
    """The names of the values; wordings that would be cut by the words in which they differ."""
    texts = [value.text for value in report.values]
    too_long = is_wording(report.focus.path) and max(map(face.measure, texts), default=0) > room
    return told_apart(texts) if too_long else texts


def broken(name: str, face: Font, room: int) -> str:
    """A name without blanks in two lines, broken behind one of its signs: a Canvas would break it anywhere."""
    if " " in name or face.measure(name) <= room:
        return name
    places = [place + 1 for place, sign in enumerate(name) if sign in "-_."]
    fitting = [at for at in places if max(face.measure(name[:at]), face.measure(name[at:])) <= room]
    return f"{name[: fitting[-1]]}\n{name[fitting[-1] :]}" if fitting else name


def _label_room(at: ChartColumns) -> int:
    return int(at.first) - at.label - theme.px(24)


def columns(width: int, label: int, *, tags: bool) -> ChartColumns:
    """Share `width` out: the axis takes what the table leaves, up to a size from which it gains nothing."""
    px, pad = theme.px, theme.px(theme.PAD)
    most = min(px(_LABEL_MOST), width // 6)
    first = pad + max(px(_LABEL_LEAST), min(label + px(28), most))
    behind = px(_TAGS + _TAG_ROOM) if tags else px(_SECONDS)
    pitch = min(max((width - first - behind - pad) / (STARS - 1), px(24)), px(_STAR_MOST))
    last = first + pitch * (STARS - 1)
    rated, estimate, extent, near, seconds, left = (
        round(last) + px(edge) for edge in (_RATED, _ESTIMATE, _RANGE, _NEAR, _SECONDS, _TAGS)
    )
    return ChartColumns(pad, first, pitch, rated, estimate, extent, near, seconds, left if tags else 0, width - pad)


def dot_places(count: int, pitch: float) -> Iterator[tuple[float, float]]:
    """Places of `count` dots around their star, in screen pixels: one line, or up to three before they overlap."""
    room = max(1, int(pitch // theme.px(DOT_PITCH)) - 1)
    lines = min(3, -(-count // room))
    each = -(-count // max(lines, 1))
    step = min(float(theme.px(DOT_PITCH)), pitch / max(each, 1))
    for number in range(count):
        line, place = divmod(number, each)
        in_line = min(each, count - line * each)
        yield (place - (in_line - 1) / 2) * step, (line - (lines - 1) / 2) * theme.px(7)


class IntervalChart(Box):
    """The chart with one chosen row. `chosen(index)` follows the user's choice, `opened(index)` Return or a double
    click.

    `narrow` leaves the tags away. The canvas is as high as its rows: put it into something that scrolls.
    """

    def __init__(self, parent: tk.Misc, *, chosen: Callable[[int], object], opened: Callable[[int], object]) -> None:
        super().__init__(parent)
        self._chosen, self._opened = chosen, opened
        self.selected, self._under = -1, -1
        self._focused = self._quiet = False
        self.narrow = False
        self._report: Report | None = None
        self._names: Sequence[str] = ()
        card = Card(self)
        card.pack(fill="x")
        self.canvas = Painting(card, "surface", takefocus=True, draw=self.refresh)
        # The card's round corners begin outside the canvas.
        self.canvas.pack(fill="x", padx=theme.px(2), pady=theme.px(4))
        self._wire()

    def show(self, report: Report, selected: int) -> None:
        """Draw a report with one of its values chosen."""
        self._report, self.selected = report, min(selected, len(report.values) - 1)
        height = theme.px(HEAD) + len(report.values) * theme.px(ROW) + theme.px(FOOT)
        self.canvas.configure(height=height)
        self.refresh()

    def select(self, index: int) -> None:
        """Choose a row as if the user had."""
        if self._report is not None and 0 <= index < len(self._report.values) and index != self.selected:
            self.selected = index
            self.refresh()
            self._chosen(index)

    def row_span(self, index: int) -> tuple[int, int]:
        """Upper and lower edge of a row on the screen."""
        top = self.canvas.winfo_rooty() + theme.px(HEAD) + index * theme.px(ROW)
        return top, top + theme.px(ROW)

    def refresh(self) -> None:
        """Draw everything again."""
        canvas, report = self.canvas, self._report
        canvas.clear()
        if report is None or canvas.winfo_width() < theme.px(100):
            return
        face = theme.font(_label_size(report), True)
        widest = max((face.measure(value.text) for value in report.values), default=0)
        head = theme.font(12).measure(report.focus.caption)
        at = columns(canvas.winfo_width(), max(widest, head), tags=not self.narrow)
        self._draw_ground(report, at)
        self._draw_head(report, at)
        # Two lines hold a little less than twice the room: words are not cut in the middle.
        self._names = fitting_names(report, face, round(_label_room(at) * 1.8))
        for index, value in enumerate(report.values):
            self._draw_row(index, value, report, at)
        self._draw_legend(report)
        if self._focused and self.selected >= 0:
            y = theme.px(HEAD) + self.selected * theme.px(ROW)
            canvas.focus_ring(theme.px(3), y, canvas.winfo_width() - 1, y + theme.px(ROW))

    # ---- drawing

    def _draw_ground(self, report: Report, at: ChartColumns) -> None:
        """What lies behind the rows: chosen row, zone, lines."""
        canvas, width, head, row = self.canvas, self.canvas.winfo_width(), theme.px(HEAD), theme.px(ROW)
        bottom = head + len(report.values) * row
        for index in {self.selected, self._under} - {-1}:
            y = head + index * row
            self._box((0, y, width, y + row), "raised")
            if index == self.selected:
                self._box((0, y, theme.px(3), y + row), "accent")
        if report.verdict.state != "too_early":
            best = max((value.insight.mean for value in report.values if value.insight is not None), default=0.0)
            self._box((at.at(max(1.0, best - 0.25)), head, at.at(best), bottom), "chart_zone")
        for star in range(1, STARS + 1):
            canvas.create_line(at.at(star), head, at.at(star), bottom, fill=theme.palette["line"])
        for index in range(len(report.values) + 1):
            canvas.create_line(0, head + index * row, width, head + index * row, fill=theme.palette["line"])

    def _draw_head(self, report: Report, at: ChartColumns) -> None:
        y = theme.px(HEAD - 4) // 2
        room = int(at.first) - at.label - theme.px(20)
        self.canvas.words(at.label, y, report.focus.caption, size=12, ink="text3", room=room)
        for star in range(1, STARS + 1):
            number = theme.font(12).measure(str(star))
            left = round(at.at(star)) - (number + theme.px(13)) // 2
            self.canvas.words(left, y, str(star), size=12, ink="text3")
            self.canvas.picture(left + number + theme.px(4), y, icons.icon("star", 9, "text3", "surface"), "w")
        for right, words in (
            (at.rated, "rated"),
            (at.estimate, "estimate"),
            (at.range, "90 % range"),
            (at.near, "near best"),
            (at.seconds, "per picture"),
        ):
            self.canvas.words(right, y, words, size=12, ink="text3", anchor="e")
        if at.tags:
            self.canvas.words(at.tags, y, "tags", size=12, ink="text3")

    def _draw_row(self, index: int, value: ValueReport, report: Report, at: ChartColumns) -> None:
        y = theme.px(HEAD) + index * theme.px(ROW)
        wins, found = index == leader(report), value.insight
        middle = y + theme.px(ROW) // 2
        self._draw_label(index, middle, report, at)
        if found is not None and report.verdict.state != "too_early":
            self._draw_range((found.low, found.mean, found.high), y, at, wins)
        self._draw_dots(value, y, at)
        self._draw_numbers(value, middle, at, known=report.verdict.state != "too_early", wins=wins)
        if at.tags:
            self._draw_tags(value, middle, at, index)

    def _draw_label(self, index: int, y: int, report: Report, at: ChartColumns) -> None:
        room, size = _label_room(at), _label_size(report)
        face = theme.font(size, True)
        words = broken(theme.elide(self._names[index], face, round(room * 1.8)), face, room)
        self.canvas.words(at.label, y, words, size=size, bold=True, width=room + theme.px(2))

    def _draw_range(self, stars: tuple[float, float, float], y: int, at: ChartColumns, wins: bool) -> None:
        low, mean, high = (at.at(each) for each in stars)
        middle, half = y + theme.px(18), theme.px(4)
        self._box((low, middle - half, max(high, low + 1), middle + half), "chart_best" if wins else "chart_range")
        self._box((mean - theme.px(1), middle - theme.px(8), mean + theme.px(2), middle + theme.px(8)), "chart_mean")

    def _draw_dots(self, value: ValueReport, y: int, at: ChartColumns) -> None:
        for star in range(1, STARS + 1):
            for x, down in dot_places(value.stars.count(star), at.pitch):
                self.canvas.picture(at.at(star) + x, y + theme.px(36) + down, rating_dot(), "center")

    def _draw_numbers(self, value: ValueReport, y: int, at: ChartColumns, *, known: bool, wins: bool) -> None:
        found, words = value.insight if known else None, self.canvas.words
        words(at.rated, y, str(len(value.stars)), ink="text2", anchor="e")
        words(at.estimate, y, f"{found.mean:.1f}" if found is not None else _NOTHING, bold=wins, anchor="e")
        extent = f"{found.low:.1f} – {found.high:.1f}" if found is not None else _NOTHING
        words(at.range, y, extent, ink="text2", anchor="e")
        near = percent(found.p_within_quarter, short=True) if found is not None else _NOTHING
        words(at.near, y, near, ink="accent_text" if wins else "text2", bold=wins, anchor="e")
        seconds = phrases.seconds(value.seconds) if value.seconds is not None else _NOTHING
        words(at.seconds, y, seconds, ink="text2", anchor="e")

    def _draw_tags(self, value: ValueReport, y: int, at: ChartColumns, index: int) -> None:
        """As many chips as fit, the most frequent first."""
        x, face = at.tags, theme.font(11)
        ground: Role = "raised" if index in (self.selected, self._under) else "surface"
        for tag, count in value.tags:
            words = f"{tag} {count} of {max(count, value.looked_at)}"
            room = at.right - x - theme.px(12)
            if face.measure(words) > room and x > at.tags:
                break
            words = theme.elide(words, face, room)
            width = face.measure(words) + theme.px(12)
            chip = icons.box(width, theme.px(20), fill="raised2", outline="raised2", ground=ground, radius=4)
            self.canvas.picture(x, y, chip, "w")
            self.canvas.words(x + theme.px(6), y, words, size=11, ink="text2")
            x += width + theme.px(6)

    def _draw_legend(self, report: Report) -> None:
        x, y = theme.px(theme.PAD), theme.px(HEAD) + len(report.values) * theme.px(ROW) + theme.px(FOOT + 3) // 2
        self.canvas.picture(x, y, rating_dot(), "w")
        x = self._legend_words(x + theme.px(12), y, "your rating")
        if report.verdict.state == "too_early":
            words = "Estimates and ranges follow when two seeds are rated at every value, 7 pictures at least."
            self._legend_words(x, y, words)
            return
        self._box((x, y - theme.px(3), x + theme.px(22), y + theme.px(3)), "chart_range")
        x = self._legend_words(x + theme.px(28), y, "90 % range")
        self._box((x, y - theme.px(6), x + theme.px(3), y + theme.px(6)), "chart_mean")
        x = self._legend_words(x + theme.px(8), y, "estimate, luck of the seed taken out")
        self._box((x, y - theme.px(6), x + theme.px(12), y + theme.px(6)), "chart_zone")
        self._legend_words(x + theme.px(18), y, "within ¼ star of the best")

    def _legend_words(self, x: int, y: int, words: str) -> int:
        room = self.canvas.winfo_width() - x - theme.px(theme.PAD)
        return x + self.canvas.words(x, y, words, size=12, ink="text2", room=room) + theme.px(20)

    def _box(self, corners: tuple[float, float, float, float], role: Role) -> None:
        x0, y0, x1, y1 = (round(corner) for corner in corners)
        self.canvas.fill(x0, y0, max(x1, x0 + 1), y1, role)

    # ---- the user

    def _wire(self) -> None:
        canvas = self.canvas
        canvas.bind("<ButtonPress-1>", self._pressed)
        canvas.bind("<Double-Button-1>", lambda event: self._open(self._index_at(event.y)))
        canvas.bind("<Motion>", lambda event: self._hover(self._index_at(event.y)))
        canvas.bind("<Leave>", lambda _event: self._hover(-1))
        canvas.bind("<FocusIn>", lambda _event: self._focus(True))
        canvas.bind("<FocusOut>", lambda _event: self._focus(False))
        for key, step in (("<Up>", -1), ("<Down>", 1), ("<Home>", -1000), ("<End>", 1000)):
            canvas.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]
        leave_gold(canvas)
        for key in ("<Return>", "<KP_Enter>", "<space>"):
            canvas.bind(key, lambda _event: self._open(self.selected))

    def _index_at(self, y: int) -> int:
        index = (y - theme.px(HEAD)) // theme.px(ROW)
        return index if self._report is not None and 0 <= index < len(self._report.values) else -1

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self._quiet = self.focus_get() is not self.canvas
        self.canvas.focus_set()
        self._focused = False  # the ring is for the keyboard
        self.select(self._index_at(event.y))

    def _hover(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.canvas.configure(cursor="hand2" if index >= 0 else "arrow")
            self.refresh()

    def _focus(self, on: bool) -> None:
        self._focused, self._quiet = on and not self._quiet, False
        self.refresh()

    def _step(self, step: int) -> str:
        if self._report is not None and self._report.values:
            self._focused = True
            self.select(min(max(self.selected + step, 0), len(self._report.values) - 1))
            self.refresh()
        return "break"

    def _open(self, index: int) -> str:
        if index >= 0:
            self._opened(index)
        return "break"


def _label_size(report: Report) -> int:
    """Numbers large, names as large as other text."""
    return 15 if report.focus.ordered else 13
