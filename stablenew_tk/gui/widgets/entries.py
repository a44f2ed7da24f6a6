"""Fields to type into: a line of text, a number with its unit and step, a slider for shares.

A number field knows its parameter from the catalogue: Up and Down change it by one step, with Shift by ten,
Ctrl+Backspace gives the inherited value back, the wheel changes nothing.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Parameter, Value
from ...domain.config.number_text import number_words, stepped, typed_number
from . import icons, theme
from .basics import Painted
from .field_box import FieldBox
from .theme import RING

_EDIT_TAG = "StableNewEdit"
_edit_bound = 0


class Entry(FieldBox):
    """A line of text inside a rounded box with a ring. `unit` stands in the field's right end, `icon` in its left.

    `on_edit(text)` after every change by the user, `on_commit(text)` on Return and when the focus leaves a changed
    text; neither is called by `set`. `check(text)` raises InvalidInput for a text that cannot be used: it stays as
    typed, `problem` says why, the sentence comes below the field when it is left, and it is never committed. `field` is
    the inner entry, for extra key bindings.
    """

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        *,
        width: int = 160,
        height: int = theme.CONTROL,
        unit: str = "",
        placeholder: str = "",
        icon: str = "",
        on_edit: Callable[[str], object] | None = None,
        on_commit: Callable[[str], object] | None = None,
        check: Callable[[str], object] | None = None,
        ground: Role | None = None,
    ) -> None:
        self._icon, self._design_height, self._height, self._face = icon, height, theme.px(height), theme.font(13)
        self._on_edit, self._on_commit, self._check = on_edit, on_commit, check
        self._last = self._committed = text
        self.problem = ""  # why the present text cannot be used; "" when it can
        super().__init__(parent, width=width, height=self._height + 2 * theme.px(RING), ground=ground)
        self.field = tk.Entry(self, font=self._face, bd=0, highlightthickness=0, width=1, takefocus=1)
        self._sign = tk.Label(self, bd=0, padx=0, pady=0) if icon else None
        self._unit = tk.Label(self, text=unit, bd=0, padx=0, pady=0, cursor="xterm") if unit else None
        if self._unit is not None:
            self._unit.bind("<Button-1>", lambda _event: self.after_idle(self.field.focus_set))
        self._measure()
        self._hold(self.field, self._face, placeholder)
        self.itemconfigure(self._window, height=self._inner_height)
        if text:
            self.set(text)
        self._wire()

    def _measure(self) -> None:
        self._height = theme.px(self._design_height)
        # Between the edges of the box and the text: room for the icon and the unit.
        self._left, self._right = theme.px(31 if self._icon else 10), theme.px(10)
        if self._unit is not None:
            self._right = theme.px(14) + theme.font(12).measure(self._unit.cget("text"))
        self._inner_height = self._height - 2 * theme.px(2) - 1
        self._hint_y = (self._inner_height - self._face.metrics("linespace")) // 2

    def _corner(self) -> tuple[int, int]:
        return self._m + self._left, self._m + theme.px(2)

    def remeasure(self) -> None:
        self._measure()
        super().remeasure()
        self.itemconfigure(self._window, height=self._inner_height)
        if self._hint.winfo_manager():
            self._hint.place(x=theme.px(3), y=self._hint_y)

    def get(self) -> str:
        """The text; never the placeholder."""
        return self.field.get()

    def set(self, text: str) -> None:
        """Replace the text without calling anybody. A sentence about an error goes away."""
        self._last = self._committed = text
        self.problem = ""
        if self.get() != text:
            enabled = self.field.cget("state") == "normal"
            self.field.configure(state="normal")
            self.field.delete(0, "end")
            self.field.insert(0, text)
            self.field.configure(state="normal" if enabled else "disabled")
            self._show_hint()
        if self.error_text:
            self.error("")

    def show(self, text: str) -> None:
        """Show a text, unless what the user typed is not taken yet or cannot be used: that stays as typed."""
        if not self.holds and self.get() != text:
            self.set(text)

    @property
    def holds(self) -> bool:
        """Whether the user's own text stands here: not committed yet, or one that cannot be used."""
        return bool(self.problem or self.error_text) or self.get() != self._committed

    def forget(self) -> None:
        """Let go of a text that was not taken, so that the next `show` replaces it."""
        self.problem, self._committed = "", self.get()
        self.error("")

    def enable(self, on: bool) -> None:
        """Let the user type, or not."""
        if on != (self.field.cget("state") == "normal"):
            self.field.configure(state="normal" if on else "disabled", takefocus=on)
            self._paint()

    def edited(self) -> None:
        """Look whether the text changed and tell `on_edit`."""
        text = self.get()
        if text != self._last:
            self._last = text
            self._show_hint()
            self._look(text)
            if self._on_edit is not None:
                self._on_edit(text)

    def set_unit(self, unit: str) -> None:
        """Another unit in the place of the first one, of about the same length."""
        if self._unit is not None and self._unit.cget("text") != unit:
            self._unit.configure(text=unit)

    def _wire(self) -> None:
        global _edit_bound
        if _edit_bound != theme.generation():
            # One binding for all fields, behind the class's own, so that the text has already changed.
            _edit_bound = theme.generation()
            for event in ("<Key>", "<<Paste>>", "<<Cut>>", "<ButtonRelease-2>"):
                self.bind_class(_EDIT_TAG, event, _edited)
        tags = self.field.bindtags()
        self.field.bindtags((*tags[:2], _EDIT_TAG, *tags[2:]))
        self.field.bind("<Return>", lambda _event: self.commit())
        # Tk on Linux goes to the beginning of the line instead.
        self.field.bind("<Control-a>", lambda _event: self._select_all())
        self.bind("<Configure>", lambda _event: self._paint())

    def _focus(self, on: bool) -> None:
        super()._focus(on)
        if not on:
            self.commit()

    def _select_all(self) -> str:
        self.field.selection_range(0, "end")
        self.field.icursor("end")
        return "break"

    def commit(self) -> None:
        """Take what is typed, as when the field is left; of a text that cannot be used say why."""
        self.edited()
        text = self.get()
        if self.problem:
            self.error(self.problem)
        elif text != self._committed:
            self._committed = text
            if self._on_commit is not None:
                self._on_commit(text)

    def _look(self, text: str) -> None:
        """See whether a text can be used. What was said of it goes away as soon as it can."""
        if self._check is None:
            return
        try:
            self._check(text)
        except InvalidInput as wrong:
            self.problem = str(wrong)
        else:
            self.problem = ""
            self.error("")

    def _fill(self, wide: int) -> int:
        self.itemconfigure(self._window, width=wide - self._left - self._right)
        ground, middle = theme.palette["raised"], self._m + self._height // 2
        self.field.configure(disabledbackground=ground, disabledforeground=theme.palette["text"])
        if self._sign is not None:
            self._picture = icons.icon(self._icon, 14, "text3", "raised")
            self._sign.configure(image=self._picture, bg=ground)
            self._sign.place(x=self._m + theme.px(10), y=middle, anchor="w")
        if self._unit is not None:
            self._unit.configure(bg=ground, fg=theme.palette["text3"], font=theme.font(12))
            self._unit.place(x=self._m + wide - theme.px(10), y=middle - theme.px(1), anchor="e")
        return self._height

    def _show_hint(self) -> None:
        # It stands in an empty field until something is typed, behind the cursor.
        if self.get():
            self._hint.place_forget()
        elif not self._hint.winfo_manager():
            self._hint.place(x=theme.px(3), y=self._hint_y)


def _edited(event: tk.Event[tk.Misc]) -> None:
    entry = event.widget.master
    if isinstance(entry, Entry):
        entry.edited()


def commit_typed(widget: tk.Misc | None) -> None:
    """Take what is typed in the field with the keyboard, for keys that act before the field is left."""
    entry = widget.master if widget is not None else None
    if isinstance(entry, Entry):
        entry.commit()


class NumberEntry(Entry):
    """A number of the catalogue. `on_value(value)` when the user leaves the field or presses Return, or steps it; a
    number that does not fit stays as typed with a sentence below it. `on_edit()` after every change. `on_inherit()` on
    Ctrl+Backspace.
    """

    def __init__(
        self,
        parent: tk.Misc,
        parameter: Parameter,
        *,
        on_value: Callable[[Value], object],
        on_edit: Callable[[], object] = lambda: None,
        on_inherit: Callable[[], object] | None = None,
        width: int = 160,
        unit: str | None = None,
        ground: Role | None = None,
    ) -> None:
        self._parameter, self._on_value = parameter, on_value
        self._read: tuple[str, Value | None] = ("", None)  # the text last read, and its value
        super().__init__(
            parent,
            width=width,
            unit=parameter.unit if unit is None else unit,
            on_edit=lambda _text: on_edit(),
            on_commit=self._taken,
            check=self._parse,
            ground=ground,
        )
        for key, steps in (("<Up>", 1), ("<Down>", -1), ("<Shift-Up>", 10), ("<Shift-Down>", -10)):
            self.field.bind(key, lambda _event, steps=steps: self.step(steps))  # type: ignore[misc]  # default binds it
        self._on_inherit = on_inherit
        self.field.bind("<Control-BackSpace>", self._inherit)

    def show_value(self, value: Value) -> None:
        """Show a value without calling anybody. The same number typed differently ("7.0") is left as typed, and so is
        what the user has typed and not yet left, or what cannot be used.
        """
        if not self.holds and self._parsed(self.get()) != value:
            self.set(number_words(self._parameter, value))

    def step(self, steps: int) -> str:
        """Change by natural steps of the parameter, kept within its range."""
        spec, present = self._parameter, self._parsed(self.get())
        value = stepped(spec, present if present is not None else spec.default, steps)
        self.set(number_words(spec, value))
        self._on_value(value)
        return "break"

    def _inherit(self, _event: tk.Event[tk.Misc]) -> str:
        if self._on_inherit is not None:
            self.forget()
            self._on_inherit()
        return "break"

    def _parsed(self, text: str) -> Value | None:
        if text != self._read[0]:
            try:
                self._parse(text)
            except InvalidInput:
                self._read = text, None
        return self._read[1]

    def _parse(self, text: str) -> Value:
        value = typed_number(self._parameter, text)
        self._read = text, value
        return value

    def _taken(self, text: str) -> None:
        value = self._parsed(text)
        if value is not None:
            self._on_value(value)


class Slider(Painted):
    """A slider from `low` to `high` with the sensible range marked. Drag, click, or arrows; the wheel does nothing.

    `command(value)` is called while the user moves it, with values rounded to `step`.
    """

    def __init__(
        self,
        parent: tk.Misc,
        low: float,
        high: float,
        command: Callable[[float], object],
        *,
        step: float = 0.05,
        sensible: tuple[float, float] | None = None,
        width: int = 104,
        ground: Role | None = None,
    ) -> None:
        self._range, self._grain, self.sensible, self._command = (low, high), step, sensible, command
        self.value = low
        super().__init__(parent, width=theme.px(width), height=theme.px(20), ground=ground)
        self.bind("<B1-Motion>", self._drag)
        for key, steps in (("<Left>", -1), ("<Down>", -1), ("<Right>", 1), ("<Up>", 1), ("<Prior>", 5), ("<Next>", -5)):
            self.bind(key, lambda _event, steps=steps: self._move(self.value + steps * self._grain))  # type: ignore[misc]
        self.bind("<Home>", lambda _event: self._move(low))
        self.bind("<End>", lambda _event: self._move(high))

    def set(self, value: float) -> None:
        """Show a value without calling the command."""
        value = min(max(value, self._range[0]), self._range[1])
        if value != self.value:
            self.value = value
            self.repaint()

    def set_sensible(self, ends: tuple[float, float]) -> None:
        """Mark this range instead."""
        if ends != self.sensible:
            self.sensible = ends
            self.repaint()

    def act(self) -> None:
        """A slider has nothing to press; dragging and keys move it."""

    def draw(self, width: int, height: int) -> None:
        m, middle, knob = self.margin, self.margin + height // 2, theme.px(14)
        if self.ring:
            ground = self.ground
            self.picture(
                0, 0, icons.box(width, height, fill=ground, outline=ground, ground=ground, margin=RING, ring=1)
            )
        thin = theme.px(1)
        left, right = m + knob // 2, m + width - knob // 2
        self.fill(left, middle - thin, right, middle + thin, "raised2")
        if self.sensible is not None:
            first, last = (self._place(value, left, right) for value in self.sensible)
            self.fill(first, middle - thin, last, middle + thin, "accent_text" if self.enabled else "line")
        ink: Role = ("switch_knob" if not self.hover else "accent_text") if self.enabled else "disabled"
        self.picture(self._place(self.value, left, right), middle, icons.icon("disc", 13, ink, self.ground), "center")

    def _place(self, value: float, left: int, right: int) -> int:
        low, high = self._range
        return round(left + (right - left) * (value - low) / (high - low))

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        super()._pressed(event)
        self._drag(event)

    def _drag(self, event: tk.Event[tk.Misc]) -> None:
        if self.enabled:
            knob = theme.px(14)
            inside = max(1, self._size[0] - 2 * self.margin - knob)
            low, high = self._range
            self._move(low + (high - low) * (event.x - self.margin - knob // 2) / inside)

    def _move(self, wanted: float) -> str:
        low, high = self._range
        value = min(max(round(round(wanted / self._grain) * self._grain, 6), low), high)
        if self.enabled and value != self.value:
            self.set(value)
            self._command(value)
        return "break"
