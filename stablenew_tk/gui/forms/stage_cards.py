"""The stage cards of the Create page: one card per stage, its fields made from the catalogue when first opened."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence

from ...backends.base import Capabilities
from ...domain.config.catalogue import Value, catalogue, get_value, parameter
from ...domain.config.pipeline_config import BlockSpec, PipelineConfig, StageSpec, summary
from ...domain.config.styles import joined, style_names
from ...domain.models.idle_settings import GUIDANCE, SHIFT
from ...domain.models.precedence import Resolved
from ...domain.models.sensible_range import ModelTraits
from ..widgets import theme
from ..widgets.basics import Box, Button, Card, Label, Separator, ground_of
from ..widgets.controls import Switch
from ..widgets.popups import MenuEntry
from .form import Form
from .origin_marks import OriginMark

Changed = Callable[[str, Value | None], object]
Why = Callable[[str, tk.Misc], object]
CHOICES = tuple(dict.fromkeys(spec.choices for spec in catalogue().values() if spec.choices))


def menu_entries(capabilities: Capabilities | None) -> dict[str, Sequence[MenuEntry]]:
    """What the choice fields offer: the backend's own names."""
    if capabilities is None:
        return {}
    return {name: [MenuEntry(word, word) for word in capabilities.choices(name)] for name in CHOICES}


def general_entries(capabilities: Capabilities | None) -> dict[str, Sequence[MenuEntry]]:
    """The same for the first row, where no checkpoint means the one the backend has loaded, if it keeps one loaded."""
    entries = menu_entries(capabilities)
    loaded = capabilities.loaded_checkpoint if capabilities else ""
    if capabilities and capabilities.names_checkpoints:
        words = f"The only one ({loaded})" if loaded else "None chosen"
    else:
        words = f"As loaded ({loaded})" if loaded else "As loaded"
    return {**entries, "checkpoints": [MenuEntry("", words), *entries.get("checkpoints", ())]}


def style_entries(names: Sequence[str], value: str, nothing: str = "None") -> list[MenuEntry]:
    """The menu of what may be several, as styles: one more or less than are chosen. `nothing` stands for none."""
    chosen = style_names(value, names)
    entries = [MenuEntry("", nothing), *([MenuEntry(value, value)] if chosen else [])]
    if len(chosen) > 1:
        entries += [MenuEntry(joined(one for one in chosen if one != name), f"Without {name}") for name in chosen]
    more = "and " if chosen else ""
    return entries + [MenuEntry(joined([*chosen, name]), f"{more}{name}") for name in names if name not in chosen]


class Section(Box):
    """A switch with a title and, when open, a form below. Used for whole cards and for the blocks inside one."""

    def __init__(
        self,
        parent: tk.Misc,
        block: BlockSpec,
        *,
        on_change: Changed,
        on_edit: Callable[[], object],
        on_why: Why,
        opened: bool,
        big: bool,
    ) -> None:
        super().__init__(parent, ground_of(parent))
        self.block = block
        self._path = f"{block.name}.enabled"
        self.opened = opened
        self._on_change, self._on_edit, self._on_why = on_change, on_edit, on_why
        self._more: Button | None = None
        self._missing = ""
        self.forms: list[Form] = []
        self.rarer: Button | None = None  # opens the form below it, with what few people change
        self.rare: Form | None = None
        self._rare_in_use = frozenset[str]()
        self._body: Box | None = None
        self._shown: tuple[Resolved, Mapping[str, Sequence[MenuEntry]]] | None = None
        self._traits: ModelTraits | None = None
        head = Box(self)
        head.pack(fill="x")
        self._fold = Button(head, "", self.toggle, kind="quiet", icon="chevron_down", height=24)
        self._fold.pack(side="left")
        self.switch = Switch(head, "", self._switched)
        self.switch.pack(side="left", padx=(theme.px(2), theme.px(4)))
        self._title = Label(head, block.title, size=15 if big else 13, bold=True)
        self._title.pack(side="left", padx=(theme.px(2), theme.px(10)))
        self._words = Label(head, block.purpose, size=12, ink="text3")
        self._words.pack(side="left", fill="x", expand=True)
        self.mark = OriginMark(head, self._ask_why)
        self.mark.pack(side="right", padx=(0, theme.px(8)))
        self.switch.bind("<Control-i>", lambda _event: self._ask_why())
        self.remark = Label(head, "", size=12, ink="text3")
        self.remark.pack(side="right", padx=(0, theme.px(8)))
        for widget in (self._title, self._words):
            widget.bind("<ButtonRelease-1>", lambda _event: self.toggle())

    def toggle(self) -> None:
        """Open or close it; closing loses nothing."""
        self.opened = not self.opened
        self._say()
        self._draw_body()

    def unfold(self) -> None:
        """Open it if it is closed."""
        if not self.opened:
            self.toggle()

    def show(
        self,
        resolved: Resolved,
        entries: Mapping[str, Sequence[MenuEntry]],
        *,
        missing: str = "",
        traits: ModelTraits | None = None,
    ) -> None:
        """Show the values in force; `missing` says why the stage cannot be used, `traits` are the checkpoint's."""
        self._shown, self._traits = (resolved, entries), traits
        on = bool(getattr(resolved.config, self.block.name).enabled)
        if self.switch.on != on:
            self.switch.set(on)
        self.mark.show(resolved.origins.get(self._path, "engine"), resolved.words.get(self._path, ""))
        self.switch.enable(not missing, missing)
        self._missing = missing
        self._say()
        self._title.show(self.block.title, "text" if on else "text2")
        self._draw_body()

    def unfold_rare(self) -> None:
        """Show also what few people change."""
        self.unfold()
        if self.rare is not None and not self.rare.winfo_manager():
            self._turn_rare()

    def body(self) -> Box:
        """Where the owner may add fields of its own; made now if need be."""
        if self._body is None:
            self._body = Box(self)
        return self._body

    def _switched(self, on: bool) -> None:
        self.opened = on or self.opened
        self._on_change(self._path, on)

    def _ask_why(self) -> str:
        self._on_why(self._path, self.mark)
        return "break"

    def _say(self) -> None:
        if self._shown is None:
            return
        config = self._shown[0].config
        on = bool(getattr(config, self.block.name).enabled)
        words = self._missing or (self.block.purpose if self.opened and on else summary(config, self.block.name))
        self._words.show(words, "warn" if self._missing and on else "text3")

    def _draw_body(self) -> None:
        self._fold.set_text("", icon="chevron_down" if self.opened else "chevron_right")
        if not self.opened or self._shown is None:
            if self._body is not None:
                self._body.pack_forget()
            return
        body = self.body()
        if not body.winfo_manager():
            body.pack(fill="x", pady=(theme.px(6), 0))
        self._make_forms(self._shown[0].config)
        self._open_for_rare(self._shown[0].config)
        for form in self.forms:
            form.show(self._shown[0].config, self._shown[0].origins, self._shown[1], self._shown[0].words, self._traits)

    def _make_forms(self, config: PipelineConfig) -> None:
        prefix = f"{self.block.name}."
        passes = len(getattr(getattr(config, self.block.name), "passes", ()))
        if not passes and not self.forms:
            self._add_form([path for path in catalogue() if path.startswith(prefix)], "")
        for nth in range(len(self.forms), passes):
            self._add_form([p for p in catalogue() if p.startswith(f"{prefix}passes.{nth}.")], f"Pass {nth + 1}")
        if passes == 1 and self._more is None:
            self._more = Button(
                self.body(), "Add a second pass", self._add_pass, kind="quiet", icon="plus", height=theme.SMALL
            )
            self._more.pack(anchor="w", side="bottom")
        if passes > 1 and self._more is not None:
            self._more.pack_forget()

    def _add_pass(self) -> None:
        field, value = self.block.second_pass
        self._on_change(f"{self.block.name}.passes.1.{field}", value)

    def _add_form(self, paths: list[str], title: str) -> None:
        if title and self.forms:
            Label(self.body(), title, bold=True, ink="text2").pack(anchor="w", padx=theme.px(4))
        shown = [parameter(path) for path in paths if not path.endswith((".enabled", ".batch_size"))]
        rare = [one for one in shown if one.rare]
        self._form([one.path for one in shown if not one.rare]).pack(fill="x")
        if rare:
            captions = [one.caption.lower() for one in rare]
            words = " and ".join(filter(None, (", ".join(captions[:-1]), captions[-1])))
            self.rarer = Button(
                self.body(),
                words[:1].upper() + words[1:],
                self._turn_rare,
                kind="quiet",
                icon="chevron_right",
                height=24,
            )
            self.rarer.pack(anchor="w")
            self.rare = self._form([one.path for one in rare], late=True)

    def _form(self, paths: list[str], *, late: bool = False) -> Form:
        form = Form(
            self.body(), paths, on_change=self._on_change, on_edit=self._on_edit, on_why=self._on_why, late=late
        )
        self.forms.append(form)
        return form

    def _turn_rare(self) -> None:
        if self.rare is None or self.rarer is None:
            return
        opened = not self.rare.winfo_manager()
        self.rarer.set_text(self.rarer.text, icon="chevron_down" if opened else "chevron_right")
        self.rare.be_there(opened, fill="x", after=self.rarer)

    def _open_for_rare(self, config: PipelineConfig) -> None:
        """Show what few people change once one of it counts; who has closed it since is not bothered again."""
        if self.rare is None:
            return
        traits = self._traits or ModelTraits()
        idle = traits.idle(config)
        known = bool(traits.family.id or config.workflow)
        asked = [path for path in (GUIDANCE, SHIFT) if known and path in self.rare.paths and path not in idle]
        changed = (path for path in self.rare.paths if get_value(config, path) != parameter(path).default)
        before, self._rare_in_use = self._rare_in_use, frozenset((*asked, *changed))
        if self._rare_in_use - before and not self.rare.winfo_manager():
            self._turn_rare()


class StageCard(Card):
    """A card with one stage and the blocks that belong to it."""

    def __init__(
        self,
        parent: tk.Misc,
        stage: StageSpec,
        *,
        on_change: Changed,
        on_edit: Callable[[], object],
        on_why: Why,
        opened: bool = False,
    ) -> None:
        super().__init__(parent)
        self.sections: list[Section] = []
        for number, block in enumerate((stage, *stage.parts)):
            if number:
                Separator(self).pack(fill="x", padx=1)
            section = Section(
                self,
                block,
                on_change=on_change,
                on_edit=on_edit,
                on_why=on_why,
                opened=opened and number == 0,
                big=number == 0,
            )
            section.pack(fill="x", padx=theme.px(10), pady=theme.px(7))
            self.sections.append(section)
