"""The panel beside the table: everything known about the chosen model, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct
from PIL import ImageTk

from ...domain.models.recommendations import ModelSettings
from ...domain.models.style import StyleCatalogue
from ...pipeline.messages.models import MakePreview
from ...pipeline.messages.pictures import ThumbnailReady
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.flow import Flow
from ..widgets.row_list import ScrollArea
from ..widgets.thumbnails import edge_for, fitted
from ..widgets.tooltips import tip
from . import wording as words
from .fact_sheet import FactSheet
from .facts import above, below
from .filtering import ModelLine

_PICTURE = (88, 116)


class ModelPanelActions(Struct, frozen=True):
    """What the buttons do, and how a picture is asked for."""

    edit: Callable[[], object]
    learn: Callable[[], object]
    reveal: Callable[[], object]
    copy: Callable[[str], object]
    undo: Callable[[], object]
    ask: Callable[[MakePreview], object]


class PreviewPicture(tk.Canvas):
    """The preview of a model, fitted into its box."""

    def __init__(self, parent: tk.Misc, ask: Callable[[MakePreview], object]) -> None:
        self._ask = ask
        self._box = (theme.px(_PICTURE[0]), theme.px(_PICTURE[1]))
        self.path = ""
        self._photo: ImageTk.PhotoImage | None = None
        super().__init__(parent, width=self._box[0], height=self._box[1], bd=0, highlightthickness=0, takefocus=0)
        theme.on_change(self._paint)

    def show(self, path: str) -> None:
        """Ask for this picture; "" shows that there is none."""
        if path != self.path:
            self.path, self._photo = path, None
            self._paint()
            if path:
                self._ask(MakePreview(image_id=path, path=path, edge=edge_for(self._box)))

    def take(self, event: ThumbnailReady) -> None:
        """Show the answer when it is the picture asked for, large enough."""
        if event.image_id != self.path or event.edge < edge_for(self._box):
            return
        try:
            self._photo = fitted(event.jpeg, self._box) if event.jpeg else None
        except OSError as error:
            event = ThumbnailReady(image_id=event.image_id, edge=event.edge, jpeg=b"", problem=str(error))
        tip(self, event.problem)
        self._paint()

    def _paint(self) -> None:
        self.delete("all")
        self.configure(bg=theme.colour("image_ground"))
        self._shown = self._photo or icons.icon("models", 24, "text3", "image_ground")
        self.create_image(self._box[0] // 2, self._box[1] // 2, image=self._shown)


class ModelPanel(Box):
    """Head, sheet and buttons. `show` may be called again and again; only what changed is drawn."""

    def __init__(self, parent: tk.Misc, deeds: ModelPanelActions) -> None:
        super().__init__(parent, "surface")
        self._deeds = deeds
        self._phrases = ""
        self.line: ModelLine | None = None
        self.area = ScrollArea(self, "surface")
        self._build_head(self.area.body)
        self.above = FactSheet(self.area.body, self.area.scroll_by, first=True)
        self.above.pack(fill="x")
        self._build_triggers(self.area.body)
        self.below = FactSheet(self.area.body, self.area.scroll_by)
        self.below.pack(fill="x", pady=(0, theme.px(16)))
        # Made last, so that Tab comes to the buttons last.
        self._build_foot()
        self.area.pack(fill="both", expand=True)

    def show(self, line: ModelLine, settings: ModelSettings | None, styles: StyleCatalogue) -> None:
        """Show a model; `settings` None = still being read."""
        entry = line.entry
        if self.line is None or self.line.path != line.path:
            self.area.scroll_to(0)
            self.tell("")
        self.line = line
        self.picture.show(line.preview)
        title = entry.title if entry.title and entry.title.casefold() != entry.stem.casefold() else ""
        self._title.show(entry.stem or entry.key)
        self._facts.show(words.facts(entry, settings))
        self._folder.show(entry.folder)
        learned = words.learning(settings) if settings is not None else ""
        for label, text, after in ((self._name, title, self._title), (self._learned, learned, self._facts)):
            label.show(text)
            if text:
                label.pack(fill="x", pady=(0, theme.px(2)), after=after)
            else:
                label.pack_forget()
        self.above.show(above(entry, settings, styles))
        self._show_triggers(settings)
        self.below.show(below(entry, settings, styles))
        self._offer(line)

    def tell(self, sentence: str, *, undo: bool = False, bad: bool = False) -> None:
        """A line above the buttons about what has just been done; "" takes it away."""
        if not sentence:
            self._said_row.pack_forget()
            return
        self.said.show(sentence, "danger" if bad else "text2")
        if undo:
            self.undo.pack(side="right")
        else:
            self.undo.pack_forget()
        self._said_row.pack(fill="x", padx=theme.px(12), pady=(theme.px(8), 0), before=self._deck)

    def _build_head(self, parent: tk.Misc) -> None:
        head = Box(parent)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=theme.px(14))
        self.picture = PreviewPicture(head, self._deeds.ask)
        self.picture.pack(side="left", anchor="n")
        side = Box(head)
        side.pack(side="left", fill="both", expand=True, padx=(theme.px(14), 0))
        self._title = Label(side, size=15, bold=True, wrap=True)
        self._name = Label(side, size=12, ink="text2", wrap=True)
        self._facts = Label(side, size=12, ink="text2", wrap=True)
        self._learned = Label(side, size=12, ink="text2", wrap=True)
        self._folder = Label(side, size=11, ink="text3", wrap=True)
        for label in (self._title, self._facts, self._folder):
            label.pack(fill="x", pady=(0, theme.px(2)))
        self.reveal = Button(side, "Show in folder", self._deeds.reveal, kind="quiet", icon="folder", height=24)
        self.reveal.pack(anchor="w", pady=(theme.px(2), 0))

    def _build_triggers(self, parent: tk.Misc) -> None:
        self._triggers = Box(parent)
        Separator(self._triggers).pack(fill="x", pady=(theme.px(10), 0))
        head = Box(self._triggers)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(2), 0))
        Label(head, "Trigger phrases", bold=True).pack(side="left")
        self.copy = Button(head, "Copy", lambda: self._deeds.copy(self._phrases), kind="link", height=24)
        self.copy.pack(side="right")
        self.phrases = Label(self._triggers, wrap=True)
        self.phrases.pack(fill="x", padx=theme.px(theme.PAD))
        self._phrase_source = Label(self._triggers, size=11, ink="text3", wrap=True)
        self._phrase_source.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(2), 0))

    def _build_foot(self) -> None:
        foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Separator(foot).pack(fill="x")
        self._said_row = Box(foot)
        self.undo = Button(self._said_row, "Undo", self._deeds.undo, kind="link", height=24)
        self.said = Label(self._said_row, size=12, ink="text2", wrap=True)
        self.said.pack(side="left", fill="x", expand=True, padx=(theme.px(4), 0))
        self._deck = Flow(foot)
        self._deck.pack(fill="x", padx=theme.px(10), pady=theme.px(8))
        self.edit = Button(self._deck, "Edit profile", self._deeds.edit, height=theme.ACTION)
        self.learn = Button(self._deck, "Learn about this model…", self._deeds.learn, height=theme.ACTION)

    def _offer(self, line: ModelLine) -> None:
        entry = line.entry
        known = entry.kind in ("checkpoint", "lora")
        self.edit.set_text("Edit profile" if words.is_ours(entry) else "Make profile")
        self.learn.set_text("Learn about this LoRA…" if entry.kind == "lora" else "Learn about this model…")
        gone = "" if entry.name else "The model's file is not there; only files that describe it are."
        self.edit.enable(not gone, gone)
        self.learn.enable(not gone, gone)
        self._deck.show([self.edit, self.learn] if known else [])

    def _show_triggers(self, settings: ModelSettings | None) -> None:
        phrases = settings.trigger_phrases if settings is not None else ()
        self._phrases = ", ".join(phrases)
        if not phrases or settings is None:
            self._triggers.pack_forget()
            return
        self.phrases.show("\n".join(phrases))
        self._phrase_source.show(settings.trigger_source)
        self._triggers.pack(fill="x", before=self.below)
