"""What stands under "Values" in the wizard: a text with its axis for numbers, a list to tick off for names."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ....domain.base.errors import InvalidInput
from ....domain.base.wording import counted
from ....domain.config.catalogue import Value
from ....domain.config.sweep import Focus, around, spell, value_text
from ....domain.experiments.plan_draft import PlanDraft, outside_words, respaced, sensible_words, sentence
from ...forms.origin_marks import ORIGIN_MARKS
from ...widgets import theme
from ...widgets.basics import Box, Button, Card, Drawing, Label, Sign
from ...widgets.entries import Entry
from ...widgets.row_list import ListRow, RowList
from .value_axis import Scale, ValueAxis, numbers

_EXAMPLES = "Also understood: {}"
_ROWS = 8


def parsed(draft: PlanDraft) -> tuple[tuple[Value, ...], str]:
    """The values of the text, or why it cannot be read."""
    try:
        return draft.values(), ""
    except InvalidInput as wrong:
        return (), sentence(wrong)


def counted_words(draft: PlanDraft, values: Sequence[Value]) -> str:
    """ "5 values: 12, 20, 28, 36, 44"."""
    texts = [value_text(value, draft.focus) for value in values]
    shown = ", ".join(texts[:12]) + (f", … {texts[-1]}" if len(texts) > 12 else "")
    return f"{counted(len(texts), 'value')}: {shown}"


class NumberValues(Box):
    """The text field with the notation of ranges, its buttons, and the axis. `edit(text)` after every change."""

    def __init__(self, parent: tk.Misc, edit: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._edit, self._draft = edit, PlanDraft()
        row = Box(self)
        row.pack(fill="x")
        self.field = Entry(row, width=220, height=theme.ACTION, on_edit=edit)
        buttons = Box(row)
        # Packed before the field, so that a narrow window shortens the field and never a button.
        buttons.pack(side="right", anchor="n")
        self._around = self._button(buttons, "Around", "around")
        self._button(buttons, "Finer", "finer")
        self._button(buttons, "Wider", "wider")
        self.field.pack(side="left", fill="x", expand=True, anchor="n")
        self._count = Label(self, "", size=12, wrap=True)
        self._count.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(2), 0))
        self._hint = Label(self, "", size=12, ink="text3", wrap=True)
        self._hint.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(1), theme.px(8)))
        card = Card(self)
        card.pack(fill="x", padx=theme.px(theme.RING))
        self.axis = ValueAxis(card)
        self.axis.pack(fill="x", padx=theme.px(12), pady=(theme.px(12), 0))
        foot = Box(card)
        foot.pack(fill="x", padx=theme.px(12), pady=(0, theme.px(10)))
        self._zone = Drawing(foot, _draw_zone, width=20, height=12)
        self._legend = Label(foot, "", size=12, ink="text3")
        self._outside = Label(foot, "", size=12, ink="warn")
        self._sign = Sign(foot, "info", size=14, ink="warn")
        self._foot = foot
        foot.bind("<Configure>", lambda _event: self._lay_out_foot())

    def show(self, draft: PlanDraft, spec: Focus) -> None:
        """Follow the draft."""
        self._draft = draft
        if self.field.get() != draft.text:
            self.field.set(draft.text)
        values, problem = parsed(draft)
        self.field.error(problem if draft.text.strip() else "")
        self._count.show(counted_words(draft, values) if values else "Write the values to try.", "text2")
        self._hint.show(_EXAMPLES.format(_examples(draft, spec)))
        self._around.set_text(f"Around {value_text(draft.own_value, draft.focus)}")
        self._show_axis(draft, spec, values)

    def focus_set(self) -> None:
        """Put the cursor into the text."""
        self.field.focus_set()

    def _button(self, parent: Box, words: str, way: str) -> Button:
        button = Button(parent, words, lambda: self._respace(way), height=theme.ACTION)
        button.pack(side="left", padx=(theme.px(2), 0))
        return button

    def _respace(self, way: str) -> None:
        self._edit(respaced(self._draft, way))

    def _show_axis(self, draft: PlanDraft, spec: Focus, values: Sequence[Value]) -> None:
        least, most = spec.minimum or 0.0, spec.maximum if spec.maximum is not None else 1.0
        own = draft.own_value
        word = ORIGIN_MARKS[draft.origins[draft.focus]].word if draft.focus in draft.origins else "now"
        if draft.reuse is not None:
            word = "there already"
        centre = float(own) if isinstance(own, (int, float)) and least <= own <= most else None
        self.axis.show(Scale(float(least), float(most), numbers(values), draft.sensible, centre, word))
        legend = sensible_words(draft)
        self._legend.show(legend)
        self._outside.show(outside_words(draft, tuple(values)))
        self._lay_out_foot()

    def _lay_out_foot(self) -> None:
        """The legend at the left, the remark at the right; below it where both do not fit side by side."""
        room, gap = self._foot.winfo_width(), theme.px(8)
        legend, outside = str(self._legend.cget("text")), str(self._outside.cget("text"))
        left = self._zone.winfo_reqwidth() + gap + self._legend.winfo_reqwidth() if legend else 0
        right = self._sign.winfo_reqwidth() + gap + self._outside.winfo_reqwidth() if outside else 0
        high = theme.px(18)
        below = bool(legend and outside) and left + right + 2 * gap > room
        for widget, x, on in ((self._zone, 0, legend), (self._legend, self._zone.winfo_reqwidth() + gap, legend)):
            widget.place(x=x, y=high // 2, anchor="w") if on else widget.place_forget()
        start, y = (0, high + high // 2) if below else (room - right, high // 2)
        for remark, x in ((self._sign, start), (self._outside, start + self._sign.winfo_reqwidth() + gap)):
            remark.place(x=x, y=y, anchor="w") if outside else remark.place_forget()
        wanted = 2 * high if below else high if legend or outside else 1
        if int(self._foot.cget("height")) != wanted:
            self._foot.configure(height=wanted)


def _examples(draft: PlanDraft, spec: Focus) -> str:
    """The three other notations, with numbers that make sense for this setting."""
    low, high = draft.sensible or (spec.minimum or 0.0, spec.maximum or 1.0)
    step = spec.step or 1.0
    first, last = value_text(float(low)), value_text(float(high))
    second = value_text(float(low + max(1, round((high - low) / 8 / step)) * step))
    own = [value_text(value) for value in around(spec.path, float(draft.own_value), draft.sensible)]
    return f"{first}-{last} [4] · {first}, {second}, .., {last} · {', '.join(own[:3])}"


def _draw_zone(canvas: tk.Canvas) -> None:
    canvas.create_rectangle(
        0,
        theme.px(2),
        theme.px(19),
        theme.px(10),
        fill=theme.colour("chart_zone"),
        outline=theme.colour("accent_text"),
    )


class NameValues(Box):
    """A list to tick off, with a search; a text field while nobody knows the names. `edit(text)` after every change."""

    def __init__(self, parent: tk.Misc, edit: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._edit, self._draft = edit, PlanDraft()
        self._all: tuple[str, ...] = ()
        self._offered: frozenset[str] = frozenset()
        self._names: list[str] = []
        self.names: RowList
        self._list_box = Box(self)
        tools = Box(self._list_box)
        tools.pack(fill="x")
        self.search = Entry(
            tools, width=200, icon="search", placeholder="Find", on_edit=lambda _text: self._show_names()
        )
        both = Box(tools)
        both.pack(side="right")
        for words, on in (("All", True), ("None", False)):
            Button(both, words, lambda on=on: self._turn_all(on), kind="link").pack(side="left")  # type: ignore[misc]
        self.search.pack(side="left", fill="x", expand=True)
        self.search.field.bind("<Down>", lambda _event: self.names.focus_set())
        card = Card(self._list_box)
        card.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(2), 0))
        self.names = RowList(card, on_check=self._turn, rows=_ROWS, empty="Nothing has this in its name.")
        self.names.pack(fill="x", padx=theme.px(6), pady=theme.px(6))
        self.field = Entry(self, width=300, height=theme.ACTION, on_edit=edit, placeholder="names between commas")
        self._count = Label(self, "", size=12, ink="text2", wrap=True)
        self._count.pack(side="bottom", fill="x", padx=theme.px(theme.RING), pady=(theme.px(4), 0))

    def show(self, draft: PlanDraft, spec: Focus, offered: Sequence[str]) -> None:
        """Follow the draft. `offered` is what the backend has; empty while it is away."""
        fresh = draft.focus != self._draft.focus
        self._draft, self._offered = draft, frozenset(offered)
        values, problem = parsed(draft)
        known = tuple(spec.options) or tuple(offered)
        if spec.kind == "bool":
            known = ("off", "on")
        self._all = (*(name for name in map(value_text, values) if name not in known), *known) if known else ()
        on = self._list_box if known else self.field
        off = self.field if known else self._list_box
        off.pack_forget()
        if not on.winfo_manager():
            on.pack(fill="x")
        if fresh:
            self.search.set("")
        if self.field.get() != draft.text:
            self.field.set(draft.text)
        self.field.error(problem if draft.text.strip() else "")
        self._count.show(counted_words(draft, values) if values else "Choose at least 2 to compare.")
        if known:
            self._show_names()
        elif not values:
            self._count.show(
                "The backend does not answer, so its names are not known. Write at least 2 between commas."
            )

    def focus_set(self) -> None:
        """Put the keyboard on the list, or the cursor into the text."""
        (self.names if self._all else self.field).focus_set()

    def _show_names(self) -> None:
        words = self.search.get().casefold().split()
        self._names = [name for name in self._all if all(word in name.casefold() for word in words)]
        chosen = {value_text(value) for value in parsed(self._draft)[0]}
        rows = [self._row(name, name in chosen) for name in self._names]
        high = theme.px(theme.ROW) * min(_ROWS, max(2, len(self._all)))
        if int(self.names.canvas.cget("height")) != high:
            self.names.canvas.configure(height=high)
        place = self.names.selected if 0 <= self.names.selected < len(rows) else 0 if rows else -1
        self.names.show_rows(rows, place)

    def _row(self, name: str, on: bool) -> ListRow:
        own = "now" if name == value_text(self._draft.own_value) else ""
        spec = self._draft.spec
        missing = spec is not None and bool(spec.choices) and name not in self._offered
        return ListRow(name, "not offered" if missing else own, checked=on)

    def _turn(self, place: int) -> None:
        self.names.select(place)
        name = self._names[place]
        chosen = {value_text(value) for value in parsed(self._draft)[0]} ^ {name}
        self._take(chosen)

    def _turn_all(self, on: bool) -> None:
        chosen = {value_text(value) for value in parsed(self._draft)[0]}
        self._take(chosen | set(self._names) if on else chosen - set(self._names))

    def _take(self, chosen: set[str]) -> None:
        spec = self._draft.spec
        names = [name for name in self._all if name in chosen]
        bare = spec is None or spec.kind == "bool"
        self._edit(", ".join(names) if bare else spell(self._draft.focus, names))
