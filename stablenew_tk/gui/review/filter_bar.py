"""The bar above the review grid: which pictures are shown, in which order, and how many there are of each kind."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable

import msgspec

from ...app.review.search import RATING_FILTERS, rating_segments
from ...domain.base.wording import pack_title
from ...domain.journal.query import Query, Selection, Totals
from ..widgets import theme
from ..widgets.basics import Box, Button
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.flow import pack_if, tab_order
from ..widgets.page_frame import DeferringBox
from ..widgets.popups import ChoiceField, MenuEntry
from .rated_between import RatedTime

_ORDERS = (("newest", "Newest"), ("oldest", "Oldest"), ("best", "Best"))
_FINALS, _SUSPECT, _TRASHED = "finals", "suspect", "trashed"
_HEIGHT, _TYPED_MS = 88, 150
_MENUS, _SPARE = 36, 24  # a row of menus more; what the order can spare
_NODE = "node:"  # before the names of machines
_RUN = "run:"  # before the ids of Learning Runs, which stand below the packs


class Filters(DeferringBox):
    """Turns what is chosen into a query; `changed()` is called when the user chose something else."""

    def __init__(self, parent: tk.Misc, changed: Callable[[], None], *, unfold: Callable[[], None]) -> None:
        super().__init__(parent, "surface", height=theme.px(_HEIGHT))
        self.pack_propagate(False)
        self._changed = changed
        first = Box(self, "surface")
        first.pack(fill="x", padx=theme.px(16 - theme.RING), pady=(theme.px(8 - theme.RING), 0))
        self.search = Entry(
            first,
            placeholder="Search: words, seed: sampler: checkpoint: note:",
            icon="search",
            height=theme.SMALL,
            width=440,
            on_edit=lambda _text: self.later("search", _TYPED_MS, self._typed),
            on_commit=lambda _text: self._typed(),
        )
        self.rated = RatedTime(first, changed)
        self.rated.pack(side="right", padx=(theme.px(6), 0))
        self.search.pack(side="left", fill="x", expand=True)
        self._searched = ""
        low = Box(self, "surface")
        low.pack(fill="both", expand=True)
        self._low = low
        # Made before what stands in them, or they would lie over it.
        self._rows = Box(low, "surface"), Box(low, "surface")
        self._narrow = self._folded = False
        # Wide enough for hundreds from the start, so that counting moves nothing.
        self.rating = Segmented(low, rating_segments(Totals(999, 999, 999, 99, 99)), lambda _value: changed())
        self.rating.set_options(rating_segments(Totals(0, 0, 0, 0, 0)))
        self._runs: tuple[tuple[str, str], ...] = ()
        self._pack = self._menu(low, "All packs", 100)
        self._checkpoint = self._menu(low, "Any checkpoint", 132)
        self._tag = self._menu(low, "Any tag", 88)
        self._finals = self._suspect = self._trashed = False
        self._suspects = self._in_trash = 0  # how many there are
        self._node, self._nodes = "", tuple[str, ...]()
        self._unfold = Button(low, "", unfold, kind="quiet", icon="info", height=theme.SMALL)
        self._shown_order = "newest"
        self._order = ChoiceField(
            low, (), self._ordered, value="newest", width=120, height=theme.SMALL, ground="surface"
        )
        self._offer_orders()
        tab_order(self._order, self._unfold)
        self._lay_out()
        low.bind("<Configure>", lambda event: self._fit(event.width))

    @property
    def query(self) -> Query:
        """What is chosen now."""
        chosen = self._pack.value
        run_id = chosen.removeprefix(_RUN) if chosen.startswith(_RUN) else ""
        since, until = self.rated.bounds_ms
        return msgspec.structs.replace(
            RATING_FILTERS[self.rating.value],
            pack="" if run_id else chosen,
            run_id=run_id,
            checkpoint=self._checkpoint.value,
            tag=self._tag.value,
            node=self._node,
            finals_only=self._finals,
            suspect_only=self._suspect,
            trashed=self._trashed,
            text=self._searched,
            rated_from_ms=since,
            rated_to_ms=until,
            order=self._shown_order,
        )

    def show(self, selection: Selection) -> None:
        """Offer what exists, and count it."""
        self.count(selection.totals)
        offered: tuple[tuple[ChoiceField, str, Iterable[str], Callable[[str], str]], ...] = (
            (self._pack, "All packs", selection.packs, pack_title),
            (self._checkpoint, "Any checkpoint", selection.checkpoints, str),
            (self._tag, "Any tag", selection.tags, str),
        )
        for menu, first, values, words in offered:
            chosen = "" if menu.value.startswith(_RUN) else menu.value
            # A value that no picture has any more stays while it is chosen: otherwise the empty grid would be a riddle.
            known = sorted({*values, chosen} - {""})
            menu.set_entries([MenuEntry("", first), *(MenuEntry(value, words(value)) for value in known)])
        if selection.nodes != self._nodes:
            self._nodes = selection.nodes
            self._offer_orders()
        runs = [MenuEntry(_RUN + run_id, f"Learning Run: {name}") for run_id, name in self._runs]
        self._pack.set_entries([*self._pack.entries, *runs])

    def offer_runs(self, runs: Iterable[tuple[str, str]]) -> None:
        """Learning Runs to choose from, as pairs of id and name; the next `show` has them."""
        self._runs = tuple(runs)

    def choose_run(self, run_id: str, name: str) -> None:
        """Show the pictures of one Learning Run and nothing else."""
        self.reset()
        self._runs = (*(pair for pair in self._runs if pair[0] != run_id), (run_id, name))
        self._pack.set_entries([MenuEntry(_RUN + run_id, f"Learning Run: {name}")])
        self._pack.set(_RUN + run_id)

    def search_for(self, text: str) -> None:
        """Show what these words find and nothing else, the best first."""
        self.reset()
        self.search.set(text)
        self._searched, self._shown_order = text, "best"
        self._order.set(self._shown_order)

    def count(self, totals: Totals) -> None:
        """Write the numbers into the segments."""
        self.rating.set_options(rating_segments(totals))
        self._suspects, self._in_trash = totals.suspect, totals.trashed
        self._offer_orders()

    def reset(self) -> None:
        """Show everything again; the order stays."""
        self.rating.set("all")
        self.rated.reset()
        self._searched = ""
        self.search.set("")
        for menu in (self._pack, self._checkpoint, self._tag):
            menu.set("")
        self._finals = self._suspect = self._trashed = False
        self._node = ""
        self._offer_orders()

    def folded(self, on: bool) -> None:
        """Offer the button that brings the inspector back."""
        if on != self._folded:
            self._folded = on
            self._fit(self._low.winfo_width())
        pack_if(
            on, self._unfold, in_=self._rows[self._narrow], side="right", before=self._order, padx=(0, theme.px(12))
        )

    def _fit(self, width: int) -> None:
        """Where the menus have no room beside the stars, as in a small window with the inspector, they stand below."""
        beside = (self.rating, *self._menus, self._order, *((self._unfold,) if self._folded else ()))
        # The order may be a little narrower than it would like to be: two rows are enough in the smallest window.
        gaps = theme.px(2 * (16 - theme.RING) + 12 * self._folded - _SPARE)
        needed = sum(one.winfo_reqwidth() for one in beside) + gaps
        if (narrow := width < needed) != self._narrow:
            self._narrow = narrow
            self._lay_out()

    def _lay_out(self) -> None:
        pad, menus = theme.px(16 - theme.RING), self._rows[self._narrow]
        pack_if(True, self._rows[0], fill="x", expand=True)
        pack_if(self._narrow, self._rows[1], fill="x", expand=True, after=self._rows[0])
        self.configure(height=theme.px(_HEIGHT + _MENUS * self._narrow))
        for one in (self.rating, *self._menus, self._order, self._unfold):
            one.pack_forget()
        self.rating.pack(in_=self._rows[0], side="left", padx=(pad, 0))
        for place, menu in enumerate(self._menus):
            menu.pack(in_=menus, side="left", padx=(pad if self._narrow and not place else 0, 0))
        self._order.pack(in_=menus, side="right", padx=(0, pad))
        self.folded(self._folded)

    @property
    def _menus(self) -> tuple[ChoiceField, ...]:
        return self._pack, self._checkpoint, self._tag

    def focus_first(self) -> None:
        """Put the keyboard on the first choice."""
        self.rating.focus_set()

    def focus_search(self) -> None:
        """Put the keyboard into the search, for another one."""
        self.search.field.focus_set()
        self.search.field.selection_range(0, "end")

    def clear_search(self) -> bool:
        """Take the words away. False when there are none."""
        there_were = bool(self.search.get())
        self.search.set("")
        self._typed()
        return there_were

    def _typed(self) -> None:
        self.not_later("search")
        text = self.search.get().strip()
        if text != self._searched:
            self._searched = text
            self._changed()

    def _ordered(self, value: str) -> None:
        # Final or suspect pictures only, or those of one machine, are no order: they are chosen beside it.
        if value == _FINALS:
            self._finals = not self._finals
        elif value == _SUSPECT:
            self._suspect = not self._suspect
        elif value == _TRASHED:
            self._trashed = not self._trashed
        elif value.startswith(_NODE):
            self._node = value.removeprefix(_NODE)
        else:
            self._shown_order = value
        self._order.set(self._shown_order)
        self._offer_orders()
        self._changed()

    def _offer_orders(self) -> None:
        kind = " suspect" if self._suspect else " finals" if self._finals else ""
        kind += " in the trash" if self._trashed else ""
        where = f" on {self._node}" if self._node else ""
        entries = [MenuEntry(value, f"{word}{kind}{where}") for value, word in _ORDERS]
        finals = MenuEntry(_FINALS, "All stages again" if self._finals else "Final pictures only")
        words = f"Suspect pictures only ({self._suspects:,})"
        suspect = MenuEntry(_SUSPECT, "Sound pictures, too" if self._suspect else words)
        names = [name for name in self._nodes if name != self._node] if len(self._nodes) > 1 else []
        machines = [MenuEntry(_NODE + name, f"Only made on {name}") for name in names]
        back = [MenuEntry(_NODE, "On all machines again")] if self._node else []
        words = "Out of the trash again" if self._trashed else f"In the trash ({self._in_trash:,})"
        trashed = [MenuEntry(_TRASHED, words)] if self._trashed or self._in_trash else []
        self._order.set_entries([*entries, finals, suspect, *trashed, *machines, *back])

    def _menu(self, parent: tk.Misc, first: str, width: int) -> ChoiceField:
        return ChoiceField(
            parent,
            (MenuEntry("", first),),
            lambda _value: self._changed(),
            width=width,
            height=theme.SMALL,
            ground="surface",
        )
