"""Small windows over the page, and the menu with a filter that stands behind every choice.

There is one window of each kind, used again and again. It takes the keyboard while it is open, and gives it back when
it closes: by Esc, by a choice, by a click elsewhere, or because another program came to the front.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from msgspec import Struct

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import Box, Button, Label, Painted, Separator
from .entries import Entry
from .painting import Painting
from .scrollbar import bind_wheel

FILTER_FROM = 9  # entries from which a search field is shown
_MOST_ROWS = 12
_ARRIVES_S, _LOOK_AGAIN_MS = 0.3, 50  # how long the focus that was taken may be on its way


class MenuEntry(Struct, frozen=True):
    """One line of a menu. `note` is shown at the right end; a line that is off cannot be chosen. `ruled`: a rule above
    it parts it from the lines before.
    """

    value: str
    text: str
    note: str = ""
    icon: str = ""
    enabled: bool = True
    ruled: bool = False


class Popup:
    """A borderless window that closes by itself. Subclasses fill `self.body`; `shared()` gives the one of its kind."""

    _made: ClassVar[dict[type, Popup]] = {}

    def __init__(self) -> None:
        root, self._generation = theme.root(), theme.generation()
        self.window = tk.Toplevel(root)
        self.window.withdraw()
        self.window.overrideredirect(True)
        self.body = Box(self.window, "raised")
        self.body.pack(fill="both", expand=True, padx=1, pady=1)
        self.anchor: tk.Misc | None = None
        self._back: tk.Misc | None = None
        self._swallow: tk.Misc | None = None
        self._arrives_until = 0.0
        self._grab: tk.Misc | None = None  # the box that shuts the rest of the window, when one is open
        self.window.bind("<Escape>", lambda _event: self.close())
        self.window.bind("<FocusOut>", self._maybe_left)
        self.window.bind("<Destroy>", self._destroyed)
        # By number: customtkinter binds <Button-1> for all, and Tk calls only the most exact binding of a tag.
        for number in (1, 2, 3):
            root.bind_all(f"<Button-{number}>", self._clicked, add="+")

    @classmethod
    def shared(cls) -> Self:
        """The one window of this kind, made on first use."""
        known = Popup._made.get(cls)
        if not isinstance(known, cls) or known._generation != theme.generation() or not theme.alive(known.window):
            known = Popup._made[cls] = cls()
        return known

    @classmethod
    def close_all(cls) -> None:
        """Hide whichever of them is open."""
        for popup in Popup._made.values():
            if theme.alive(popup.window):
                popup.close()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return self.anchor is not None

    def close(self) -> str:
        """Hide it and give the focus back to where it was."""
        if self.anchor is not None:
            self.anchor = None
            self.window.withdraw()
            if self._grab is not None and theme.alive(self._grab):
                self._grab.grab_set()
            if self._back is not None and theme.alive(self._back):
                self._back.focus_force()
        return "break"

    def _empty(self) -> None:
        """Take out what it showed before."""
        for child in self.body.winfo_children():
            child.destroy()

    def _begin(self, title: str) -> Button:
        """Empty it and write a head. Gives the button that closes it."""
        self._empty()
        head = Box(self.body)
        head.pack(fill="x", padx=theme.px(10), pady=theme.px(4))
        Label(head, title, bold=True).pack(side="left", padx=theme.px(4))
        close = Button(head, "", self.close, kind="quiet", icon="cross", height=24)
        close.pack(side="right")
        Separator(self.body).pack(fill="x")
        return close

    def _fit(self, anchor: tk.Misc, focus: tk.Misc, width: int, *, above: bool = False) -> None:
        """Show it as high as what is in it; width in screen pixels."""
        self.window.update_idletasks()
        self._place(anchor, focus, width=width, height=self.body.winfo_reqheight() + 2, above=above)

    def _closing(self, action: Callable[[], object]) -> Callable[[], None]:
        """What closes it and then acts, for buttons."""

        def close_and_act() -> None:
            self.close()
            action()

        return close_and_act

    def _place(
        self,
        anchor: tk.Misc,
        focus: tk.Misc,
        *,
        width: int,
        height: int,
        inset: int = theme.RING,
        above: bool = False,
    ) -> bool:
        """Show it under its anchor, or above where there is no room, or if so wanted. False if this click has just
        closed it.
        """
        swallowed, self._swallow = self._swallow is anchor, None
        if swallowed:
            return False
        self._back = anchor.focus_get() or anchor
        self.anchor = anchor
        screen_width, screen_height = anchor.winfo_screenwidth(), anchor.winfo_screenheight()
        home = anchor.winfo_toplevel()
        right = home.winfo_rootx() + home.winfo_width() - theme.px(8)  # it stays over its own window where it can
        x = min(anchor.winfo_rootx() + theme.px(inset), max(home.winfo_rootx(), right - width), screen_width - width)
        below = anchor.winfo_rooty() + anchor.winfo_height() - theme.px(inset - 2)
        y = below if not above and below + height <= screen_height else max(0, anchor.winfo_rooty() - height)
        self.window.configure(bg=theme.palette["edge"])
        self.window.geometry(f"{width}x{height}+{max(0, x)}+{y}")
        self.window.deiconify()
        self.window.lift()
        self.window.update_idletasks()
        grab = self.window.grab_current()  # type: ignore[no-untyped-call]  # it has no types
        self._grab = grab if grab is not self.window else self._grab
        if self._grab is not None:
            self.window.grab_set()
        # Windows without a frame get no focus from the window manager, so it is taken.
        focus.focus_force()
        self._arrives_until = time.monotonic() + _ARRIVES_S
        return True

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        anchor = self.anchor
        self._swallow = None
        if anchor is None or self._is_inside(event):
            return
        # The click that closes a menu on its own button must not open it again.
        self._swallow = event.widget if event.widget is anchor else None
        self._back = None
        self.close()

    def _is_inside(self, event: tk.Event[tk.Misc]) -> bool:
        if not str(event.widget).startswith(str(self.window)):
            return False
        # With a grab, clicks elsewhere come here, too, as clicks on the window itself.
        inside = 0 <= event.x < self.window.winfo_width() and 0 <= event.y < self.window.winfo_height()
        return event.widget is not self.window or inside

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self.window:
            self.anchor = None

    def _maybe_left(self, _event: tk.Event[tk.Misc]) -> None:
        self.window.after_idle(self._check_focus)

    def _check_focus(self) -> None:
        if self.anchor is not None and theme.alive(self.window):
            focus = self.window.tk.call("focus")
            if str(focus).startswith(str(self.window)):
                return
            if time.monotonic() < self._arrives_until:
                # Where the focus was before may still be told; that is no reason to go.
                self.window.after(_LOOK_AGAIN_MS, self._check_focus)
                return
            self._back = None
            self.close()


class Menu(Popup):
    """A list to choose from. From nine entries on a search field is shown; typing filters by parts of words."""

    def __init__(self) -> None:
        super().__init__()
        self.search = Entry(
            self.body, placeholder="Type to filter", icon="search", height=theme.SMALL, on_edit=self._filter
        )
        self.canvas = Painting(self.body, "raised", takefocus=True, cursor="hand2")
        self._all: tuple[MenuEntry, ...] = ()
        self.shown: tuple[MenuEntry, ...] = ()
        self._selected, self.cursor, self._first, self._rows = "", 0, 0, 0
        self._pick: Callable[[str], object] = lambda _value: None
        self._wire()
        theme.on_change(self._redraw)

    def open(
        self,
        anchor: tk.Misc,
        entries: Sequence[MenuEntry],
        pick: Callable[[str], object],
        *,
        selected: str = "",
        width: int = 0,
        filtered: bool | None = None,
    ) -> None:
        """Show the entries under `anchor`; `pick(value)` follows once the menu has closed. Width in screen pixels.

        `filtered`: with a search field; None = when there are many entries.
        """
        self._all = self.shown = tuple(entries)
        self._pick, self._selected = pick, selected
        usual = next((i for i, entry in enumerate(entries) if entry.enabled), 0)
        self.cursor = next((i for i, entry in enumerate(entries) if entry.value == selected), usual)
        row = theme.px(theme.ROW)
        self._rows = max(1, min(len(entries), _MOST_ROWS))
        filtered = len(entries) >= FILTER_FROM if filtered is None else filtered
        self._rows = self._rows if filtered else len(entries)
        self.search.set("")
        self.search.pack_forget()
        self.canvas.pack_forget()
        head = 0
        if filtered:
            self.search.pack(fill="x", padx=theme.px(4), pady=theme.px(4))
            head = theme.px(theme.SMALL + 2 * theme.RING + 8)
        self.canvas.pack(fill="both", expand=True, pady=theme.px(4))
        self._reveal()
        focus = self.search.field if filtered else self.canvas
        height = head + self._rows * row + theme.px(8) + 2
        if self._place(anchor, focus, width=max(width, self._natural()), height=height):
            self._draw()

    def _natural(self) -> int:
        face, small = theme.font(13, True), theme.font(12)
        # Measuring hundreds of names costs more than drawing a dozen: the longest by letters is close enough.
        longest = sorted(self._all, key=lambda entry: len(entry.text) + len(entry.note))[-8:]
        widest = max((face.measure(e.text) + small.measure(e.note) for e in longest), default=0)
        return min(max(widest + theme.px(64), theme.px(140)), theme.px(480))

    def _wire(self) -> None:
        for widget in (self.search.field, self.canvas):
            for key, step in (("<Up>", -1), ("<Down>", 1), ("<Prior>", -_MOST_ROWS), ("<Next>", _MOST_ROWS)):
                widget.bind(key, lambda _event, step=step: self._move(self.cursor + step))  # type: ignore[misc]
            for key in ("<Return>", "<KP_Enter>"):
                widget.bind(key, lambda _event: self._choose(self.cursor))
            widget.bind("<Tab>", lambda _event: self.close())
        self.canvas.bind("<space>", lambda _event: self._choose(self.cursor))
        self.canvas.bind("<Home>", lambda _event: self._move(0))
        self.canvas.bind("<End>", lambda _event: self._move(len(self.shown)))
        self.canvas.bind("<Key>", self._jump)
        self.canvas.bind("<Configure>", lambda _event: self._draw())
        self.canvas.bind("<Motion>", lambda event: self._hover(event.y))
        self.canvas.bind("<ButtonRelease-1>", self._released)
        bind_wheel(self.canvas, lambda notches: self._scroll(3 if notches > 0 else -3))

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        self.shown = tuple(e for e in self._all if all(word in f"{e.text} {e.note}".casefold() for word in words))
        self.cursor = self._first = 0
        self._draw()

    def _jump(self, event: tk.Event[tk.Misc]) -> None:
        letter = event.char.casefold()
        if letter.strip() and letter.isprintable():
            order = [*range(self.cursor + 1, len(self.shown)), *range(min(self.cursor + 1, len(self.shown)))]
            self._move(next((i for i in order if self.shown[i].text.casefold().startswith(letter)), self.cursor))

    def _move(self, index: int) -> str:
        if not self.shown:
            return "break"
        index, down = min(max(index, 0), len(self.shown) - 1), 1 if index > self.cursor else -1
        # What cannot be chosen is passed over; at an end the cursor stays.
        on = (at for way in (down, -down) for at in range(index, len(self.shown) if way > 0 else -1, way))
        self.cursor = next((at for at in on if self.shown[at].enabled), index)
        self._reveal()
        self._draw()
        return "break"

    def _reveal(self) -> None:
        self._first = min(max(self._first, self.cursor - self._rows + 1), self.cursor)

    def _scroll(self, step: int) -> str:
        self._first = min(max(self._first + step, 0), max(0, len(self.shown) - self._rows))
        self._draw()
        return "break"

    def _row_at(self, y: int) -> int:
        return self._first + y // theme.px(theme.ROW)

    def _hover(self, y: int) -> None:
        index = self._row_at(y)
        if index != self.cursor and index < len(self.shown):
            self.cursor = index
            self._draw()

    def _released(self, event: tk.Event[tk.Misc]) -> None:
        if 0 <= event.y < self.canvas.winfo_height():
            self._choose(self._row_at(event.y))

    def _choose(self, index: int) -> str:
        if index < len(self.shown) and self.shown[index].enabled:
            value = self.shown[index].value
            self.close()
            self._pick(value)
        return "break"

    def _redraw(self) -> None:
        if self.is_open and theme.alive(self.canvas):
            self._draw()

    def _draw(self) -> None:
        canvas = self.canvas
        canvas.clear()
        for place, entry in enumerate(self.shown[self._first : self._first + self._rows]):
            self._draw_row(place, entry, self._first + place == self.cursor)
        if not self.shown:
            canvas.words(theme.px(12), theme.px(theme.ROW) // 2, "Nothing has this in its name.", ink="text3")
        if len(self.shown) > self._rows:
            right, full = canvas.winfo_width(), self._rows * theme.px(theme.ROW)
            top, length = full * self._first // len(self.shown), max(theme.px(16), full * self._rows // len(self.shown))
            left = right - theme.px(6)
            canvas.fill(left, top, right - theme.px(2), top + length, "edge")

    def _draw_row(self, place: int, entry: MenuEntry, under: bool) -> None:
        canvas, row, width = self.canvas, theme.px(theme.ROW), self.canvas.winfo_width()
        chosen = entry.value == self._selected
        ground: Role = "selection" if chosen else "raised2" if under else "raised"
        y, middle = place * row, place * row + row // 2
        if ground != "raised" or under:
            canvas.fill(0, y, width, y + row, ground)
        if entry.ruled and place:
            canvas.fill(0, y, width, y + max(1, theme.px(1)), "line")
        if under:  # the cursor keeps its bar also on the chosen row
            canvas.fill(0, y, theme.px(3), y + row, "accent_text")
        ink: Role = "text" if entry.enabled else "disabled"
        x, end = theme.px(12), width - theme.px(14)
        if entry.icon:
            canvas.picture(x, middle, icons.icon(entry.icon, 14, ink, ground), "w")
            x += theme.px(22)
        if entry.note:
            note = canvas.words(end, middle, entry.note, size=12, ink="text3", anchor="e")
            end -= note + theme.px(12)
        canvas.words(x, middle, entry.text, bold=chosen, ink=ink, room=end - x)


class ChoiceField(Painted):
    """A field that shows one of many and opens a menu on Space, Return, Down or a click; `command(value)` follows."""

    def __init__(
        self,
        parent: tk.Misc,
        entries: Sequence[MenuEntry],
        command: Callable[[str], object],
        *,
        value: str = "",
        width: int = 160,
        height: int = theme.CONTROL,
        dot: Role | None = None,
        ground: Role | None = None,
    ) -> None:
        self.entries, self._command, self.value, self._dot = tuple(entries), command, value, dot
        self._shape = "disc"
        self.pointed_out = False
        super().__init__(parent, width=theme.px(width), height=theme.px(height), ground=ground)
        self.bind("<Down>", self._keyed)

    def set(self, value: str) -> None:
        """Show this value without calling the command. A value the menu does not have is shown as it is."""
        if value != self.value:
            self.value = value
            self.repaint()

    def set_entries(self, entries: Sequence[MenuEntry]) -> None:
        """What the menu offers from now on."""
        if tuple(entries) != self.entries:
            self.entries = tuple(entries)
            self.repaint()

    def set_dot(self, dot: Role | None, shape: str = "disc") -> None:
        """The sign before the words, for states ("ok", "danger"): a dot, or the icon of this name. What is wrong has
        an outline in its colour, too.
        """
        if (dot, shape) != (self._dot, self._shape):
            self._dot, self._shape = dot, shape
            self.repaint()

    def point_out(self, on: bool) -> None:
        """Draw the outline in the accent colour: this value is new, and not by the user's hand."""
        if on != self.pointed_out:
            self.pointed_out = on
            self.repaint()

    @property
    def text(self) -> str:
        """The words of the present value."""
        return next((entry.text for entry in self.entries if entry.value == self.value), self.value)

    def act(self) -> None:
        width = self.winfo_width() - 2 * self.margin
        Menu.shared().open(self, self.entries, self._picked, selected=self.value, width=width)

    def draw(self, width: int, height: int) -> None:
        m, middle = self.margin, self.margin + height // 2
        fill: Role = ("raised2" if self.hover else "raised") if self.enabled else self.ground
        usual: Role = "accent_text" if self.pointed_out else "edge_hover" if self.hover else "edge"
        outline: Role = usual if self.enabled else "line"
        if self._dot == "danger":
            outline = "danger"
        shape = {"margin": theme.RING, "ring": int(self.ring)}
        self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground=self.ground, **shape))
        ink: Role = "text" if self.enabled else "disabled"
        x = m + theme.px(10)
        if self._dot is not None:
            size = 8 if self._shape == "disc" else 14
            self.picture(x, middle, icons.icon(self._shape, size, self._dot, fill), "w")
            x += theme.px(size + 6)
        size = 13 if height > theme.px(theme.SMALL) else 12
        self.words(x, middle, self.text, size=size, ink=ink, room=m + width - x - theme.px(30))
        self.picture(m + width - theme.px(10), middle, icons.icon("chevron_down", 12, "text2", fill), "e")

    def _picked(self, value: str) -> None:
        if value != self.value:
            self.set(value)
            self._command(value)
