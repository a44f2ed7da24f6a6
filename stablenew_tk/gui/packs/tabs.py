"""The right side of Packs: tabs for check, variants, randomizer and settings, and one with names to insert."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from ...app.controller import Controller
from ...app.packs.drafts import PackDraft
from ...app.packs.kept_slots import KeptSlot
from ...app.packs.wording import NO_OFFERS, OFFER_KINDS
from ...domain.prompts.completion import Kind, Offer
from ...domain.prompts.settings import PackSettings, Randomizer
from ..forms.stage_cards import menu_entries
from ..widgets import theme
from ..widgets.basics import Box, Button, Separator
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.page_frame import SizeClass
from ..widgets.row_list import ListRow, RowList
from .check_tab import CheckTab
from .randomizer_tab import RandomizerTab
from .settings_tab import ValuesTab
from .variants_tab import VariantsTab

WIDTHS: dict[SizeClass, int] = {"narrow": 360, "usual": 420, "wide": 480}
Tab = Literal["check", "variants", "randomizer", "values", "models"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("check", "Check"), ("variants", "Variants"), ("randomizer", "Randomizer"), ("values", "Settings"),
    ("models", "Models"),
)  # fmt: skip


class PackTabsActions(Struct, frozen=True):
    """What the tabs call. `go_to(line, column, focus)`, `expand(again)`; `weight(offer)` is None where not known."""

    go_to: Callable[[int, int, bool], object]
    expand: Callable[[bool], object]
    settings: Callable[[PackSettings], object]
    insert: Callable[[Offer], object]
    weight: Callable[[Offer], float | None]
    turned: Callable[[Tab], object]
    go_models: Callable[[], object]
    draw_seed: Callable[[], int]
    take_back: Callable[[KeptSlot], object]


class ModelsTab(Box):
    """LoRAs, embeddings, wildcards and slots; Return, a double click or the button inserts one at the cursor."""

    def __init__(self, parent: tk.Misc, actions: PackTabsActions) -> None:
        super().__init__(parent, "surface")
        self._insert, self._weight = actions.insert, actions.weight
        self._all: Sequence[Offer] = ()
        self.shown: tuple[Offer, ...] = ()
        self.kinds = Segmented(self, OFFER_KINDS, lambda _kind: self._filter())
        self.kinds.pack(anchor="w", padx=theme.px(12), pady=(theme.px(6), 0))
        self.search = Entry(
            self,
            width=100,
            height=theme.SMALL,
            icon="search",
            placeholder="Find by name",
            on_edit=lambda _text: self._filter(),
        )
        self.search.pack(fill="x", padx=theme.px(12), pady=(theme.px(2), theme.px(4)))
        foot = Box(self)
        foot.pack(side="bottom", fill="x", padx=theme.px(12), pady=theme.px(8))
        self.button = Button(foot, "Insert at the cursor", lambda: self._open(self.rows.selected), height=theme.SMALL)
        self.button.pack(side="left")
        Button(foot, "Go to Models", actions.go_models, kind="quiet", height=theme.SMALL).pack(side="right")
        self.rows = RowList(self, on_select=lambda _place: self._follow(), on_open=self._open, ground="surface")
        self.rows.pack(fill="both", expand=True)
        foot.lift()
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.search.field.bind(key, lambda _event: self.rows.focus_set())

    def show(self, offers: Sequence[Offer]) -> None:
        """Show what there is to insert."""
        if offers is not self._all:
            self._all = offers
            self._filter()

    def focus_set(self) -> None:
        """Put the keyboard into the search field."""
        self.search.focus_set()

    def choose(self, kind: Kind) -> None:
        """Show another kind."""
        self.kinds.set(kind)
        self._filter()

    def _filter(self) -> None:
        word = self.search.get().strip().casefold()
        kind = next(kind for kind, _ in OFFER_KINDS if kind == self.kinds.value)
        known = [one for one in self._all if one.kind == kind]
        self.shown = tuple(one for one in known if word in one.name.casefold())
        self.rows.empty = "Nothing has this in its name." if known else NO_OFFERS[kind]
        self.rows.show(len(self.shown), self._row, 0 if self.shown else -1)
        self.rows.scroll_to(0)
        self._follow()

    def _follow(self) -> None:
        self.button.enable(self.rows.selected >= 0, "Choose one first.")

    def _row(self, place: int) -> ListRow:
        weight = self._weight(self.shown[place])
        return ListRow(self.shown[place].name, f"weight {weight:g}" if weight is not None else "")

    def _open(self, place: int) -> None:
        if 0 <= place < len(self.shown):
            self._insert(self.shown[place])


_AnyTab = CheckTab | VariantsTab | RandomizerTab | ValuesTab | ModelsTab


class PackSide(Box):
    """The tabs; each is built when it is first asked for, under the name that `Tab` gives it."""

    def __init__(self, parent: tk.Misc, controller: Controller, actions: PackTabsActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTHS["usual"]))
        self.pack_propagate(False)
        self._controller, self._actions = controller, actions
        self._draft: PackDraft | None = None
        self._kept = tuple[KeptSlot, ...]()
        bar = Box(self, height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.tabs = Segmented(bar, TABS, self._turn, kind="tabs")
        self.tabs.pack(side="left", anchor="s", padx=theme.px(6))
        Separator(self).pack(fill="x")
        self._shown: Box | None = None
        self._bring("check")

    @property
    def tab(self) -> Tab:
        """Which tab is in sight."""
        return next(tab for tab in get_args(Tab) if tab == self.tabs.value)

    @cached_property
    def check(self) -> CheckTab:
        """The list of problems."""
        return CheckTab(self, self._actions.go_to, self._actions.take_back)

    @cached_property
    def variants(self) -> VariantsTab:
        """The preview."""
        return VariantsTab(self, self._actions.expand, self._actions.take_back)

    @cached_property
    def randomizer(self) -> RandomizerTab:
        """The fields of the randomizer."""
        return RandomizerTab(self, on_change=self._randomized, draw_seed=self._actions.draw_seed, choices=self._choices)

    @cached_property
    def values(self) -> ValuesTab:
        """The pack's own settings."""
        return ValuesTab(self, on_change=self._valued, entries=lambda: menu_entries(self._controller.capabilities))

    @cached_property
    def models(self) -> ModelsTab:
        """What can be inserted."""
        return ModelsTab(self, self._actions)

    def turn(self, tab: Tab) -> None:
        """Bring a tab into sight."""
        self.tabs.set(tab)
        self._turn(tab)

    def step(self, step: int) -> None:
        """The next tab, or the one before."""
        order = [tab for tab, _ in TABS]
        self.turn(order[(order.index(self.tab) + step) % len(order)])

    def show(self, draft: PackDraft) -> None:
        """Show the settings of a pack in the tabs that were built."""
        self._draft = draft
        if "randomizer" in vars(self):
            self.randomizer.show(draft.path, draft.wanted.randomizer)
        if "values" in vars(self):
            self.values.show(draft.wanted)

    def show_kept(self, kept: Sequence[KeptSlot]) -> None:
        """Show which texts are in use for slots of the pack, in the tabs that were built."""
        self._kept = tuple(kept)
        if "check" in vars(self):
            self.check.show_kept(kept)
        if "variants" in vars(self):
            self.variants.show_kept(kept)

    def focus_set(self) -> None:
        """Put the keyboard into the tab in sight."""
        self._body(self.tab).focus_set()

    def _turn(self, value: str) -> None:
        tab = next(tab for tab in get_args(Tab) if tab == value)
        self._bring(tab)
        self._actions.turned(tab)

    def _bring(self, tab: Tab) -> None:
        body = self._body(tab)
        if body is not self._shown:
            if self._shown is not None:
                self._shown.pack_forget()
            body.pack(fill="both", expand=True)
            self._shown = body
        self.show_kept(self._kept)
        if self._draft is not None:
            self.show(self._draft)

    def _body(self, tab: Tab) -> _AnyTab:
        bodies: dict[Tab, Callable[[], _AnyTab]] = {
            "check": lambda: self.check,
            "variants": lambda: self.variants,
            "randomizer": lambda: self.randomizer,
            "values": lambda: self.values,
            "models": lambda: self.models,
        }
        return bodies[tab]()

    def _choices(self, name: str) -> Sequence[str]:
        offered = self._controller.capabilities
        return offered.choices(name) if offered is not None else ()

    def _randomized(self, randomizer: Randomizer) -> None:
        if self._draft is not None:
            self._settings(replace(self._draft.wanted, randomizer=randomizer))

    def _valued(self, settings: PackSettings) -> None:
        if self._draft is not None:
            # The randomizer has a tab of its own.
            self._settings(replace(settings, randomizer=self._draft.wanted.randomizer))

    def _settings(self, settings: PackSettings) -> None:
        assert self._draft is not None
        self._draft = replace(self._draft, wanted=settings)
        self._actions.settings(settings)
