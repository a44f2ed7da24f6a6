"""The editors of values in the wizard: a text with its axis for numbers, a list to tick off for names."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ....app.learn.plan_preview import Scale, counted_words, examples, parsed, scale_of
from ....domain.base.colour_roles import Role
from ....domain.base.errors import InvalidInput
from ....domain.config.catalogue import Value
from ....domain.config.sweep import LORA_FILE, Focus, parse_values, spell, unknown_choices, value_text
from ....domain.experiments.plan_draft import PlanDraft, outside_words, respaced, sensible_words, sentence
from ....domain.models.origin_marks import ORIGIN_MARKS
from ...forms.size_menu import SizeMenu
from ...widgets import theme
from ...widgets.basics import Box, Button, Card, Drawing, Label, Sign, ground_of
from ...widgets.entries import Entry
from ...widgets.flow import pack_if
from ...widgets.painting import Painting
from ...widgets.row_list import ListRow, RowList
from ...widgets.tooltips import tip

SIDES = ("txt2img.width", "txt2img.height")
_EXAMPLES = "Also understood: {}"
_ROWS = 8
_AXIS_HEIGHT = 66
_GAP = 14  # px between two numbers below the axis


class ValueAxis(Painting):
    """Draws a scale over its whole width. It is only looked at: no tab stop."""

    def __init__(self, parent: tk.Misc) -> None:
        self.scale_shown = Scale(0, 1)
        super().__init__(parent, ground_of(parent), height=theme.px(_AXIS_HEIGHT), draw=self._draw)

    def show(self, scale: Scale) -> None:
        """Draw this one."""
        if scale != self.scale_shown:
            self.scale_shown = scale
            self._draw()

    def place_of(self, value: float) -> int:
        """Where a value stands, in screen pixels from the left."""
        low, high = self.scale_shown.ends()
        inset = theme.px(12)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(inset + share * (self.winfo_width() - 2 * inset))

    def _draw(self) -> None:
        self.clear()
        if self.winfo_width() <= 1:
            return
        scale, y = self.scale_shown, theme.px(16)
        low, high = scale.ends()
        thin = theme.px(2)
        self.fill(self.place_of(low), y - thin, self.place_of(high), y + thin, "raised2")
        if scale.sensible is not None:
            first, last = (self.place_of(min(max(end, low), high)) for end in scale.sensible)
            self.fill(first, y - 2 * thin, last, y + 2 * thin, "chart_zone")
            self.frame(first, y - 2 * thin, last, y + 2 * thin, "switch_track", width=1)
        for value in scale.values:
            x = self.place_of(value)
            self.fill(x - thin // 2, y - theme.px(9), x + thin - thin // 2, y + theme.px(9), "accent_text")
        self._draw_numbers(y + theme.px(23), (low, high))

    def _draw_numbers(self, y: int, ends: tuple[float, float]) -> None:
        """The centre first, then the values, then what is left of the room: numbers never stand on each other."""
        scale = self.scale_shown
        taken: list[tuple[int, int]] = []
        if scale.centre is not None and ends[0] <= scale.centre <= ends[1]:
            tested = scale.centre in scale.values
            self._number(y, scale.centre, ("text" if tested else "text2", True), taken)
            if not tested:
                x, thin = self.place_of(scale.centre), theme.px(1)
                self.fill(x, y - theme.px(30), x + thin, y - theme.px(16), "edge_hover")
            half = theme.font(11).measure(scale.word) // 2
            x = min(max(self.place_of(scale.centre), half), self.winfo_width() - half)
            self.words(x, y + theme.px(16), scale.word, size=11, ink="text3", anchor="center")
        for value in (*scale.values[:1], *scale.values[-1:], *scale.values):
            self._number(y, value, ("text", False), taken)
        for value in (*ends, *(scale.sensible or ())):
            if ends[0] <= value <= ends[1]:
                self._number(y, value, ("text3", False), taken)

    def _number(self, y: int, value: float, style: tuple[Role, bool], taken: list[tuple[int, int]]) -> None:
        ink, bold = style
        text, face = value_text(float(value)), theme.font(12, bold)
        half = face.measure(text) // 2 + theme.px(2)  # glyphs may be wider than what is measured
        x = min(max(self.place_of(value), half), self.winfo_width() - half)
        half += theme.px(_GAP) // 2 - theme.px(2)
        if any(x - half < right and left < x + half for left, right in taken):
            return
        taken.append((x - half, x + half))
        self.words(x, y, text, size=12, bold=bold, ink=ink, anchor="center")


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
        self._centre_button = self._button(buttons, "Around", "around")
        self._button(buttons, "Finer", "finer")
        self._button(buttons, "Wider", "wider")
        self.sizes = SizeMenu(buttons, self._picked_size, "Sizes", theme.ACTION)
        self.field.pack(side="left", fill="x", expand=True, anchor="n")
        self.count = Label(self, "", size=12, wrap=True)
        self.count.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(2), 0))
        self._hint = Label(self, "", size=12, ink="text3", wrap=True)
        self._hint.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(1), theme.px(8)))
        card = Card(self)
        card.pack(fill="x", padx=theme.px(theme.RING))
        self.axis = ValueAxis(card)
        self.axis.pack(fill="x", padx=theme.px(12), pady=(theme.px(12), 0))
        foot = Box(card)
        foot.pack(fill="x", padx=theme.px(12), pady=(0, theme.px(10)))
        self._zone = Drawing(foot, _draw_legend, width=20, height=12)
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
        self.count.show(counted_words(draft, values) if values else "Write the values to try.", "text2")
        self._hint.show(_EXAMPLES.format(examples(draft, spec)))
        self._centre_button.set_text(f"Around {value_text(draft.own_value, draft.focus)}")
        first = draft.base.txt2img
        self.sizes.show(draft.traits.family, (first.width, first.height))
        pack_if(spec.path in SIDES, self.sizes, side="left", padx=(theme.px(2), 0))
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

    def _picked_size(self, width: int, height: int) -> None:
        """A size was chosen: the side that is varied here joins the values, in their order."""
        side = width if self._draft.focus == SIDES[0] else height
        known, problem = parsed(self._draft)
        written = self._draft.text.strip()
        if problem and written:
            # What cannot be read yet is the user's all the same.
            self._edit(f"{written}, {side}")
        else:
            self._edit(spell(self._draft.focus, sorted({*(int(one) for one in known), side})))

    def _show_axis(self, draft: PlanDraft, spec: Focus, values: Sequence[Value]) -> None:
        word = ORIGIN_MARKS[draft.origins[draft.focus]].word if draft.focus in draft.origins else "now"
        self.axis.show(scale_of(draft, spec, values, "there already" if draft.reuse is not None else word))
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


def _draw_legend(painting: Painting) -> None:
    painting.fill(0, theme.px(2), theme.px(19), theme.px(10), "chart_zone")
    painting.frame(0, theme.px(2), theme.px(19), theme.px(10), "accent_text", width=1)


class NameValues(Box):
    """A list to tick off, with a search; a text field while nobody knows the names. `edit(text)` after every change."""

    def __init__(self, parent: tk.Misc, edit: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._edit, self._draft = edit, PlanDraft()
        self._all: tuple[str, ...] = ()
        self._offered: frozenset[str] = frozenset()
        self.listed: list[str] = []
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
        self.count = Label(self, "", size=12, ink="text2", wrap=True)
        self.count.pack(side="bottom", fill="x", padx=theme.px(theme.RING), pady=(theme.px(4), 0))
        self.weighted = Entry(
            self, width=300, placeholder="A file with a weight of its own: name:0.8", on_commit=self._add_weighted
        )
        tip(self.weighted.field, "Return adds it to the values. A file may be compared at several weights.")
        self.weighted.field.bind("<Return>", lambda _event: self._returned())

    def show(self, draft: PlanDraft, spec: Focus, offered: Sequence[str]) -> None:
        """Follow the draft. `offered` is what the backend has; empty while it is away."""
        pack_if(spec.path == LORA_FILE and offered, self.weighted, side="bottom", fill="x", after=self.count)
        fresh = draft.focus != self._draft.focus
        self._draft, self._offered = draft, frozenset(offered)
        values, problem = parsed(draft)
        known = tuple(spec.options) or tuple(offered)
        if spec.kind == "bool":
            known = ("off", "on")
        self._all = (*(name for name in map(value_text, values) if name not in known), *known) if known else ()
        pack_if(known, self._list_box, fill="x")
        pack_if(not known, self.field, fill="x")
        if fresh:
            self.search.set("")
        if self.field.get() != draft.text:
            self.field.set(draft.text)
        self.field.error(problem if draft.text.strip() else "")
        self.count.show(counted_words(draft, values) if values else "Choose at least 2 to compare.")
        if known:
            self._show_names()
        elif not values:
            self.count.show("The backend does not answer, so its names are not known. Write at least 2 between commas.")

    def focus_set(self) -> None:
        """Put the keyboard on the list, or the cursor into the text."""
        (self.names if self._all else self.field).focus_set()

    def _show_names(self) -> None:
        words = self.search.get().casefold().split()
        self.listed = [name for name in self._all if all(word in name.casefold() for word in words)]
        chosen = {value_text(value) for value in parsed(self._draft)[0]}
        rows = [self._row(name, name in chosen) for name in self.listed]
        high = theme.px(theme.ROW) * min(_ROWS, max(2, len(self._all)))
        if int(self.names.canvas.cget("height")) != high:
            self.names.canvas.configure(height=high)
        place = self.names.selected if 0 <= self.names.selected < len(rows) else 0 if rows else -1
        self.names.show_rows(rows, place)

    def _row(self, name: str, on: bool) -> ListRow:
        own = "now" if name == value_text(self._draft.own_value) else ""
        spec = self._draft.spec
        missing = spec is not None and bool(unknown_choices(spec.path, (name,), self._offered))
        return ListRow(name, "not offered" if missing else own, checked=on)

    def _returned(self) -> str | None:
        """Return takes the file over; in an empty field it goes on as everywhere."""
        text = self.weighted.get()
        if not text.strip():
            return None
        self._add_weighted(text)
        return "break"

    def _add_weighted(self, text: str) -> None:
        """Add files with weights to the values, or say what is wrong with the text."""
        if not text.strip():
            return
        try:
            fresh = parse_values(LORA_FILE, text)
        except InvalidInput as wrong:
            self.weighted.error(sentence(wrong))
            return
        self.weighted.set("")
        self.weighted.error("")
        self._edit(spell(LORA_FILE, tuple(dict.fromkeys((*parsed(self._draft)[0], *fresh)))))

    def _turn(self, place: int) -> None:
        self.names.select(place)
        name = self.listed[place]
        chosen = {value_text(value) for value in parsed(self._draft)[0]} ^ {name}
        self._take(chosen)

    def _turn_all(self, on: bool) -> None:
        chosen = {value_text(value) for value in parsed(self._draft)[0]}
        self._take(chosen | set(self.listed) if on else chosen - set(self.listed))

    def _take(self, chosen: set[str]) -> None:
        spec = self._draft.spec
        names = [name for name in self._all if name in chosen]
        bare = spec is None or spec.kind == "bool"
        self._edit(", ".join(names) if bare else spell(self._draft.spec or self._draft.focus, names))
