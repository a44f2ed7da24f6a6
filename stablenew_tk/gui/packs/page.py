"""The Packs page: the packs, the text of one, and beside it what is wrong, what comes of it and what belongs to it.

Files are read and written elsewhere: "saved" is said when the text is on disk. What was typed stays in memory while
other packs or pages are looked at.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from ...app.controller import Controller
from ...app.prompt_inventory import PromptInventory
from ...domain.prompts.completion import Offer, token
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.packs import AddPack, NewPack
from ...pipeline.messages.pictures import RecipeRead
from ..forms.stage_cards import menu_entries
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.keyboard import KeyPress, Shortcuts, act_on
from ..widgets.page_frame import PageFrame
from .actions import PackActions
from .completion_popup import Completion
from .editor import PackEditor, PackEditorActions
from .list import WIDTH, WIDTH_NARROW, WIDTH_WIDE, PackList, PackListActions
from .open_pack import PackWork, Parts
from .tabs import WIDTH as SIDE
from .tabs import WIDTH_NARROW as SIDE_NARROW
from .tabs import WIDTH_WIDE as SIDE_WIDE
from .tabs import PackSide, PackTabsActions

_NO_PACK = "No packs yet. A pack is a text file with your prompts, a blank line between them."
KEYS = (
    ("Ctrl+S", "save"), ("Ctrl+N", "new pack"), ("Ctrl+O", "add a pack"), ("Ctrl+F", "find a pack"),
    ("Ctrl+G, F3", "find in the text"), ("Ctrl+Space", "complete a name"), ("Ctrl+Z, Ctrl+Y", "undo, redo"),
    ("F6", "next panel"), ("Ctrl+PgUp, PgDn", "other tab"), ("F8", "next problem"), ("F5", "scan again"),
)  # fmt: skip


class PackPageActions(Struct, frozen=True):
    """Where the page leads to: `use(recipe, name)` and `run(pack_id)` go to Create, `draw_seed()` gives a seed."""

    go: Callable[[str], object]
    use: Callable[[Recipe, str], object]
    run: Callable[[str], object]
    draw_seed: Callable[[], int]


class PacksPage(PageFrame):
    """The page. What belongs to the open pack is in `work`."""

    def __init__(self, parent: tk.Misc, controller: Controller, doors: PackPageActions) -> None:
        super().__init__(parent)
        self._controller, self._doors = controller, doors
        self.deeds = PackActions(self, controller)
        self._stock = PromptInventory(controller)
        self._build()
        self.work = PackWork(
            self, controller, Parts(self.list, self.editor, self.side, self._show_parts), self._stock, self.deeds
        )
        self.completion = Completion(self.editor.text, offers=self._offers, weight=self._stock.weight)
        Shortcuts(self, lambda _press: False, self._answer)
        self.work.listed()

    # ---- what the window asks

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        return "Packs", ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page, for F1."""
        return KEYS

    def shown(self) -> None:
        """The page came into sight."""
        if self.work.path is None:
            self.list.focus_set()
        else:
            self.editor.text.focus_set(quiet=True)
            self.work.look()

    def on_event(self, event: Event) -> None:
        """Follow packs and models, and take in what was asked for."""
        self.work.on_event(event)
        if isinstance(event, RecipeRead):
            self._recipe_read(event)
        elif isinstance(event, (LibraryChanged, ModelRead, BackendChecked)):
            self._stock_changed(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, NewPack | AddPack):
            self.deeds.wanted = ""

    def may_leave(self, leave: Callable[[], object]) -> bool:
        """Whether the window may close now. Asks about what is not saved; `leave()` follows once it is."""
        return self.work.may_leave(leave)

    def destroy(self) -> None:
        """Stop what was to be done later and go."""
        self.work.close()
        super().destroy()

    # ---- building

    def _build(self) -> None:
        self.list = PackList(
            self,
            PackListActions(
                chosen=lambda path: self.work.open(path),
                new=self.deeds.make,
                add=self.deeds.browse_pack,
                from_picture=lambda: self.deeds.browse_picture(self.list.more),
                scan=self.deeds.scan,
                delete=self._delete,
                use=self._use_pack,
                opened=lambda: self.editor.text.focus_set(quiet=True),
            ),
        )
        self.list.pack(side="left", fill="y")
        Separator(self).pack(side="left", fill="y")
        self.editor = PackEditor(
            self,
            PackEditorActions(
                edited=self._edited,
                moved=self._moved,
                save=lambda: self.work.save(),
                keep_mine=lambda: self.work.settle(mine=True),
                take_theirs=lambda: self.work.settle(mine=False),
                run=self._use_pack,
            ),
        )
        self._side_rule = Separator(self)
        self.side = PackSide(
            self,
            PackTabsActions(
                go_to=self._go_to,
                expand=lambda: self.work.expand(),
                draw=lambda: self.work.expand(again=True),
                settings=lambda settings: self.work.change_settings(settings),
                insert=self.insert,
                weight=self._stock.weight,
                turned=self._turned,
                go_models=lambda: self._doors.go("models"),
                draw_seed=self._doors.draw_seed,
                choices=self._choices,
                entries=lambda: menu_entries(self._controller.capabilities),
            ),
        )
        self._empty = Box(self, "bg")
        Label(self._empty, _NO_PACK, size=15).pack(pady=(theme.px(160), theme.px(12)))
        Button(self._empty, "New pack…", self.list.ask_name, kind="main", height=theme.MAIN).pack()
        self._empty.pack(fill="both", expand=True)
        self.bind("<Configure>", lambda _event: self._arrange())

    def _arrange(self) -> None:
        wide = self.winfo_toplevel().winfo_width() / max(theme.px(100), 1) * 100
        narrow, roomy = wide < theme.NARROW_BELOW, wide >= theme.WIDE_FROM
        self.list.configure(width=theme.px(WIDTH_NARROW if narrow else WIDTH_WIDE if roomy else WIDTH))
        self.side.configure(width=theme.px(SIDE_NARROW if narrow else SIDE_WIDE if roomy else SIDE))

    def _show_parts(self, on: bool) -> None:
        if on and not self.editor.winfo_manager():
            self._empty.pack_forget()
            self.side.pack(side="right", fill="y")
            self._side_rule.pack(side="right", fill="y")
            self.editor.pack(side="left", fill="both", expand=True)
        elif not on and self.editor.winfo_manager():
            for part in (self.side, self._side_rule, self.editor):
                part.pack_forget()
            self._empty.pack(fill="both", expand=True)

    # ---- the text

    def insert(self, offer: Offer) -> None:
        """Write a LoRA, an embedding, a wildcard or a slot where the cursor is."""
        self.editor.text.put(token(offer, self._stock.weight(offer)))
        self.editor.text.focus_set(quiet=True)

    def take_model(self, path: Path) -> bool:
        """A model file was dropped: a LoRA is written where the cursor is. False for anything else."""
        known = self._controller.models.find(path.stem, "lora")
        folders = " ".join(path.parts[:-1]).casefold()
        if self.work.path is None or (known is None and "lora" not in folders):
            return False
        self.insert(Offer("lora", path.stem, str(known.path) if known is not None else ""))
        return True

    def _edited(self) -> None:
        self.completion.follow()
        self.work.edited()

    def _moved(self) -> None:
        self.completion.moved()
        self.work.moved()

    def _go_to(self, line: int, column: int, take_keyboard: bool) -> None:
        self.editor.text.go_to(line, column, focus=take_keyboard)

    def _offers(self) -> Sequence[Offer]:
        return self._stock.offers(self.work.slots)

    def _stock_changed(self, event: Event) -> None:
        if not self.winfo_viewable():
            return
        if self.side.tab == "models":
            self.side.models.show(self._offers())
            self.side.models.redraw()
        if isinstance(event, ModelRead):
            self.completion.redraw()

    # ---- keys and buttons

    def _delete(self) -> None:
        file = self.list.file
        if file is not None and self.deeds.delete(file):
            self.work.gone(file.path)

    def _use_pack(self) -> None:
        if self.work.path is not None:
            self._doors.run(self.work.path.stem)

    def _recipe_read(self, event: RecipeRead) -> None:
        file = self.list.file
        self.deeds.show(event, into=file.title if file is not None else "", add=self._append, use=self._doors.use)

    def _append(self, block: str) -> None:
        self._doors.go("packs")
        self.editor.text.append(block)

    def _turned(self, tab: str) -> None:
        if tab == "models":
            self.side.models.show(self._offers())
        elif tab == "variants":
            self.work.look()

    def _choices(self, name: str) -> Sequence[str]:
        offered = self._controller.capabilities
        return offered.choices(name) if offered is not None else ()

    def _answer(self, press: KeyPress) -> bool:
        plain: dict[str, Callable[[], object]] = {
            "F5": self.deeds.scan,
            "F6": lambda: self._next_panel(back=press.shift),
            "F3": lambda: self._find_next(back=press.shift),
            "F8": self._next_problem,
        }
        if not press.control:
            return act_on(plain, press.name)
        deeds: dict[str, Callable[[], object]] = {
            "s": self.work.save,
            "n": self.list.ask_name,
            "o": self.deeds.browse_pack,
            "f": self.list.search.focus_set,
            "g": self.editor.open_find,
            "space": self.completion.ask,
            "prior": lambda: self.side.step(-1),
            "next": lambda: self.side.step(1),
        }
        return act_on(deeds, press.name.lower())

    def _find_next(self, *, back: bool) -> None:
        if self.editor.find.winfo_manager():
            self.editor.find.go_on(backwards=back)
        else:
            self.editor.open_find()

    def _next_problem(self) -> None:
        found = self.side.check.rows.found
        view = self.editor.text.view
        later = [one.problem for one in found if (one.problem.line, one.problem.column) > (view.line, view.column)]
        first = min(later or [one.problem for one in found], key=lambda one: (one.line, one.column), default=None)
        if first is not None:
            self._go_to(first.line, first.column, True)

    def _next_panel(self, *, back: bool) -> None:
        panels: list[tk.Misc] = [self.list, self.editor.text, self.side]
        here = str(self.focus_get() or "")
        at = next((n for n, panel in enumerate(panels) if here.startswith(str(panel))), 0)
        panels[(at + (-1 if back else 1)) % len(panels)].focus_set()
