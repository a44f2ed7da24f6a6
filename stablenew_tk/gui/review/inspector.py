"""Everything about the current picture: preview, stars, values asked and applied, prompt, file, tags and note."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct
from PIL import ImageTk

from ...app import wording as phrases
from ...app.controller import Controller
from ...app.feedback import State
from ...app.review.record_lines import RecordLine, asked_and_applied, origin_lines, output_of
from ...domain.base.wording import pack_title
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.record import LearningRecord, Output
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import ReadRecord, RecordRead
from ...pipeline.messages.pictures import MakeThumbnail, RevealFile, ThumbnailReady
from ..widgets import icons, marks, theme
from ..widgets.basics import Box, Button, Card, Label, Separator
from ..widgets.controls import Segmented
from ..widgets.flow import pack_if, tab_order
from ..widgets.page_frame import DeferringBox
from ..widgets.painting import Painting
from ..widgets.rescaling import Scaled
from ..widgets.tag_chips import TagChips
from ..widgets.thumbnails import edge_for, fitted
from ..widgets.tooltips import tip
from .inspector_tabs import FileLines, PromptText, ValueTable

WIDTH = 320
_PREVIEW, _STAR = (112, 164), 20
_LONG_SEED = 10**16
# While an arrow key is held down, only the picture that stays is read from disk.
_SETTLE_MS = 60
_TABS = (("values", "Values"), ("prompt", "Prompt"), ("origins", "Origins"), ("file", "File"))


def _preview_box() -> tuple[int, int]:
    return theme.px(_PREVIEW[0]), theme.px(_PREVIEW[1])


class InspectorHead(Box, Scaled):
    """Preview at the left, name, facts and stars at the right. `rate(stars)` is called by a click on a star."""

    def __init__(self, parent: tk.Misc, rate: Callable[[int], None]) -> None:
        super().__init__(parent)
        self._rate = rate
        self._facts: ImageFacts | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._jpeg = b""
        self._row: ImageTk.PhotoImage | None = None
        width, height = _preview_box()
        self._picture = Painting(self, "image_ground", width=width, height=height, draw=self._paint_preview)
        self._picture.pack(side="left")
        side = Box(self)
        side.pack(side="left", fill="both", expand=True, padx=(theme.px(12), 0))
        self._name = Label(side, size=13, bold=True)
        self._name.pack(fill="x")
        self._lines = [Label(side, size=12, ink="text3") for _ in range(3)]
        for line in self._lines:
            line.pack(fill="x", pady=(theme.px(4), 0))
        self._rated = Label(side, size=11, ink="text3")
        self._rated.pack(side="bottom", fill="x")
        self._stars = tk.Label(side, bd=0, padx=0, pady=0, anchor="w", cursor="hand2")
        self._stars.pack(side="bottom", anchor="w", pady=(0, theme.px(4)))
        self._stars.bind("<Button-1>", self._clicked)
        self._paint_stars()

    @staticmethod
    def edge() -> int:
        """The thumbnail size to ask for."""
        return edge_for((theme.px(_PREVIEW[0]), theme.px(_PREVIEW[1])))

    def show(self, facts: ImageFacts | None, state: State) -> None:
        """What is known without the record."""
        before, self._facts = self._facts, facts
        if facts is None or before is None or before.image_id != facts.image_id:
            self._photo = None
            self._name.show("" if facts is not None else "Nothing selected")
            for line in self._lines:
                line.show("")
            if facts is not None:
                self._elided(self._lines[0], pack_title(facts.pack_id), 12, tail=f" · {phrases.moment(facts.time_ms)}")
            self._paint_preview()
        if before is None or facts is None or before.rating != facts.rating:
            self._paint_stars()
        if facts is None:
            self._rated.show("")
        elif state == "unsaved":
            self._rated.show("not saved yet, trying again", "danger")
        elif state == "saving":
            self._rated.show("saving…", "text3")
        else:
            self._rated.show(f"{facts.rating} of 5 · rated" if facts.rating else "unrated", "text3")

    def remeasure(self) -> None:
        """Fit the small picture into its new place."""
        if self._photo is not None:
            self._photo = fitted(self._jpeg, _preview_box())

    def details(self, record: LearningRecord, output: Output) -> None:
        """What only the record knows."""
        self._elided(self._name, record.prompt_id, 13, bold=True)
        # Of twenty digits none may be cut off.
        self._lines[1].show(f"seed {output.seed}" if output.seed < _LONG_SEED else str(output.seed))
        stage = f" · {output.stage}" if len(record.stages) > 1 else ""
        self._lines[2].show(f"{output.width} × {output.height}{stage} · {phrases.seconds(record.seconds)}")

    def preview(self, event: ThumbnailReady) -> None:
        """Take the small picture, whoever asked for it, as long as it is large enough."""
        if self._photo is not None or not event.jpeg or event.edge < self.edge():
            return
        try:
            self._photo, self._jpeg = fitted(event.jpeg, _preview_box()), event.jpeg
        except OSError as error:
            self._rated.show(f"No preview: {error}", "warn")
        self._paint_preview()

    def _elided(self, line: Label, text: str, size: int, *, bold: bool = False, tail: str = "") -> None:
        """Cut the text, not its tail, to the room there is."""
        face = theme.font(size, bold)
        room = self.winfo_width() - theme.px(_PREVIEW[0] + 12) - face.measure(tail)
        line.show((theme.elide(text, face, room) if room > 0 else text) + tail)

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self._facts is not None:
            self._rate(marks.star_at(event.x, _STAR))

    def _recolour(self) -> None:
        super()._recolour()
        self._paint_stars()

    def _paint_stars(self) -> None:
        self._row = marks.star_row(self._facts.rating if self._facts is not None else 0, _STAR, "surface")
        self._stars.configure(image=self._row, bg=theme.palette["surface"])

    def _paint_preview(self) -> None:
        self._picture.clear()
        if self._photo is not None:
            self._picture.picture(theme.px(_PREVIEW[0]) // 2, theme.px(_PREVIEW[1]) // 2, self._photo, "center")


class SuspectBox(Box):
    """Why a picture does not count as evidence; out of sight when it does. It packs and unpacks itself."""

    def __init__(self, parent: tk.Misc, make_again: Callable[[], None]) -> None:
        super().__init__(parent)
        card = Card(self, "warn_soft", "warn")
        card.pack(fill="x")
        inside = Box(card, "warn_soft")
        # The button brings its own room for the ring; everything else is moved in by as much.
        inside.pack(fill="x", padx=theme.px(10 - theme.RING), pady=theme.px(9))
        head = Box(inside)
        head.pack(fill="x", padx=theme.px(theme.RING))
        self._badge = tk.Label(
            head, text="suspect", compound="left", font=theme.font(11, True), bd=0, padx=theme.px(6), pady=theme.px(2)
        )
        self._badge.pack(side="left")
        Label(head, "Not counted as evidence", size=12, bold=True).pack(side="left", padx=(theme.px(8), 0))
        self._why = Label(inside, size=12, ink="text2", wrap=True)
        self._why.pack(fill="x", padx=theme.px(theme.RING), pady=theme.px(6))
        Button(inside, "Make again", make_again, height=theme.SMALL).pack(anchor="w")
        self._paint()

    def show(self, sentences: Sequence[str]) -> None:
        """Say why, or go out of sight when there is nothing to say."""
        self._why.show("\n".join(sentences))
        after = self.master.winfo_children()[0]
        pack_if(sentences, self, after=after, fill="x", padx=theme.px(16), pady=(theme.px(4), theme.px(8)))

    def _recolour(self) -> None:
        super()._recolour()
        self._paint()

    def _paint(self) -> None:
        self._icon = icons.icon("warning", 12, "badge_ink", "badge")
        self._badge.configure(image=self._icon, bg=theme.palette["badge"], fg=theme.palette["badge_ink"])


class InspectorActions(Struct, frozen=True, kw_only=True):
    """What the inspector can ask of its page. `back` gives the keyboard back to the grid."""

    rate: Callable[[int], None]
    toggle_tag: Callable[[str], None]
    save_note: Callable[[int, str], None]
    make_again: Callable[[LearningRecord], None]
    use_settings: Callable[[LearningRecord], None]
    learn: Callable[[LearningRecord, ImageFacts], None]
    back: Callable[[], None]


class Inspector(DeferringBox):
    """The panel at the right. `show` is cheap; record and preview follow when the picture has settled."""

    def __init__(self, parent: tk.Misc, controller: Controller, actions: InspectorActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTH))
        self.pack_propagate(False)
        self._controller, self._actions = controller, actions
        self._facts: ImageFacts | None = None
        self._record: LearningRecord | None = None
        self._shown: tuple[object, ...] | None = None
        self._head = InspectorHead(self, actions.rate)
        self._head.pack(fill="x", padx=theme.px(16), pady=(theme.px(12), theme.px(8)))
        self._suspect = SuspectBox(self, self._make_again)
        self._build_bottom()
        self._tabs = Segmented(self, _TABS, self._show_tab, kind="tabs")
        self._tabs.pack(anchor="w", padx=theme.px(16 - theme.RING), pady=(0, 0))
        Separator(self).pack(fill="x")
        self._body = Box(self)
        self._body.pack(fill="both", expand=True, pady=(theme.px(2), 0))
        self._values = ValueTable(self._body)
        self._prompt = PromptText(self._body)
        self._file = FileLines(self._body, self._reveal)
        self._show_tab("values")
        tab_order(self._tabs, self._body, self.chips, self._foot)

    @property
    def record(self) -> LearningRecord | None:
        """The record in sight, once it has been read."""
        return self._record

    def show(self, facts: ImageFacts | None, state: State, tagged: ImageFacts | None, tags_go_to: str) -> None:
        """Show a picture, or nothing. Called again with the same picture it only follows its feedback.

        `tagged` is the picture that the tags and the note are for, `tags_go_to` says so.
        """
        same = facts is not None and self._facts is not None and facts.image_id == self._facts.image_id
        self._facts, tags = facts, self._controller.settings.tags
        if self._shown == (facts, state, tags, tagged, tags_go_to):
            return
        self._shown = (facts, state, tags, tagged, tags_go_to)
        self._head.show(facts, state)
        self.chips.show(tagged, tags, tags_go_to, aside=tagged is not facts)
        for button in (self._use, self._learn):
            button.enable(self._record is not None and same, "The record is still being read.")
        if same:
            return
        self._record = None
        self._suspect.show(())
        self._fill()
        self.not_later("read")
        if facts is not None:
            self.later("read", _SETTLE_MS, self._read)

    def edit_note(self) -> None:
        """Put the cursor into the note."""
        self.chips.edit_note()

    def learn(self) -> None:
        """Begin a Learning Run from the picture in sight."""
        output = self._output()
        if self._record is not None and self._facts is not None and output is not None and not output.suspect:
            self._actions.learn(self._record, self._facts)

    def on_event(self, event: Event) -> None:
        """Take in the answers this panel waits for."""
        if self._facts is None:
            return
        if isinstance(event, RecordRead) and event.image_id == self._facts.image_id:
            self._record_read(event)
        elif isinstance(event, ThumbnailReady) and event.image_id == self._facts.image_id:
            self._head.preview(event)

    def _build_bottom(self) -> None:
        self._foot = foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Separator(foot).pack(fill="x")
        row = Box(foot)
        row.pack(fill="x", padx=theme.px(16 - theme.RING), pady=theme.px(12 - theme.RING))
        row.columnconfigure((0, 1), weight=1, uniform="half")
        self._use = Button(row, "Use these settings", self._use_settings, height=theme.CONTROL)
        self._use.grid(row=0, column=0, sticky="ew")
        self._learn = Button(row, "Learning Run…", self.learn, height=theme.CONTROL)
        self._learn.grid(row=0, column=1, sticky="ew")
        tip(self._learn, "Vary one thing around this picture, which becomes part of the first row (Ctrl+L)")
        self.chips = TagChips(self, self._actions.toggle_tag, self._actions.save_note, self._actions.back)
        self.chips.pack(side="bottom", fill="x", padx=theme.px(16 - theme.RING), pady=(theme.px(6), theme.px(10)))
        Separator(self).pack(side="bottom", fill="x")

    def _read(self) -> None:
        facts = self._facts
        if facts is None:
            return
        self._controller.ask(ReadRecord(image_id=facts.image_id, position=facts.position))
        order = MakeThumbnail(
            image_id=facts.image_id,
            position=facts.position,
            output_index=facts.output_index,
            edge=InspectorHead.edge(),
        )
        self._controller.ask(order, last=True)

    def _record_read(self, event: RecordRead) -> None:
        self._record = event.record
        output = self._output()
        if event.record is None or output is None:
            self._values.show((RecordLine((event.problem or "The record does not name this picture.",), warn=True),))
            self._show_tab("values")
            return
        self._head.details(event.record, output)
        self._suspect.show(phrases.doubts(event.record, output))
        self._use.enable(True)
        self._learn.enable(not output.suspect, "A suspect picture is no evidence: make it again first.")
        self._fill()

    def _output(self) -> Output | None:
        return output_of(self._record, self._facts.image_id) if self._facts is not None else None

    def _show_tab(self, tab: str) -> None:
        self._tabs.set(tab)
        wanted = {"prompt": self._prompt, "file": self._file}.get(tab, self._values)
        for part in (self._values, self._prompt, self._file):
            pack_if(part is wanted, part, fill="both", expand=True)
        self._fill()

    def _fill(self) -> None:
        record, output, tab = self._record, self._output(), self._tabs.value
        if tab == "prompt":
            self._prompt.show(record)
        elif tab == "file":
            self._file.show(record, output)
        elif record is None or output is None:
            self._values.show(())
        else:
            self._values.show(asked_and_applied(record, output) if tab == "values" else origin_lines(record))

    def _reveal(self) -> None:
        facts = self._facts
        if facts is not None:
            order = RevealFile(image_id=facts.image_id, position=facts.position, output_index=facts.output_index)
            self._controller.ask(order)

    def _make_again(self) -> None:
        if self._record is not None:
            self._actions.make_again(self._record)

    def _use_settings(self) -> None:
        if self._record is not None:
            self._actions.use_settings(self._record)
