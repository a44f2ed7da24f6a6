"""The head of an insight: verdict, scope, the sentence, and what can be done with it; a preset gets its name here."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct
from PIL import ImageTk

from ...domain.base.colour_roles import Role
from ...domain.runs.plan import VerdictState
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Kind, Label
from ..widgets.entries import Entry
from ..widgets.flow import Flow
from ..widgets.popups import ChoiceField, MenuEntry

CHIPS: dict[VerdictState, tuple[str, Role, Role]] = {
    "best": ("Best", "ok", "ok_soft"),
    "settled": ("Settled enough", "ok", "ok_soft"),
    "leaning": ("Leaning", "accent_text", "selection"),
    "no_difference": ("No difference", "info", "info_soft"),
    "too_early": ("Too early", "text2", "raised2"),
}
HINT_CHIP: tuple[str, Role, Role] = ("Hint, not proof", "info", "info_soft")
BLIND_CHIP: tuple[str, Role, Role] = ("Blind", "text2", "raised2")


class Chip(tk.Canvas):
    """A word on a soft ground of its own colour."""

    def __init__(self, parent: tk.Misc) -> None:
        self._look: tuple[str, Role, Role] = BLIND_CHIP
        self._kept: ImageTk.PhotoImage | None = None
        super().__init__(parent, height=theme.px(22), width=1, bd=0, highlightthickness=0, takefocus=0)
        theme.on_change(self._draw)

    def show(self, look: tuple[str, Role, Role]) -> None:
        """Words, ink and ground."""
        self._look = look
        self._draw()

    def _draw(self) -> None:
        words, ink, fill = self._look
        face, height = theme.font(12, True), theme.px(22)
        width = face.measure(words) + theme.px(18)
        self.delete("all")
        self.configure(width=width, bg=theme.colour("bg"))
        self._kept = icons.box(width, height, fill=fill, outline=fill, ground="bg", radius=4)
        self.create_image(0, 0, image=self._kept, anchor="nw")
        self.create_text(width // 2, height // 2, text=words, font=face, fill=theme.colour(ink))


class HeaderAction(Struct, frozen=True, kw_only=True):
    """A button. `why` says why it is off; `key` keeps the same button the same while its words change."""

    key: str
    text: str
    act: Callable[[], object]
    note: str = ""
    kind: Kind = "plain"
    why: str = ""


class PresetForm(Box):
    """Name of a new preset, and the value where the user chooses it himself. `save(place, name)` follows."""

    def __init__(self, parent: tk.Misc, save: Callable[[int, str], object], leave: Callable[[], object]) -> None:
        super().__init__(parent)
        self._save, self._leave = save, leave
        self._place = 0
        self._names: tuple[str, ...] = ("",)
        self._label = Label(self, "Value", size=12, ink="text3")
        self.value = ChoiceField(self, (), self._chosen, width=150)
        self._name_label = Label(self, "Name", size=12, ink="text3")
        self.name = Entry(self, width=210)
        self.button = Button(self, "Save preset", self._done, kind="main")
        self.cancel = Button(self, "Cancel", leave, kind="quiet")
        for key in ("<Return>", "<KP_Enter>"):
            self.name.field.bind(key, lambda _event: self._done())
        for part in (self.name.field, self.value, self.button, self.cancel):
            part.bind("<Escape>", lambda _event: self._left())

    def open(self, texts: Sequence[str], names: Sequence[str], place: int, *, ask_value: bool) -> None:
        """Ask for the name; `names` are the proposals by place of the value, `texts` the values' own words."""
        self._place, self._names = place, tuple(names)
        for part in (self._label, self.value, self._name_label, self.name, self.button, self.cancel):
            part.pack_forget()
        gap = theme.px(8)
        if ask_value:
            self.value.set_entries([MenuEntry(str(number), text) for number, text in enumerate(texts)])
            self.value.set(str(place))
            self._label.pack(side="left", padx=(theme.RING, 0))
            self.value.pack(side="left", padx=(gap // 2, gap))
        self._name_label.pack(side="left", padx=(theme.RING, 0))
        self.name.set(names[place])
        self.name.pack(side="left", padx=(gap // 2, gap))
        self.button.pack(side="left")
        self.cancel.pack(side="left")
        self.name.field.focus_set()
        self.name.field.select_range(0, "end")

    def _chosen(self, value: str) -> None:
        untouched = self.name.get() == self._names[self._place]
        self._place = int(value)
        if untouched:
            self.name.set(self._names[self._place])

    def _done(self) -> str:
        if self.name.get().strip():
            self._save(self._place, self.name.get().strip())
        else:
            self.name.error("A preset needs a name.")
        return "break"

    def _left(self) -> str:
        self._leave()
        return "break"


class VerdictHead(Box):
    """Chip, scope, sentence, remark, the buttons, and a line about what has just been done."""

    def __init__(self, parent: tk.Misc, save: Callable[[int, str], object]) -> None:
        super().__init__(parent, "bg")
        ring, gap = theme.px(theme.RING), theme.px(8)
        top = Box(self)
        top.pack(fill="x", padx=ring)
        self.chip = Chip(top)
        self.chip.pack(side="left")
        self.scope = Label(top, "", size=12, ink="text2")
        self.scope.pack(side="left", padx=(theme.px(10), 0))
        self.sentence = Label(self, "", size=20, bold=True, wrap=True)
        self.sentence.pack(fill="x", padx=ring, pady=(gap, 0))
        self.remark = Label(self, "", size=13, ink="text2", wrap=True)
        self.remark.pack(fill="x", padx=ring, pady=(theme.px(6), 0))
        self._deck = Box(self)
        self._deck.pack(fill="x", pady=(gap, 0))
        self.deeds = Flow(self._deck)
        self.deeds.pack(fill="x")
        self.form = PresetForm(self._deck, save, self.close_form)
        self.buttons: dict[str, Button] = {}
        self._actions: dict[str, Callable[[], object]] = {}
        self._said = Box(self)
        self.said = Label(self._said, "", size=12, ink="text2")
        self.said.pack(side="left", padx=(ring, 0))
        self.undo = Button(self._said, "Undo", lambda: self._undo(), kind="link", height=24)
        self._undo: Callable[[], object] = lambda: None

    def show(self, chip: tuple[str, Role, Role], scope: str, sentence: str, remark: str) -> None:
        """Say what is known."""
        self.chip.show(chip)
        self.scope.show(scope)
        self.sentence.show(sentence)
        self.remark.show(remark)
        if remark:
            self.remark.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(6), 0), after=self.sentence)
        else:
            self.remark.pack_forget()

    def offer(self, deeds: Sequence[HeaderAction]) -> None:
        """Show these buttons; the same ones keep the focus and only change their words."""
        for deed in deeds:
            button = self.buttons.get(deed.key)
            self._actions[deed.key] = deed.act
            if button is None:
                press = partial(self._press, deed.key)
                button = Button(self.deeds, deed.text, press, note=deed.note, kind=deed.kind, height=theme.ACTION)
                self.buttons[deed.key] = button
            button.set_text(deed.text, deed.note)
            button.be(deed.kind)
            if button.enabled == bool(deed.why) or deed.why:
                button.enable(not deed.why, deed.why)
        self.deeds.show([self.buttons[deed.key] for deed in deeds])

    def _press(self, key: str) -> None:
        self._actions[key]()

    def open_form(self, texts: Sequence[str], names: Sequence[str], place: int, *, ask_value: bool) -> None:
        """Ask for a preset's name in place of the buttons: there is one main action at a time."""
        self.deeds.pack_forget()
        self.form.pack(fill="x")
        self.form.open(texts, names, place, ask_value=ask_value)

    def close_form(self) -> None:
        """The buttons again, the keyboard on the one that opened the form."""
        if self.form.winfo_manager():
            self.form.pack_forget()
            self.deeds.pack(fill="x")
            if "preset" in self.buttons:
                self.buttons["preset"].focus_set()

    def tell(self, sentence: str, undo: Callable[[], object] | None = None, *, ink: Role = "text2") -> None:
        """A line below the buttons, with an undo where there is one; "" takes it away."""
        if not sentence:
            self._said.pack_forget()
            return
        self.said.show(sentence, ink)
        self._undo = undo or (lambda: None)
        if undo is not None:
            self.undo.pack(side="left")
        else:
            self.undo.pack_forget()
        self._said.pack(fill="x", pady=(theme.px(2), 0))
