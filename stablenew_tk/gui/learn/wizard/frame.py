"""The frame of the wizard: steps at its left, questions, the last check, and the bar of buttons below."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ....app.learn.plan_preview import MatrixOutline
from ....domain.base.colour_roles import Role
from ...widgets import icons, theme
from ...widgets.basics import Box, Button, Card, Label, Separator, ground_of
from ...widgets.flow import pack_if
from ...widgets.notices import Remark
from ...widgets.painting import Painting
from ...widgets.row_list import ScrollArea
from ...widgets.tooltips import tip
from .run_preview import OutlineCanvas

_ROW = 56


class StepRow(Struct, frozen=True):
    """One step: its name, what was decided, whether it is done and whether one may go there."""

    title: str
    words: str = ""
    done: bool = False
    open: bool = False


class StepList(Painting):
    """The steps with check marks. Up and Down move, Return or Space goes there; so does a click."""

    def __init__(self, parent: tk.Misc, go: Callable[[int], object]) -> None:
        self._go = go
        self.rows: tuple[StepRow, ...] = ()
        self.current, self._cursor, self._under, self._focused = 0, 0, -1, False
        super().__init__(parent, ground_of(parent), height=4 * theme.px(_ROW), takefocus=True, draw=self._draw)
        for event, answer in (
            ("<ButtonRelease-1>", lambda event: self._choose(event.y // theme.px(_ROW))),
            ("<Motion>", lambda event: self._hover(event.y // theme.px(_ROW))),
            ("<Leave>", lambda _event: self._hover(-1)),
            ("<Up>", lambda _event: self._move(-1)),
            ("<Down>", lambda _event: self._move(1)),
            ("<Return>", lambda _event: self._choose(self._cursor)),
            ("<KP_Enter>", lambda _event: self._choose(self._cursor)),
            ("<space>", lambda _event: self._choose(self._cursor)),
            ("<FocusIn>", lambda _event: self._focus(True)),
            ("<FocusOut>", lambda _event: self._focus(False)),
        ):
            self.bind(event, answer)

    def show(self, rows: Sequence[StepRow], current: int) -> None:
        """Show the steps, one of them being where one is."""
        if (tuple(rows), current) != (self.rows, self.current):
            self.rows, self.current, self._cursor = tuple(rows), current, current
            self._draw()

    def _may(self, number: int) -> bool:
        return 0 <= number < len(self.rows) and self.rows[number].open and number != self.current

    def _move(self, step: int) -> str:
        self._cursor = min(max(self._cursor + step, 0), len(self.rows) - 1)
        self._draw()
        return "break"

    def _choose(self, number: int) -> str:
        if self._may(number):
            self._go(number)
        return "break"

    def _hover(self, number: int) -> None:
        if number != self._under:
            self._under = number
            self.configure(cursor="hand2" if self._may(number) else "")
            self._draw()

    def _focus(self, on: bool) -> None:
        self._focused, self._cursor = on, self.current
        self._draw()

    def _draw(self) -> None:
        self.clear()
        for number, row in enumerate(self.rows):
            self._draw_row(number, row)

    def _draw_row(self, number: int, row: StepRow) -> None:
        high, width, here = theme.px(_ROW), self.winfo_width(), number == self.current
        y = number * high
        ground: Role = "selection" if here else "raised" if number == self._under and self._may(number) else self.ground
        if ground != self.ground:
            self.fill(0, y, width, y + high, ground)
        if here:
            self.fill(0, y, theme.px(3), y + high, "accent")
        x, line = theme.px(52), y + theme.px(21)
        self._draw_mark(number, row, line, ground)
        room = width - x - theme.px(8)
        self.words(x, line, row.title, bold=here, ink="text" if here or row.open else "disabled", room=room)
        self.words(x, line + theme.px(17), row.words, size=12, ink="text2" if here else "text3", room=room)
        if self._focused and number == self._cursor:
            self.focus_ring(theme.px(3), y, width, y + high)

    def _draw_mark(self, number: int, row: StepRow, y: int, ground: Role) -> None:
        here, x = number == self.current, theme.px(28)
        fill: Role = "accent" if here else "raised2" if row.done else ground
        outline: Role = fill if here or row.done else "edge"
        side = theme.px(24)
        self.picture(x, y, icons.box(side, side, fill=fill, outline=outline, ground=ground, radius=12), "center")
        if row.done and not here:
            self.picture(x, y, icons.icon("tick", 14, "text", fill), "center")
        else:
            ink: Role = "accent_ink" if here else "text2" if row.open else "disabled"
            self.words(x, y, str(number + 1), size=12, bold=True, ink=ink, anchor="center")


class Question(Box):
    """Head of a step: the question, and a line that helps to answer it."""

    def __init__(self, parent: tk.Misc, text: str, words: str = "") -> None:
        super().__init__(parent)
        self._text = Label(self, text, size=20, bold=True, wrap=True)
        self._text.pack(fill="x")
        self._words = Label(self, words, size=13, ink="text2", wrap=True)
        self._words.pack(fill="x", pady=(theme.px(2), 0))

    def show(self, words: str, text: str = "") -> None:
        """Help otherwise, and ask another question unless it is ""."""
        self._words.show(words)
        if text:
            self._text.show(text)


class CheckStep(Box):
    """Step 4: what will happen, line by line, and what one should know before it does."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._question = Question(self, "", " ")
        self._question.pack(fill="x", padx=(theme.px(28), theme.px(28)), pady=(theme.px(16), theme.px(10)))
        self._area = ScrollArea(self)
        self._area.pack(fill="both", expand=True, padx=(theme.px(28), theme.px(8)))
        self._drawing = Card(self._area.body)
        self._outline = OutlineCanvas(self._drawing)
        self._outline.pack(fill="x", padx=theme.px(16), pady=theme.px(12))
        self._card = Card(self._area.body)
        self._card.pack(fill="x", padx=(0, theme.px(20)))
        self._lines = Box(self._card)
        self._lines.pack(fill="x", padx=theme.px(16), pady=theme.px(12))
        self._lines.grid_columnconfigure(1, weight=1)
        self._remarks = Box(self._area.body)
        self._remarks.pack(fill="x", padx=(0, theme.px(20)), pady=theme.px(10))
        self.shown: tuple[tuple[object, ...], ...] = ()  # lines, warnings, hints in sight

    def ask(self, head: tuple[str, str], outline: MatrixOutline) -> None:
        """The question and the line below it; the drawing, when more may follow than what is made for sure."""
        self._question.show(head[1], head[0])
        self._outline.show(outline)
        place = {"padx": (0, theme.px(20)), "pady": (0, theme.px(10)), "before": self._card}
        pack_if(outline.later, self._drawing, fill="x", **place)

    def show(self, lines: Sequence[tuple[str, str]], warnings: Sequence[str], hints: Sequence[str]) -> None:
        """Say it all; `warnings` and `hints` stand below in boxes."""
        new = (tuple(lines), tuple(warnings), tuple(hints))
        if new == self.shown:
            return
        self.shown = new
        for box in (self._lines, self._remarks):
            for child in box.winfo_children():
                child.destroy()
        for row, (name, words) in enumerate(lines):
            caption = Label(self._lines, name, ink="text3")
            caption.grid(row=row, column=0, sticky="nw", padx=(0, theme.px(20)), pady=theme.px(5))
            Label(self._lines, words, wrap=True).grid(row=row, column=1, sticky="new", pady=theme.px(5))
        for text, warn in (*((text, True) for text in warnings), *((text, False) for text in hints)):
            Remark(self._remarks, text, warn=warn).pack(fill="x", pady=(0, theme.px(8)))


class WizardActions(Struct, frozen=True):
    """What the buttons do."""

    cancel: Callable[[], object]
    back: Callable[[], object]
    save: Callable[[], object]
    next: Callable[[], object]
    fold: Callable[[], object]


class WizardBar(Box):
    """What is amiss, Cancel, Back, Save for later, and the one main action.

    It is created after the steps, so that Tab comes to it last.
    """

    def __init__(self, parent: tk.Misc, actions: WizardActions) -> None:
        super().__init__(parent, "bg")
        self._trouble = Label(self, "", size=12, wrap=True)
        self._rule = Separator(self)
        self._rule.pack(side="top", fill="x")
        bar = Box(self, "surface", height=theme.px(theme.ACTION_BAR))
        bar.pack_propagate(False)
        bar.pack(side="bottom", fill="x")
        # In the order of Tab; the main action stands at the right end all the same.
        cancel = Button(bar, "Cancel", actions.cancel, kind="quiet", height=theme.MAIN)
        cancel.pack(side="left", padx=(theme.px(10), 0))
        self._fold = Button(bar, "Overview", actions.fold, kind="quiet", height=theme.MAIN)
        tip(self._fold, "Shows or hides what will be made (I)")
        right = Box(bar)
        right.pack(side="right", padx=(0, theme.px(24)))
        self.back = Button(right, "Back", actions.back, kind="outline", height=theme.MAIN)
        self.later = Button(right, "Save for later", actions.save, kind="outline", height=theme.MAIN)
        self.next = Button(right, "Next", actions.next, kind="main", height=theme.MAIN)
        for button in (self.back, self.later, self.next):
            button.pack(side="left", padx=(theme.px(2), 0))

    @property
    def trouble(self) -> str:
        """The sentence in sight, or ""."""
        return str(self._trouble.cget("text")) if self._trouble.winfo_manager() else ""

    def say(self, sentence: str, *, wrong: bool = False) -> None:
        """What is still missing, or went `wrong`, and has no field to stand below; "" takes it away."""
        self._trouble.show(sentence, "danger" if wrong else "text2")
        pack_if(sentence, self._trouble, fill="x", padx=theme.px(28), pady=theme.px(6), before=self._rule)

    def offer_fold(self, on: bool) -> None:
        """Offer to fold the right panel, where there is not room for it all the time."""
        pack_if(on, self._fold, side="left")
