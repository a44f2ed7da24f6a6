"""The list below the cursor that completes names of LoRAs, embeddings, wildcards and slots."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.prompts.completion import KIND_WORDS, CompletionQuery, CompletionState, Offer, rest, token
from ..widgets import theme
from ..widgets.basics import Box, Label
from ..widgets.row_list import ListRow, RowList
from .code_editor import PackText

_ROWS, _WIDTH = 8, 340


class Completion:
    """Completes what is typed. The keyboard stays in the text; while open it uses Up, Down, Return, Tab and Esc.

    `offers()` returns everything that can be inserted, `weight(offer)` the known weight of a LoRA or None.
    """

    def __init__(
        self, editor: PackText, *, offers: Callable[[], Sequence[Offer]], weight: Callable[[Offer], float | None]
    ) -> None:
        self._editor, self._offers, self._weight = editor, offers, weight
        self.state = CompletionState()
        self._window: tk.Toplevel | None = None
        self._bind()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.state.shown)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are shown."""
        return tuple(one.name for one in self.state.shown)

    def ask(self) -> str:
        """Show what fits here, also where no sign asks for it."""
        self.state.ask()
        self.follow()
        return "break"

    def follow(self) -> None:
        """Open, narrow or close it: the text or the cursor has changed."""
        before = self.state.query
        self.state.follow(self._editor.before(), self._offers)
        query = self.state.query
        if query is None:
            self._hide()
        else:
            self._show(query, keep=before is not None and before.kind == query.kind)

    def moved(self) -> None:
        """Follow the cursor if it is open."""
        if self.is_open:
            self.follow()

    def close(self, refused: str = "") -> None:
        """Hide it; with a line, until something else is before the cursor."""
        self.state.close(refused)
        self._hide()

    def pick(self, index: int) -> str:
        """Write the whole token in place of what was typed."""
        query, shown = self.state.query, self.state.shown
        if query is not None and 0 <= index < len(shown):
            offer = shown[index]
            ahead = rest(offer.kind, self._editor.after_cursor()) if query.kind else 0
            self.close()
            self._editor.put(token(offer, self._weight(offer)), back=query.back, ahead=ahead)
            self.close(self._editor.before())
        return "break"

    def redraw(self) -> None:
        """Draw again: a weight has become known."""
        if self.is_open:
            self.rows.refresh()

    # ---- the list

    def _bind(self) -> None:
        text = self._editor.text
        for key, step in (("<Up>", -1), ("<Down>", 1), ("<Prior>", -_ROWS), ("<Next>", _ROWS)):
            text.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]  # default binds the step
        for key in ("<Return>", "<KP_Enter>"):
            text.bind(key, lambda _event: self.pick(self.rows.selected) if self.is_open else None)
        self._editor.take_tab = lambda: self.is_open and bool(self.pick(self.rows.selected))
        text.bind("<Escape>", lambda _event: self._refuse())
        text.bind("<FocusOut>", lambda _event: self.close(), add="+")
        text.bind("<ButtonPress-1>", lambda _event: self.close(), add="+")
        text.bind("<Destroy>", lambda _event: self._end(), add="+")

    def _step(self, step: int) -> str | None:
        if not self.is_open:
            return None
        self.rows.select(min(max(self.rows.selected + step, 0), len(self.state.shown) - 1))
        return "break"

    def _refuse(self) -> str | None:
        if not self.is_open:
            return None
        self.close(self._editor.before())
        return "break"

    def _make(self) -> tk.Toplevel:
        window = tk.Toplevel(theme.root())
        window.withdraw()
        window.overrideredirect(True)
        body = Box(window, "raised")
        body.pack(fill="both", expand=True, padx=1, pady=1)
        self.rows = RowList(body, row_height=26, ground="raised")
        self.rows.pack(fill="both", expand=True)
        # The keyboard must stay in the text: a click picks and goes no further.
        self.rows.canvas.configure(takefocus=0, cursor="hand2")
        self.rows.canvas.bind("<ButtonPress-1>", lambda event: self.pick(self.rows.index_at(event.y)))
        foot = Box(body, "raised2")
        foot.pack(side="bottom", fill="x")
        words = Label(foot, "Return or Tab writes it, Esc closes", size=11, ink="text3")
        words.pack(padx=theme.px(16), pady=theme.px(4), anchor="w")
        return window

    def _hide(self) -> None:
        if self._window is not None and theme.alive(self._window):
            self._window.withdraw()
            # Out of sight it is still drawn again when the mode changes, and must not ask for rows that are gone.
            self.rows.show(0, self._row)

    def _show(self, query: CompletionQuery, *, keep: bool) -> None:
        if self._window is None or not theme.alive(self._window):
            self._window = self._make()
        window, all_rows = self._window, len(self.state.shown)
        count = min(all_rows, _ROWS)
        at = max(0, self.rows.selected) if keep else 0
        at = at if at < all_rows else 0
        self.rows.show(all_rows, self._row, at)
        height = count * theme.px(26) + theme.px(24) + 2
        window.configure(bg=theme.palette["edge"])
        window.geometry(f"{theme.px(_WIDTH)}x{height}{self._position(query.back, height)}")
        window.deiconify()
        window.lift()
        self.rows.see(at)

    def _position(self, back: int, height: int) -> str:
        """Below the beginning of what is typed, above where there is no room."""
        text = self._editor.text
        box = text.bbox(f"insert -{back}c") or text.bbox("insert") or (0, 0, 0, 0)
        x = min(text.winfo_rootx() + box[0] - theme.px(16), text.winfo_screenwidth() - theme.px(_WIDTH))
        y = text.winfo_rooty() + box[1] + box[3] + theme.px(4)
        if y + height > text.winfo_screenheight():
            y = text.winfo_rooty() + box[1] - height - theme.px(4)
        return f"+{max(0, x)}+{max(0, y)}"

    def _row(self, index: int) -> ListRow:
        offer = self.state.shown[index]
        weight = self._weight(offer) if offer.kind == "lora" else None
        return ListRow(offer.name, f"weight {weight:g}" if weight is not None else KIND_WORDS[offer.kind])

    def _end(self) -> None:
        if self._window is not None and theme.alive(self._window):
            self._window.destroy()
        self._window = None
