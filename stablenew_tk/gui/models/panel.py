"""The panel beside the table: everything known about the chosen model, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct
from PIL import ImageTk

from ...app.model_evidence import ModelEvidence
from ...app.models import wording as words
from ...app.models.estimates import EstimateChart
from ...app.models.facts import FactLine, above, below, found
from ...app.models.filter import ModelLine
from ...domain.base.colour_roles import Role
from ...domain.journal.image_facts import ImageFacts
from ...domain.models.best_setting import BestSetting
from ...domain.models.checkpoint_series import CheckpointSeries
from ...domain.models.lora_series import LoraSeries
from ...domain.models.recommendations import CHECKPOINTS, ModelSettings, is_kind
from ...domain.models.style import StyleCatalogue
from ...pipeline.messages.models import MakePreview
from ...pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.flow import Flow, pack_if
from ..widgets.painting import Painting
from ..widgets.rescaling import Scaled
from ..widgets.row_list import ScrollArea
from ..widgets.thumbnails import edge_for, fitted
from ..widgets.tooltips import tip
from .best_pictures import BestPictures

_PICTURE = (88, 116)
_COMPARE, _WAITS, _LONGEST_NAME = "Compare with another…", "Do not compare", 22


class ModelPanelActions(Struct, frozen=True):
    """What the buttons do, and how a picture is asked for."""

    edit: Callable[[], object]
    learn: Callable[[], object]
    learn_series: Callable[[], object]
    reveal: Callable[[], object]
    copy: Callable[[str], object]
    undo: Callable[[], object]
    ask: Callable[[MakePreview], object]
    compare: Callable[[], object]
    ask_picture: Callable[[MakeThumbnail], None]
    review: Callable[[], object]


class PreviewPicture(Painting, Scaled):
    """The preview of a model, fitted into its box."""

    def __init__(self, parent: tk.Misc, ask: Callable[[MakePreview], object]) -> None:
        self._ask = ask
        self._jpeg = b""
        self.path = ""
        self.photo: ImageTk.PhotoImage | None = None
        super().__init__(
            parent, "image_ground", width=theme.px(_PICTURE[0]), height=theme.px(_PICTURE[1]), draw=self._paint
        )

    @property
    def _box(self) -> tuple[int, int]:
        return theme.px(_PICTURE[0]), theme.px(_PICTURE[1])

    def remeasure(self) -> None:
        if self.photo is not None:
            self.photo = fitted(self._jpeg, self._box)

    def show(self, path: str) -> None:
        """Ask for this picture; "" shows that there is none."""
        if path != self.path:
            self.path, self.photo = path, None
            self._paint()
            if path:
                self._ask(MakePreview(image_id=path, path=path, edge=edge_for(self._box)))

    def take(self, event: ThumbnailReady) -> None:
        """Show the answer when it is the picture asked for, large enough."""
        if event.image_id != self.path or event.edge < edge_for(self._box):
            return
        try:
            self.photo, self._jpeg = fitted(event.jpeg, self._box) if event.jpeg else None, event.jpeg
        except OSError as error:
            event = ThumbnailReady(image_id=event.image_id, edge=event.edge, jpeg=b"", problem=str(error))
        tip(self, event.problem)
        self._paint()

    def _paint(self) -> None:
        self.clear()
        picture = self.photo or icons.icon("models", 24, "text3", "image_ground")
        self.picture(self._box[0] // 2, self._box[1] // 2, picture, "center")


class ModelPanel(Box):
    """Head, facts and buttons. `show` may be called again and again; only what changed is drawn."""

    def __init__(self, parent: tk.Misc, actions: ModelPanelActions) -> None:
        super().__init__(parent, "surface")
        self._actions = actions
        self._phrases = ""
        self.line: ModelLine | None = None
        self.area = ScrollArea(self, "surface")
        self._build_head(self.area.body)
        self.best = BestPictures(self.area.body, actions.ask_picture, actions.review)
        self.found = FactLines(self.area.body, self.area.scroll_by)
        self.found.pack(fill="x")
        self.above = FactLines(self.area.body, self.area.scroll_by, first=True)
        self.above.pack(fill="x")
        self._build_triggers(self.area.body)
        self.below = FactLines(self.area.body, self.area.scroll_by)
        self.below.pack(fill="x", pady=(0, theme.px(16)))
        # Made last, so that Tab comes to the buttons last.
        self._build_foot()
        self.area.pack(fill="both", expand=True)

    def show(
        self,
        line: ModelLine,
        settings: ModelSettings | None,
        styles: StyleCatalogue,
        evidence: ModelEvidence,
        series: LoraSeries | CheckpointSeries | None = None,
        *,
        best: Sequence[ImageFacts] = (),
        answers: Sequence[BestSetting] = (),
        chart: EstimateChart | None = None,
        marked: str = "",
    ) -> None:
        """Show a model; `settings` None = still being read. `evidence` is what the journal knows about it, `series` the
        files of its training, or mixes of the same checkpoints, where there are several. `best` are its best pictures,
        `answers` what Learning Runs found for it, `chart` the estimates of its files or weights. `marked` is the name
        of a checkpoint to compare it with, its own when it waits for the other one.
        """
        entry = line.entry
        if self.line is None or self.line.key != line.key:
            self.area.scroll_to(0)
            self.tell("")
        self.line = line
        self.picture.show(line.preview)
        name = line.name if line.is_series else entry.stem or entry.key
        title = entry.title if entry.title.casefold() not in (entry.stem.casefold(), name.casefold()) else ""
        self._title.show(name)
        best_file = f"{line.note} · file and profile of {entry.stem}\n" if line.is_series else ""
        self._facts.show(best_file + words.facts(entry, settings))
        self._folder.show(entry.folder)
        learned = "\n".join(filter(None, (words.seen_here(evidence.seen), words.told(evidence.told))))
        for label, text, after in ((self._name, title, self._title), (self.learned, learned, self._facts)):
            label.show(text)
            pack_if(text, label, fill="x", pady=(0, theme.px(2)), after=after)
        self.best.show(best, evidence.seen.rated)
        pack_if(best, self.best, fill="x", padx=theme.px(theme.PAD), before=self.found)
        self.found.show(found(answers, chart))
        self.above.show(above(entry, settings, styles, evidence.own_plans))
        self._show_triggers(settings)
        self.below.show(below(entry, settings, styles, evidence.own_plans))
        self._offer(line, series, marked)

    def tell(self, sentence: str, *, undo: bool = False, bad: bool = False) -> None:
        """A line above the buttons about what has just been done; "" takes it away."""
        self.message.show(sentence, "danger" if bad else "text2")
        pack_if(undo, self.undo, side="right")
        place = {"padx": theme.px(12), "pady": (theme.px(8), 0), "before": self._buttons}
        pack_if(sentence, self._message_row, fill="x", **place)

    def _build_head(self, parent: tk.Misc) -> None:
        head = Box(parent)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=theme.px(14))
        self.picture = PreviewPicture(head, self._actions.ask)
        self.picture.pack(side="left", anchor="n")
        side = Box(head)
        side.pack(side="left", fill="both", expand=True, padx=(theme.px(14), 0))
        self._title = Label(side, size=15, bold=True, wrap=True)
        self._name = Label(side, size=12, ink="text2", wrap=True)
        self._facts = Label(side, size=12, ink="text2", wrap=True)
        self.learned = Label(side, size=12, ink="text2", wrap=True)
        self._folder = Label(side, size=11, ink="text3", wrap=True)
        for label in (self._title, self._facts, self._folder):
            label.pack(fill="x", pady=(0, theme.px(2)))
        self.reveal = Button(side, "Show in folder", self._actions.reveal, kind="quiet", icon="folder", height=24)
        self.reveal.pack(anchor="w", pady=(theme.px(2), 0))

    def _build_triggers(self, parent: tk.Misc) -> None:
        self._triggers = Box(parent)
        Separator(self._triggers).pack(fill="x", pady=(theme.px(10), 0))
        head = Box(self._triggers)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(2), 0))
        Label(head, "Trigger phrases", bold=True).pack(side="left")
        self.copy = Button(head, "Copy", lambda: self._actions.copy(self._phrases), kind="link", height=24)
        self.copy.pack(side="right")
        self.phrases = Label(self._triggers, wrap=True)
        self.phrases.pack(fill="x", padx=theme.px(theme.PAD))
        self._phrase_source = Label(self._triggers, size=11, ink="text3", wrap=True)
        self._phrase_source.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(2), 0))

    def _build_foot(self) -> None:
        foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Separator(foot).pack(fill="x")
        self._message_row = Box(foot)
        self.undo = Button(self._message_row, "Undo", self._actions.undo, kind="link", height=24)
        self.message = Label(self._message_row, size=12, ink="text2", wrap=True)
        self.message.pack(side="left", fill="x", expand=True, padx=(theme.px(4), 0))
        self._buttons = Flow(foot)
        self._buttons.pack(fill="x", padx=theme.px(10), pady=theme.px(8))
        self.edit = Button(self._buttons, "Edit profile", self._actions.edit, height=theme.ACTION)
        self.learn = Button(self._buttons, "Learn about this model…", self._actions.learn, height=theme.ACTION)
        self.compare = Button(self._buttons, _COMPARE, self._actions.compare, height=theme.ACTION)
        self.series = Button(self._buttons, "Find the best epoch…", self._actions.learn_series, height=theme.ACTION)
        self.main = self.learn

    def _offer(self, line: ModelLine, series: LoraSeries | CheckpointSeries | None, marked: str) -> None:
        entry = line.entry
        known = entry.kind in (*CHECKPOINTS, "lora")
        self.edit.set_text("Edit profile" if words.is_ours(entry) else "Make profile")
        self.learn.set_text("Learn about this LoRA…" if entry.kind == "lora" else "Learn about this model…")
        gone = "" if entry.name else "The model's file is not there; only files that describe it are."
        self.edit.enable(not gone, gone)
        self.learn.enable(not gone, gone)
        if series is not None:
            mixes = isinstance(series, CheckpointSeries) and series.by == "merge"
            self.series.set_text("Find the best mix…" if mixes else "Find the best epoch…")
            none = "" if isinstance(series, CheckpointSeries) else ", and no LoRA"
            tip(self.series, f"Compare the {len(series.stems)} files of {series.name}{none} (Ctrl+B)")
        more = [self.series] if series is not None else []
        waits = False
        if is_kind(entry.kind, "checkpoint"):
            mine = marked in ("", entry.stem)
            self.compare.set_text(f"Compare with {_cut(marked)}…" if not mine else _WAITS if marked else _COMPARE)
            self.compare.enable(not gone, gone)
            tip(self.compare, "Two checkpoints, the same prompts and seeds, on the pack in Create (Ctrl+K)")
            waits = not mine
            more.append(self.compare)
        # What was begun comes first, then what tells most.
        self.main = self.compare if waits else self.series if series is not None else self.learn
        for button in (self.compare, self.series, self.learn):
            button.be("main" if button is self.main else "plain")
        row = dict.fromkeys((self.main, self.learn, self.edit, *more))
        self._buttons.show(list(row) if known else [])

    def _show_triggers(self, settings: ModelSettings | None) -> None:
        phrases = settings.trigger_phrases if settings is not None else ()
        self._phrases = ", ".join(phrases)
        self.phrases.show("\n".join(phrases))
        self._phrase_source.show(settings.trigger_source if settings is not None else "")
        pack_if(phrases, self._triggers, fill="x", before=self.below)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


_LINE, _LABEL, _SOURCE = 26, 118, 122
_RANGE, _AXIS, _NUMBER, _LEAST_LABEL = 24, 20, 40, 40  # the chart of stars
_STARS = 5

_SHARE, _SOURCE_SHARE = 0.28, 0.32  # of the width, at most, for the columns of labels and sources


class FactLines(Painting):
    """Headings, values with their source and running text, drawn on one canvas as high as its lines.

    Turning to the next model so costs a few milliseconds and no new widgets. Every heading has a rule above it, but for
    the very first when `first`. The canvas takes the keyboard, so that everything can be read without a mouse:
    `scroll(pixels)` moves the area that holds it.
    """

    def __init__(self, parent: tk.Misc, scroll: Callable[[int], object], *, first: bool = False) -> None:
        self.lines: Sequence[FactLine] = ()
        self._is_first, self._ring = first, False
        super().__init__(parent, "surface", draw=self.refresh)
        for key, pixels in (("<Up>", -60), ("<Down>", 60), ("<Prior>", -400), ("<Next>", 400)):
            self.bind(key, lambda _event, pixels=pixels: scroll(theme.px(pixels)))  # type: ignore[misc]  # default binds it
        for on, event in ((True, "<FocusIn>"), (False, "<FocusOut>")):
            self.bind(event, lambda _event, on=on: self._focus(on))  # type: ignore[misc]

    def show(self, lines: Sequence[FactLine]) -> None:
        """Draw these; the same ones again cost nothing."""
        if lines != self.lines:
            self.lines = lines
            self.configure(takefocus=bool(lines))
            self.refresh()

    def _focus(self, on: bool) -> None:
        self._ring = on
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        self.clear()
        width = self.winfo_width()
        if width < theme.px(100):
            return
        y = 0
        for line in self.lines:
            if line.heading:
                y = self._heading(line, y, width)
            elif line.axis or line.stars is not None:
                y = self._range(line, y, width)
            elif line.label or line.lost:
                y = self._value(line, y, width)
            else:
                y = self._text(line, y, width)
        if int(self.cget("height")) != max(1, y):
            self.configure(height=max(1, y))
        if self._ring:
            self.focus_ring(1, 0, width - theme.px(8), max(6, y))

    def _heading(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        if y or not self._is_first:
            y += theme.px(10)
            self.fill(0, y, width, y + 1, "line")
        middle = y + theme.px(20)
        room = width - 2 * pad - self.words(pad, middle, line.text, bold=True) - theme.px(12)
        self.words(width - pad, middle, line.source, size=12, ink="text3", anchor="e", room=room)
        return y + theme.px(36)

    def _range(self, line: FactLine, y: int, width: int) -> int:
        """A line of the chart of stars, or its axis."""
        pad, height = theme.px(theme.PAD), theme.px(_AXIS if line.axis else _RANGE)
        first = pad + self._labels(width) + theme.px(18)
        pitch = (width - pad - theme.px(_NUMBER) - first) / (_STARS - 1)
        middle = y + height // 2
        for star in range(1, _STARS + 1):
            x = round(first + (star - 1) * pitch)
            if line.axis:
                number = self.words(x - theme.px(8), middle, str(star), size=11, ink="text3")
                sign = icons.icon("star", 8, "text3", "surface")
                self.picture(x - theme.px(5) + number, middle, sign, "w")
            else:
                self.fill(x, y, x + 1, y + height, "line")
        if line.stars is not None:
            low, mean, high = (round(first + (min(max(one, 1.0), 5.0) - 1) * pitch) for one in line.stars)
            self.words(pad, middle, line.label, bold=line.bold, ink="text" if line.bold else "text2", room=first - pad)
            half = theme.px(4)
            ink: Role = "chart_best" if line.bold else "chart_range"
            self.fill(low, middle - half, max(high, low + 1), middle + half, ink)
            self.fill(mean - theme.px(1), middle - theme.px(7), mean + theme.px(2), middle + theme.px(7), "chart_mean")
            ink = "text" if line.bold else "text2"
            self.words(width - pad, middle, line.text, bold=line.bold, ink=ink, anchor="e")
        return y + height

    def _labels(self, width: int) -> int:
        """Width of the labels of the chart."""
        face = theme.font(13, True)
        widest = max((face.measure(line.label) for line in self.lines if line.stars is not None), default=0)
        return min(max(widest, theme.px(_LEAST_LABEL)), round(width * _SHARE * 1.4))

    def _value(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        left = pad + min(theme.px(_LABEL), round(width * _SHARE))
        source = width - pad - min(theme.px(_SOURCE), round(width * _SOURCE_SHARE))
        height = theme.px(20 if line.lost else _LINE)
        middle = y + height // 2
        self.words(pad, middle, line.label, ink="text2", room=left - pad - theme.px(6))
        size, ink = 12 if line.lost else 13, "text3" if line.lost else line.ink
        room = (source if line.source else width - pad) - left - theme.px(8)
        self.words(left, middle, line.text, size=size, bold=line.bold, ink=ink, room=room)
        if line.mark:
            self.picture(source, middle, icons.icon(line.mark, 10, line.mark_ink, "surface"), "w")
        room = width - pad - source - theme.px(17)
        self.words(source + theme.px(17), middle, line.source, size=12, ink="text3", room=room)
        return y + height

    def _text(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        x = pad + (theme.px(22) if line.sign else 0)
        room = theme.px(_SOURCE) if line.source else 0
        size, across = 12 if line.ink != "text" else 13, max(40, width - pad - x - room)
        self.words(x, y + theme.px(2), line.text, size=size, bold=line.bold, ink=line.ink, anchor="nw", width=across)
        bottom = self.bottom()
        if line.sign:
            self.picture(pad, y + theme.px(3), icons.icon(line.sign, 14, line.ink, "surface"))
        if line.source:
            left, inner = width - pad - room + theme.px(8), room - theme.px(8)
            self.words(left, y + theme.px(10), line.source, size=12, ink="text3", room=inner)
        return bottom + theme.px(4)
