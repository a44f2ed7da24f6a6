"""The right side of Packs: what is wrong, what comes of it, what varies, what belongs to the pack, what there is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast, get_args

from msgspec import Struct
from msgspec.structs import replace

from ...app.pack_drafts import PackDraft
from ...domain.prompts.completion import Offer
from ...domain.prompts.settings import PackSettings, Randomizer
from ..widgets import theme
from ..widgets.basics import Box, Separator
from ..widgets.controls import Segmented
from ..widgets.popups import MenuEntry
from .check_tab import CheckTab
from .insert_tab import ModelsTab
from .randomizer_tab import RandomizerTab
from .settings_tab import ValuesTab
from .variants_tab import VariantsTab

WIDTH, WIDTH_NARROW, WIDTH_WIDE = 420, 360, 480
Tab = Literal["check", "variants", "randomizer", "values", "models"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("check", "Check"), ("variants", "Variants"), ("randomizer", "Randomizer"), ("values", "Settings"),
    ("models", "Models"),
)  # fmt: skip


class PackTabsActions(Struct, frozen=True):
    """What the tabs ask of the page."""

    go_to: Callable[[int, int, bool], object]
    expand: Callable[[], object]
    draw: Callable[[], object]
    settings: Callable[[PackSettings], object]
    insert: Callable[[Offer], object]
    weight: Callable[[Offer], float | None]
    turned: Callable[[Tab], object]
    go_models: Callable[[], object]
    draw_seed: Callable[[], int]
    choices: Callable[[str], Sequence[str]]
    entries: Callable[[], Mapping[str, Sequence[MenuEntry]]]


class PackSide(Box):
    """Tabs; each is built when it is looked at first."""

    def __init__(self, parent: tk.Misc, doors: PackTabsActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTH))
        self.pack_propagate(False)
        self._doors = doors
        self._draft: PackDraft | None = None
        bar = Box(self, height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.tabs = Segmented(bar, TABS, self._turn, kind="tabs")
        self.tabs.pack(side="left", anchor="s", padx=theme.px(10))
        Separator(self).pack(fill="x")
        self._built: dict[Tab, CheckTab | VariantsTab | RandomizerTab | ValuesTab | ModelsTab] = {}
        self._shown: Box | None = None
        self._bring("check")

    @property
    def tab(self) -> Tab:
        """Which tab is in sight."""
        return next(tab for tab in get_args(Tab) if tab == self.tabs.value)

    @property
    def check(self) -> CheckTab:
        """The list of problems."""
        return cast(CheckTab, self._make("check"))

    @property
    def variants(self) -> VariantsTab:
        """The preview."""
        return cast(VariantsTab, self._make("variants"))

    @property
    def randomizer(self) -> RandomizerTab:
        """The fields of the randomizer."""
        return cast(RandomizerTab, self._make("randomizer"))

    @property
    def values(self) -> ValuesTab:
        """The pack's own settings."""
        return cast(ValuesTab, self._make("values"))

    @property
    def models(self) -> ModelsTab:
        """What can be inserted."""
        return cast(ModelsTab, self._make("models"))

    def has(self, tab: Tab) -> bool:
        """Whether a tab was built: one that was not needs no news."""
        return tab in self._built

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
        if self.has("randomizer"):
            self.randomizer.show(draft.path, draft.wanted.randomizer)
        if self.has("values"):
            self.values.show(draft.wanted)

    def focus_set(self) -> None:
        """Put the keyboard into the tab in sight."""
        self._make(self.tab).focus_set()

    def _turn(self, value: str) -> None:
        tab = next(tab for tab in get_args(Tab) if tab == value)
        self._bring(tab)
        self._doors.turned(tab)

    def _bring(self, tab: Tab) -> None:
        body = self._make(tab)
        if body is not self._shown:
            if self._shown is not None:
                self._shown.pack_forget()
            body.pack(fill="both", expand=True)
            self._shown = body
        if self._draft is not None:
            self.show(self._draft)

    def _make(self, tab: Tab) -> CheckTab | VariantsTab | RandomizerTab | ValuesTab | ModelsTab:
        if tab not in self._built:
            doors = self._doors
            makers: dict[Tab, Callable[[], CheckTab | VariantsTab | RandomizerTab | ValuesTab | ModelsTab]] = {
                "check": lambda: CheckTab(self, doors.go_to),
                "variants": lambda: VariantsTab(self, ask=doors.expand, draw=doors.draw),
                "randomizer": lambda: RandomizerTab(
                    self, on_change=self._randomized, draw_seed=doors.draw_seed, choices=doors.choices
                ),
                "values": lambda: ValuesTab(self, on_change=self._valued, entries=doors.entries),
                "models": lambda: ModelsTab(self, insert=doors.insert, weight=doors.weight, go_models=doors.go_models),
            }
            self._built[tab] = makers[tab]()
        return self._built[tab]

    def _randomized(self, randomizer: Randomizer) -> None:
        if self._draft is not None:
            self._settings(replace(self._draft.wanted, randomizer=randomizer))

    def _valued(self, settings: PackSettings) -> None:
        if self._draft is not None:
            # The randomizer's tab has its own word about its part.
            self._settings(replace(settings, randomizer=self._draft.wanted.randomizer))

    def _settings(self, settings: PackSettings) -> None:
        assert self._draft is not None
        self._draft = replace(self._draft, wanted=settings)
        self._doors.settings(settings)
