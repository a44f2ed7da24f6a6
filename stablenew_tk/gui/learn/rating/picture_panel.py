"""The picture being rated, large, with its five keys, its tags and the last rating; and pictures side by side."""

from __future__ import annotations

import time
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct
from PIL import Image, ImageTk

from ....domain.base.colour_roles import Role
from ....domain.journal.image_facts import ImageFacts
from ....pipeline.messages.base import Event
from ....pipeline.messages.pictures import PictureReady, ReadPicture
from ...widgets import icons, marks, theme
from ...widgets.basics import Box, Button, Label, Painted, ShortLabel
from ...widgets.flow import pack_if, tab_order
from ...widgets.keyboard import KeyHints
from ...widgets.page_frame import DeferringBox
from ...widgets.painting import Painting
from ...widgets.picture_viewer import Viewer, ViewerActions
from ...widgets.tag_chips import TagChips

MOST_COMPARED = 6
_KEPT = 6
_SETTLE_MS = 120
_BUDGET_S, _PAUSE_MS = 0.004, 4
_SIDE = 20
_PROMPT = "Press 1 to 5."
_GONE = "This picture cannot be read."


Size = tuple[int, int]


class StarKey(Painted):
    """One of the five keys as a button: its number and that many stars."""

    def __init__(self, parent: tk.Misc, number: int, command: Callable[[int], object]) -> None:
        self.number, self._command, self.chosen = number, command, False
        super().__init__(parent, width=theme.px(40), height=theme.px(52))

    def act(self) -> None:
        self._command(self.number)

    def choose(self, on: bool) -> None:
        """Show it as the rating that holds."""
        if on != self.chosen:
            self.chosen = on
            self.repaint()

    def draw(self, width: int, height: int) -> None:
        fill: Role = "selection" if self.chosen else "raised2"
        outline: Role = "accent_text" if self.chosen else "raised2"
        if self.down:
            fill = outline = "edge"
        elif self.hover and not self.chosen:
            outline = "edge_hover"
        m, ring = self.margin, {"margin": theme.RING, "ring": int(self.ring)}
        self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground=self.ground, **ring))
        middle = m + width // 2
        self.words(middle, m + theme.px(19), str(self.number), size=15, bold=True, anchor="center")
        step = min(theme.px(10), (width - theme.px(6)) // marks.STARS)
        size = 9 if step >= theme.px(10) else 7
        x = middle - (self.number - 1) * step // 2
        for _ in range(self.number):
            self.picture(x, m + theme.px(38), icons.icon("star", size, "star", fill), "center")
            x += step


class PicturePanelActions(Struct, frozen=True, kw_only=True):
    """What can be done with the picture. `back` gives the keyboard back to the matrix."""

    ask: Callable[[ReadPicture], None]
    rate: Callable[[int], None]
    toggle_tag: Callable[[str], None]
    save_note: Callable[[int, str], None]
    undo: Callable[[], object]
    back: Callable[[], None]


class PicturePanel(DeferringBox):
    """The right panel. `plain_problems`: why a picture cannot be shown is told without its file name."""

    def __init__(self, parent: tk.Misc, actions: PicturePanelActions) -> None:
        super().__init__(parent, "surface")
        self.pack_propagate(False)
        self._actions = actions
        self.plain_problems = False
        self._facts: ImageFacts | None = None
        self._ahead: Sequence[ImageFacts] = ()
        self._words = ""
        self._box = (0, 0)
        self._pictures: OrderedDict[tuple[str, Size], PictureReady] = OrderedDict()
        self._asked: set[tuple[str, Size]] = set()
        self._drawn: object = None
        self._given = 0
        self._build()
        theme.on_change(self._redraw)

    def _build(self) -> None:
        side, edge = theme.px(_SIDE), theme.px(_SIDE - theme.RING)
        head = Box(self)
        head.pack(fill="x", pady=(theme.px(12), theme.px(6)), padx=side)
        self.name = Label(head, "", size=13, bold=True)
        self.name.pack(side="left")
        hints = KeyHints(head, (("Space", "full size"),))
        hints.configure(width=theme.font(11).measure("Space") + theme.font(12).measure("full size") + theme.px(17))
        hints.pack(side="right")
        self._last_row()
        self.chips = TagChips(self, self._actions.toggle_tag, self._actions.save_note, self._actions.back)
        self.chips.pack(side="bottom", fill="x", padx=edge)
        row = Box(self)
        row.pack(side="bottom", fill="x", pady=(theme.px(4), 0), padx=edge)
        self.star_keys = [StarKey(row, number, self._actions.rate) for number in range(1, marks.STARS + 1)]
        for key in self.star_keys:
            key.pack(side="left", fill="x", expand=True)
        tab_order(row, self.chips, self._last)
        self._asking = Box(self)
        self._asking.pack(side="bottom", fill="x", pady=(theme.px(10), 0), padx=side)
        self._press = Label(self._asking, _PROMPT, size=13, bold=True)
        self._press.pack(side="left")
        self._note = Label(self._asking, "", size=12, ink="text2")
        self._note.pack(side="left", padx=(theme.px(8), 0))
        self.canvas = Painting(self, "surface")
        self.canvas.pack(fill="both", expand=True, padx=side)
        self.canvas.bind("<Configure>", lambda _event: self._resized())
        self.canvas.bind("<ButtonPress-1>", lambda _event: self._actions.back())

    def _last_row(self) -> None:
        self._last = Box(self, "raised", height=theme.px(36))
        self._last.pack_propagate(False)
        self._last.pack(side="bottom", fill="x", padx=theme.px(20), pady=theme.px(14))
        self._undo = Button(self._last, "undo", self._actions.undo, kind="quiet", height=theme.SMALL, key="Ctrl Z")
        self._last_words = ShortLabel(self._last, "", size=12, ink="text2", lines=2)
        self._last_words.pack(side="left", fill="x", expand=True, padx=(theme.px(12), theme.px(8)))
        self._last_stars = tk.Label(self._last, bd=0, padx=0, pady=0)

    # ---- what is shown

    def show(self, name: str, facts: ImageFacts | None, *, given: int, words: str = "", press: str = _PROMPT) -> None:
        """Show a picture and the stars that hold; `words` stand in its place where there is none to show.

        `press` says what the keys do now.
        """
        self._facts, self._words = facts, words
        room = max(1, self.winfo_width() - theme.px(40 + 120))
        self.name.show(theme.elide(name, theme.font(13, True), room) if room > 1 else name)
        for key in self.star_keys:
            key.choose(key.number == given)
            key.enable(facts is not None)
        head, _, rest = press.partition(". ")
        self._press.show(f"{head}." if rest else head)
        self._note.show(rest)
        self._redraw()

    def ahead(self, facts: Sequence[ImageFacts]) -> None:
        """Pictures that may come next: they are read now, so that they are there when they are wanted."""
        self._ahead = tuple(facts)
        self._ask_ahead()

    def last(self, words: str, given: int = 0) -> None:
        """Say what was rated last; "" = nothing yet."""
        self._last_words.show(words or "What you rated last stands here.", "text2" if words else "text3")
        self._given = given
        pack_if(words, self._undo, side="right", padx=theme.px(4), before=self._last_words)
        self._paint_last()

    def on_event(self, event: Event) -> None:
        """Take a picture in."""
        if not isinstance(event, PictureReady) or (event.image_id, event.box) not in self._asked:
            return
        key = (event.image_id, event.box)
        self._asked.discard(key)
        self._pictures[key] = event
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self._redraw()

    # ---- drawing

    def _paint_last(self) -> None:
        if self._given:
            self._row = marks.star_row(self._given, 12, "raised")
            self._last_stars.configure(image=self._row, bg=theme.palette["raised"])
        # What was rated may take two lines; its stars are never cut.
        pack_if(self._given, self._last_stars, side="right", before=self._last_words)

    def _resized(self) -> None:
        # While a size is being dragged, no picture is read in sizes that nobody will see.
        self.later("settle", _SETTLE_MS if self._box != (0, 0) else 1, self._settled, restart=True)

    def _settled(self) -> None:
        self._box = (self.canvas.winfo_width(), self.canvas.winfo_height())
        self._redraw()
        self._ask_ahead()

    def _redraw(self) -> None:
        width, height = self._box
        if width <= 1 or height <= 1:
            return
        key = (self._facts.image_id, self._box) if self._facts is not None else None
        ready = self._pictures.get(key) if key is not None else None
        now = (key, self._words, ready is not None, theme.mode(), theme.scale())
        if self._facts is not None and ready is None:
            self._ask(self._facts)
        if now == self._drawn:
            return
        self._drawn = now
        self._paint_last()
        self.canvas.clear()
        if ready is not None and ready.rgb:
            picture = Image.frombuffer("RGB", (ready.width, ready.height), ready.rgb, "raw", "RGB", 0, 1)
            self.canvas.picture(width // 2, height // 2, ImageTk.PhotoImage(picture), "center")
            return
        problem = "" if ready is None else _GONE if self.plain_problems else ready.problem or _GONE
        room = width * 3 // 4
        self.canvas.words(width // 2, height // 2, problem or self._words, ink="text3", anchor="center", width=room)

    def _ask(self, facts: ImageFacts) -> None:
        key = (facts.image_id, self._box)
        if self._box[0] > 1 and key not in self._asked and key not in self._pictures:
            self._asked.add(key)
            self._actions.ask(
                ReadPicture(
                    image_id=facts.image_id,
                    position=facts.position,
                    output_index=facts.output_index,
                    box=self._box,
                    fill=True,
                )
            )

    def _ask_ahead(self) -> None:
        for facts in self._ahead:
            self._ask(facts)


class SideBySide(Viewer):
    """Full size over the page: one picture to walk through with the arrows, or a row of them zoomed and moved together.

    `walk(across, down)` moves to another picture. `plain_problems` as above.
    """

    def __init__(self, parent: tk.Misc, stage: ViewerActions, walk: Callable[[int, int], None]) -> None:
        self._walk = walk
        self.plain_problems = False
        self._made: dict[int, tuple[tuple[str, Size, tuple[int, int, int, int]], ImageTk.PhotoImage]] = {}
        self._until, self._more = 0.0, False
        super().__init__(parent, stage)

    def open(self, rows: Sequence[int], number: int = 0) -> None:
        """Cover the page with these pictures; of more than six the ones around `number`."""
        first = min(max(0, number - MOST_COMPARED // 2), max(0, len(rows) - MOST_COMPARED))
        self.rows = tuple(rows[first : first + MOST_COMPARED])
        self._number = number - first
        self.own_size, self.pan = False, (0, 0)
        self._made.clear()
        self.place(relx=0, rely=0, relwidth=1, relheight=1)
        tk.Misc.lift(self)
        self.canvas.focus_set()
        self._show()

    @property
    def parts(self) -> dict[int, tuple[int, int, int, int]]:
        """Which part of each picture is in sight, in its pixels."""
        return {row: made[0][2] for row, made in self._made.items()}

    def on_event(self, event: Event) -> None:
        """Take a picture in."""
        if isinstance(event, PictureReady) and event.problem and self.plain_problems:
            event = PictureReady(image_id=event.image_id, box=event.box, problem=_GONE)
        super().on_event(event)

    def close(self) -> str:
        """Uncover the page."""
        self._made.clear()
        return super().close()

    def _show(self) -> None:
        self._until = time.perf_counter() + _BUDGET_S
        self._more = False
        super()._show()
        if self._more:
            self.later("draw", _PAUSE_MS, self._show)

    def _draw_picture(self, row: int, left: int, top: int, wide: int) -> None:
        ready = self.kept.get(self._key(row))
        if ready is None or not ready.rgb:
            super()._draw_picture(row, left, top, wide)
            return
        self.kept.move_to_end(self._key(row))
        width, height = self._pane()
        part = self._part(ready, width, height)
        held = self._made.get(row)
        if held is None and time.perf_counter() > self._until:
            # Six large pictures at once would hold up the window.
            self._more = True
            return
        if held is None or held[0] != (ready.image_id, ready.box, part):
            picture = Image.frombuffer("RGB", (ready.width, ready.height), ready.rgb, "raw", "RGB", 0, 1)
            held = self._made[row] = (ready.image_id, ready.box, part), ImageTk.PhotoImage(picture.crop(part))
        self.canvas.create_image(left + wide // 2, top + theme.px(8) + height // 2, image=held[1])

    def _move(self, dx: int, dy: int) -> None:
        self.pan = (self.pan[0] + dx, self.pan[1] + dy)
        # The pointer moves oftener than six pictures can be drawn.
        self.later("draw", 1, self._show)

    def _step(self, across: int, down: int) -> str:
        if self.own_size or self.comparing:
            return super()._step(across, down)
        self._walk(across, down)
        return "break"
