"""Settings that vary with the pack: which parameters, and the values to try of each."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from ...app.wording import not_offered
from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Value, catalogue, parameter
from ...domain.config.sweep import focuses, parse_values, spell
from ...domain.prompts.settings import Axis
from ..forms.captioned import EditableList
from ..widgets import theme
from ..widgets.basics import Box, Label
from ..widgets.entries import Entry
from ..widgets.popups import Menu, MenuEntry
from ..widgets.row_list import ListRow

# They change what a picture is made with, not only how it looks: nobody should find them varied by surprise.
_BY_HAND = ("refiner.", "hires.upscaler", "upscale.upscaler")


def axis_entries(used: Sequence[str] = ()) -> tuple[MenuEntry, ...]:
    """The parameters to choose from, those that are to be wished for expressly last."""
    usual = [one for one in focuses() if not one.path.startswith(_BY_HAND)]
    rare = [one for one in focuses() if one.path.startswith(_BY_HAND)]
    return (
        *(MenuEntry(one.path, one.title) for one in usual if one.path not in used),
        *(MenuEntry(one.path, one.title, "only if you add it") for one in rare if one.path not in used),
    )


def values_in_short(axis: Axis) -> str:
    """The values as they are typed."""
    return spell(axis.path, axis.values) if axis.values and axis.path in catalogue() else ""


class Axes(Box):
    """A list of parameters with their values. `on_change(axes)` after every change that can be used.

    `choices(name)` are the backend's lists. A text that cannot be read stays in its field, and the last values count.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_change: Callable[[tuple[Axis, ...]], object],
        choices: Callable[[str], Sequence[str]],
    ) -> None:
        super().__init__(parent)
        self._on_change, self._choices = on_change, choices
        self.axes: tuple[Axis, ...] = ()
        self._at = -1
        self._typed: dict[str, str] = {}
        self.listing = EditableList(
            self,
            add="Add a setting…",
            remove="Remove",
            empty="No setting varies.",
            chosen=self._choose,
            added=self._ask,
            removed=self._remove,
            rows=2,
        )
        self.listing.pack(fill="x")
        self._detail = Box(self)
        self._caption = Label(self._detail, "", size=12, ink="text2")
        self._caption.pack(fill="x", padx=theme.px(theme.RING))
        self.values = Entry(self._detail, width=60, on_edit=self._edited)
        self.values.pack(fill="x")
        self._hint = Label(self._detail, "", size=11, ink="text3", wrap=True)
        self._hint.pack(fill="x", padx=theme.px(theme.RING))

    def show(self, axes: Sequence[Axis]) -> None:
        """Show these, without telling anybody."""
        self.axes = tuple(axes)
        self._at = min(self._at, len(axes) - 1) if self._at >= 0 else len(axes) - 1
        self._show()

    def forget(self) -> None:
        """Another pack: nothing that was typed is of any use."""
        self._typed.clear()
        self._at = -1

    def add(self, path: str) -> None:
        """One more parameter, with no values yet."""
        self.axes = (*self.axes, Axis(path, ()))
        self._at = len(self.axes) - 1
        self._show()
        self.values.focus_set()

    @property
    def problems(self) -> Mapping[str, str]:
        """What cannot be read, by path."""
        return {path: problem for path, text in self._typed.items() if (problem := _problem(path, text))}

    def _ask(self) -> None:
        entries = axis_entries([axis.path for axis in self.axes])
        Menu.shared().open(self.listing.add, entries, self.add)

    def _remove(self) -> None:
        if 0 <= self._at < len(self.axes):
            self._typed.pop(self.axes[self._at].path, None)
            self.axes = (*self.axes[: self._at], *self.axes[self._at + 1 :])
            self._at = min(self._at, len(self.axes) - 1)
            self._show()
            self._tell()

    def _choose(self, place: int) -> None:
        self._at = place
        self._show()

    def _show(self) -> None:
        rows = [
            ListRow(
                _title(axis.path),
                values_in_short(axis),
                warn=bool(_problem(axis.path, self._text(axis)) or self._not_offered(axis)),
            )
            for axis in self.axes
        ]
        self.listing.list.canvas.configure(height=theme.px(theme.ROW) * min(max(len(rows), 1), 5))
        self.listing.show(rows, self._at)
        if not 0 <= self._at < len(self.axes):
            self._detail.pack_forget()
            return
        axis = self.axes[self._at]
        self._detail.pack(fill="x")
        self._caption.show(f"Values of {_title(axis.path)}")
        if self.values.get() != self._text(axis):
            self.values.set(self._text(axis))
        self.values.error(_problem(axis.path, self._text(axis)) if axis.path in self._typed else "")
        missing = self._not_offered(axis)
        if missing:
            self._hint.show(f"There is no {', '.join(missing)} where pictures are made now.", "warn")
        else:
            self._hint.show(self._example(axis.path), "text3")

    def _text(self, axis: Axis) -> str:
        return self._typed.get(axis.path, values_in_short(axis))

    def _example(self, path: str) -> str:
        spec = parameter(path) if path in catalogue() else None
        if spec is None:
            return "This program does not know the setting."
        if spec.kind in ("int", "float"):
            return "Write 5-8 (+0.5), or values between commas."
        some = self._choices(spec.choices) if spec.choices else spec.options
        return f"Names between commas: {', '.join(some[:3])}…" if some else "Names between commas."

    def _not_offered(self, axis: Axis) -> tuple[str, ...]:
        return not_offered(axis.path, axis.values, self._choices)

    def _edited(self, text: str) -> None:
        axis = self.axes[self._at]
        self._typed[axis.path] = text
        problem = _problem(axis.path, text)
        self.values.error(problem)
        values: tuple[Value, ...] = () if problem else parse_values(axis.path, text)
        if not problem and values != axis.values:
            self.axes = (*self.axes[: self._at], replace(axis, values=values), *self.axes[self._at + 1 :])
            self._tell()
        self._show()

    def _tell(self) -> None:
        self._on_change(tuple(axis for axis in self.axes if axis.values))


def _title(path: str) -> str:
    return parameter(path).title if path in catalogue() else path


def _problem(path: str, text: str) -> str:
    try:
        parse_values(path, text)
    except InvalidInput as wrong:
        sentence = str(wrong).removeprefix(f"{path}: ")
        return sentence[:1].upper() + sentence[1:]
    return ""
