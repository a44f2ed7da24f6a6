"""A form made from the catalogue of parameters: one labelled field per parameter, with the mark of its origin.

The form knows no rule about pictures. Ranges, units and labels come from the catalogue, lists of samplers and models
from the page. It reports every change and keeps no value: the page works out what is in force and shows it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from ...domain.config.catalogue import Parameter, Value, get_value, parameter
from ...domain.config.origins import Origin
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.models.families import Family
from ...domain.models.idle_settings import without_place
from ...domain.models.sensible_range import ModelTraits, sensible_range
from ..widgets import theme
from ..widgets.basics import Box, Label
from ..widgets.controls import Switch
from ..widgets.entries import Entry, NumberEntry, Slider
from ..widgets.flow import pack_if, tab_order
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.theme import RING
from ..widgets.tooltips import tip
from .origin_marks import OriginMark
from .size_menu import SizeMenu

WIDTH, HEIGHT = "txt2img.width", "txt2img.height"
_SIDES = {WIDTH, HEIGHT}
# px: below this three fields side by side would be too small for their words; from the other one on there is room for
# four.
_NARROW_FORM, _WIDE_FORM = 440, 760


def columns_for(width: int) -> int:
    """How many fields stand side by side in a form of this width, in screen pixels."""
    return 2 if width < theme.px(_NARROW_FORM) else 3 if width < theme.px(_WIDE_FORM) else 4


def field_head(cell: Box, words: str, ask: Callable[[], object] | None = None) -> tuple[OriginMark, Label]:
    """Lay a cell out as a field with its caption above, the mark of its origin at the right end: mark and caption."""
    cell.grid_columnconfigure(0, weight=1)
    cell.grid_rowconfigure(0, minsize=theme.px(18))
    head = Box(cell)
    head.grid(row=0, column=0, columnspan=2, sticky="ew", padx=theme.px(RING))
    mark = OriginMark(head, ask)
    mark.pack(side="right")
    caption = Label(head, words, size=12, ink="text2")
    caption.pack(side="left", fill="x", expand=True)
    head.bind("<Configure>", lambda event: mark.spare(event.width - caption.winfo_reqwidth()))
    return mark, caption


class FormField(Box):
    """Label, origin mark and the right editor for one parameter.

    `on_value(path, value)` after every change by the user; None = the user wants the inherited value back. What is
    typed counts when the field is left or on Return; `on_edit()` comes after every key. `idle` is why the value does
    nothing, "" where it does something. With `on_size` a menu of sizes stands beside the number.
    """

    def __init__(
        self,
        parent: tk.Misc,
        spec: Parameter,
        *,
        on_value: Callable[[str, Value | None], object],
        on_edit: Callable[[], object] = lambda: None,
        on_why: Callable[[str, tk.Misc], object] | None = None,
        on_size: Callable[[int, int], object] | None = None,
        label: str = "",
    ) -> None:
        super().__init__(parent)
        self.spec, self._on_value, self._on_edit, self._on_why = spec, on_value, on_edit, on_why
        self.sizes = SizeMenu(self, on_size) if on_size is not None else None
        self.slider: Slider | None = None
        words = (label or spec.label).partition(" (")[0]
        self.mark, self._caption = field_head(self, words, self._ask_why if on_why is not None else None)
        tip(self._caption, spec.help)
        if on_why is not None:
            self._caption.bind("<ButtonRelease-1>", lambda _event: self._ask_why())
        self.editor = self._make_editor()
        inner: tk.Misc = self.editor.field if isinstance(self.editor, Entry) else self.editor
        self._inner, self.idle = inner, ""
        tip(inner, spec.help)
        inner.bind("<Control-i>", lambda _event: self._ask_why())
        if not isinstance(self.editor, NumberEntry):
            inner.bind("<Control-BackSpace>", lambda _event: self._inherit())

    @property
    def problem(self) -> str:
        """Why the text in the field cannot be used; "" when it can."""
        return self.editor.problem if isinstance(self.editor, Entry) else ""

    def forget(self) -> None:
        """Let go of a text that cannot be used or was not taken yet; the next `show` puts the value in force there."""
        if isinstance(self.editor, Entry):
            self.editor.forget()

    def show(
        self,
        value: Value,
        origin: Origin | None,
        entries: Sequence[MenuEntry] = (),
        *,
        word: str = "",
        traits: ModelTraits | None = None,
    ) -> None:
        """Show a value and where it comes from, without calling anybody. `word` is that of `OriginMark.show`; `traits`
        of the checkpoint decide which range is marked as sensible.
        """
        self.mark.show(origin, word)
        own = self.spec.is_of_workflow
        if self.slider is not None and not own and (found := sensible_range(self.spec.path, traits)) is not None:
            self.slider.set_sensible(found.ends)
        editor = self.editor
        if isinstance(editor, NumberEntry):
            editor.show_value(value)
            if self.slider is not None:
                self.slider.set(float(value))
        elif isinstance(editor, Entry):
            editor.show(str(value))
        elif isinstance(editor, ChoiceField):
            self._show_choice(editor, str(value), entries)
        else:
            editor.set(bool(value))

    def enable(self, on: bool, why: str = "") -> None:
        """Let the user change the value, or say why not."""
        if isinstance(self.editor, Entry):
            self.editor.enable(on)
        else:
            self.editor.enable(on, why)
        if self.slider is not None:
            self.slider.enable(on, why)
        if self.sizes is not None:
            self.sizes.enable(on, why)

    def tell_idle(self, why: str) -> None:
        """Grey the field because its value does nothing, and say why; "" lets the user change it again."""
        if why != self.idle:
            self.idle = why
            self.enable(not why, why)
            for widget in (self._caption, self._inner):
                tip(widget, why or self.spec.help)
            self._caption.show(str(self._caption.cget("text")), "text3" if why else "text2")

    def tell_sizes(self, family: Family) -> None:
        """Say which sizes suit a family, where the mouse rests on the field."""
        sizes = ", ".join(f"{width} × {height}" for width, height in family.sizes)
        words = f"{self.spec.help} {family.title}: {sizes}, and turned." if sizes else self.spec.help
        for widget in (self._caption, self._inner):
            tip(widget, words)

    def point_out(self, on: bool) -> None:
        """Outline a value that is new here and was not chosen by hand; no longer once the field has the keyboard."""
        editor = self.editor
        if isinstance(editor, Switch):
            return
        if on and not editor.pointed_out:
            inner: tk.Misc = editor.field if isinstance(editor, Entry) else editor
            inner.bind("<FocusIn>", lambda _event: editor.point_out(False), add="+")
        editor.point_out(on)

    def focus_set(self) -> None:
        """Put the keyboard on the editor."""
        self.editor.focus_set()

    def _make_editor(self) -> NumberEntry | Entry | ChoiceField | Switch:
        spec = self.spec
        editor: NumberEntry | Entry | ChoiceField | Switch
        if spec.kind in ("int", "float"):
            return self._make_number()
        if spec.kind == "bool":
            editor = Switch(self, command=self._changed)
            editor.grid(row=1, column=0, sticky="w", pady=theme.px(7))
            return editor
        if spec.options or spec.choices:
            editor = ChoiceField(self, [MenuEntry(word, word) for word in spec.options], self._changed, width=100)
        else:
            editor = Entry(self, width=100, on_commit=self._changed, placeholder=spec.empty_means)
        editor.grid(row=1, column=0, columnspan=2, sticky="new")
        return editor

    def _make_number(self) -> NumberEntry:
        spec = self.spec
        share = spec.minimum == 0 and spec.maximum == 1 and spec.sensible is not None
        editor = NumberEntry(
            self,
            spec,
            on_value=self._typed,
            on_edit=self._on_edit,
            on_inherit=self._inherit,
            width=58 if share else 100,
            # What 0 means matters more than its unit.
            unit=f"0 = {spec.empty_means}" if spec.empty_means else None,
        )
        if self.sizes is not None:
            editor.grid(row=1, column=0, sticky="new")
            self.sizes.grid(row=1, column=1, sticky="ne")
            tab_order(editor, self.sizes)
            for key in ("<Alt-Down>", "<F4>"):
                editor.field.bind(key, lambda _event: self.sizes.open() if self.sizes is not None else None)
            return editor
        if not share:
            editor.grid(row=1, column=0, columnspan=2, sticky="new")
            return editor
        editor.grid(row=1, column=0, sticky="nw")
        self.slider = Slider(self, 0.0, 1.0, self._slid, step=spec.step or 0.05, sensible=spec.sensible, width=60)
        self.slider.grid(row=1, column=1, sticky="new", pady=theme.px(6))
        self.grid_columnconfigure(0, weight=0)
        self.grid_columnconfigure(1, weight=1)
        return editor

    def _show_choice(self, choice: ChoiceField, value: str, entries: Sequence[MenuEntry]) -> None:
        if self.spec.choices:
            # Where the default is empty, empty must stay within reach.
            known = any(entry.value == "" for entry in entries)
            empty = () if known or self.spec.default != "" else (MenuEntry("", self.spec.empty_means or "(empty)"),)
            choice.set_entries((*empty, *entries))
        choice.set(value)

    def _typed(self, value: Value) -> None:
        if self.slider is not None:
            self.slider.set(float(value))
        self._changed(value)

    def _slid(self, value: float) -> None:
        if isinstance(self.editor, NumberEntry):
            self.editor.forget()
            self.editor.show_value(value)
        self._changed(value)

    def _changed(self, value: Value | None) -> None:
        if value is not None:
            self.mark.show("user")
        self._on_value(self.spec.path, value)

    def _inherit(self) -> str:
        self._changed(None)
        return "break"

    def _ask_why(self) -> str:
        if self._on_why is not None:
            self._on_why(self.spec.path, self.mark)
        return "break"


class Form(Box):
    """Fields for a list of catalogue paths in a grid of 3 columns, 2 where there is little room, 4 where there is much.

    `on_change(path, value)` after every change; value None means the user gave the field back to its origins, and
    the page answers with `show`. `on_edit()` after every key in a number: what it is may have become unusable.
    `on_why(path, widget)` when someone asks where a value comes from. `spec_of` tells of each path what it takes.
    `late`: few people see it, so its fields are made when it is first packed or one of them is asked for.
    """

    def __init__(
        self,
        parent: tk.Misc,
        paths: Sequence[str],
        *,
        on_change: Callable[[str, Value | None], object],
        on_edit: Callable[[], object] = lambda: None,
        on_why: Callable[[str, tk.Misc], object] | None = None,
        columns: int = 0,
        spans: Mapping[str, int] | None = None,
        spec_of: Callable[[str], Parameter] = parameter,
        late: bool = False,
    ) -> None:
        super().__init__(parent)
        self.paths = tuple(paths)
        self._on_change, self._fixed, self._spans = on_change, columns, dict(spans or {})
        self._shown: dict[str, tuple[Value, Origin, str, Sequence[MenuEntry]]] = {}
        self._traits: ModelTraits | None = None
        self._shape = 0
        self._fields: dict[str, FormField] = {}
        self._make: Callable[[str], FormField] = lambda path: FormField(
            self,
            spec_of(path),
            on_value=self._changed,
            on_edit=on_edit,
            on_why=on_why,
            on_size=self._picked_size if path == HEIGHT and WIDTH in paths else None,
        )
        self._show_later: Callable[[], None] | None = None
        if not late:
            self._make_fields()

    @property
    def fields(self) -> dict[str, FormField]:
        """The fields by path."""
        if not self._fields:
            self._make_fields()
        return self._fields

    def made(self) -> Collection[FormField]:
        """The fields that are there already."""
        return self._fields.values()

    def be_there(self, on: object, **place: Any) -> None:
        """Pack it if `on` holds and it is not there, take it away otherwise."""
        if on and not self._fields:
            self._make_fields()
        pack_if(on, self, **place)

    def _make_fields(self) -> None:
        self._fields = {path: self._make(path) for path in self.paths}
        self._lay_out(self._fixed or 3)
        self.bind("<Configure>", self._resized)
        if self._show_later is not None:
            self._show_later()

    def problems(self) -> dict[str, str]:
        """Paths whose text cannot be used, each with the sentence shown below it."""
        return {path: field.problem for path, field in self._fields.items() if field.problem}

    def show(
        self,
        config: PipelineConfig,
        origins: Mapping[str, Origin],
        choices: Mapping[str, Sequence[MenuEntry]],
        words: Mapping[str, str] | None = None,
        traits: ModelTraits | None = None,
    ) -> None:
        """Show the resolved values. `choices` are the backend's lists by name ("samplers", "checkpoints"), `words` what
        a mark says instead of its usual word, `traits` those of the checkpoint. A text that cannot be used stays.
        """
        if not self._fields:
            self._show_later = partial(self.show, config, origins, choices, words, traits)
            return
        if traits != self._traits:
            self._traits = traits
            self._shown.clear()
            for path in _SIDES & self._fields.keys():
                self._fields[path].tell_sizes(traits.family if traits is not None else Family())
        if HEIGHT in self._fields and (sizes := self._fields[HEIGHT].sizes) is not None:
            family = traits.family if traits is not None else Family()
            sizes.show(family, (config.txt2img.width, config.txt2img.height))
        idle = traits.idle(config) if traits is not None else without_place(config)
        for path, field in self._fields.items():
            field.tell_idle(idle.get(path, ""))
            state = (
                get_value(config, path),
                origins.get(path, "engine"),
                words.get(path, "") if words is not None else "",
                choices.get(field.spec.choices, ()),
            )
            if state != self._shown.get(path):
                self._shown[path] = state
                value, origin, word, entries = state
                field.show(value, origin, entries, word=word, traits=traits)

    def forget(self, paths: Collection[str] | None = None) -> None:
        """Let go of texts that were not taken at these paths, None = everywhere."""
        for path, field in self._fields.items():
            if paths is None or path in paths:
                field.forget()
                self._shown.pop(path, None)

    def _picked_size(self, width: int, height: int) -> None:
        """A size was chosen from the menu: both sides are the user's own then."""
        self.forget(_SIDES)
        self._changed(WIDTH, width)
        self._changed(HEIGHT, height)

    def _changed(self, path: str, value: Value | None) -> None:
        self._shown.pop(path, None)
        self._on_change(path, value)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if not self._fixed:
            self._lay_out(columns_for(event.width))

    def _lay_out(self, columns: int) -> None:
        if columns == self._shape:
            return
        for column in range(max(columns, self._shape)):
            on = column < columns
            self.grid_columnconfigure(column, weight=int(on), uniform="fields" if on else "")
        self._shape = columns
        row = column = 0
        # Rings take part of the gap that the design gives.
        gap_x, gap_y = theme.px(theme.FIELD_GAP_X - 2 * RING), theme.px(theme.FIELD_GAP_Y - RING)
        for path, field in self._fields.items():
            span = min(self._spans.get(path, 1), columns)
            if column + span > columns:
                row, column = row + 1, 0
            side = (0, gap_x if column + span < columns else 0)
            field.grid(row=row, column=column, columnspan=span, sticky="new", padx=side, pady=(0, gap_y))
            column += span
