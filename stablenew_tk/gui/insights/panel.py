"""The middle of Insights: what is known of one Learning Run or hint, from the verdict down to the pictures.

Below the verdict stand the buttons; in their place a preset gets its name.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from ...app.insights.actions import ActionKey, InsightAction
from ...domain.base.colour_roles import Role
from ...domain.base.key_press import act_on
from ...domain.config.sweep import is_wording
from ...domain.insights.association import Association
from ...domain.insights.naming import plan_naming
from ...domain.insights.report import Report
from ...domain.insights.titles import VERDICT_NAMES
from ...domain.insights.verdict_text import beside_figure, figure
from ...domain.runs.plan import VerdictState
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.flow import Flow, pack_if
from ..widgets.marks import Chip, Figure
from ..widgets.notices import Notice
from ..widgets.page_frame import SizeClass
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ScrollArea
from .filmstrip import Filmstrip
from .heat_map import HeatMap
from .hint_table import HintTable
from .interval_chart import IntervalChart
from .sureness_chart import SurenessChart
from .tag_bars import TagBars

_PAD = 20
_FIGURE = 240  # px that the probability has at the right
_CHART_MOST, _PICTURES_LEAST = 1040, 300  # px; more would only lengthen the chart, and pictures gain by it
_INKS: dict[VerdictState, tuple[Role, Role]] = {
    "best": ("ok", "ok_soft"),
    "settled": ("ok", "ok_soft"),
    "leaning": ("accent_text", "selection"),
    "no_difference": ("info", "info_soft"),
    "too_early": ("text2", "raised2"),
}
ChipContent = tuple[str, Role, Role]  # words, ink, ground
_HINT: ChipContent = ("Hint, not proof", "info", "info_soft")
_BLIND: ChipContent = ("Blind", "text2", "raised2")


def verdict_chip(state: VerdictState) -> ChipContent:
    """The chip of a verdict."""
    return (VERDICT_NAMES[state], *_INKS[state])


class PresetForm(Box):
    """Name of a new preset, or the one that gets the value, too, and the value where the user chooses it himself.

    `save(place, name, preset_id)` follows, the id "" for a new preset.
    """

    def __init__(self, parent: tk.Misc, save: Callable[[int, str, str], object], leave: Callable[[], object]) -> None:
        super().__init__(parent)
        self._save = save
        # With a value to choose and presets to add it to there is too little room for one row.
        self._above = Box(self)
        self._place = 0
        self._names: tuple[str, ...] = ("",)
        self._label = Label(self, "Value", size=12, ink="text3")
        self.value = ChoiceField(self, (), self._chosen, width=150)
        self.target = ChoiceField(self, (), lambda _preset_id: self._show_target(), width=190)
        self._name_label = Label(self, "Name", size=12, ink="text3")
        self.name = Entry(self, width=210)
        self.button = Button(self, "Save preset", self._done, kind="main")
        self.cancel = Button(self, "Cancel", leave, kind="quiet")
        for key in ("<Return>", "<KP_Enter>"):
            self.name.field.bind(key, lambda _event: self._done())
        for part in (self.name.field, self.value, self.target, self.button, self.cancel):
            part.bind("<Escape>", lambda _event: leave() or "break")

    def open(
        self,
        texts: Sequence[str],
        names: Sequence[str],
        place: int,
        *,
        ask_value: bool,
        add_to: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Ask for the name; `names` are the proposals by place of the value, `texts` the values' own words. `add_to`
        are ids and names of the presets that may get the value, too.
        """
        self._place, self._names = place, tuple(names)
        for part in (self._label, self.value, self.target, self._name_label, self.name, self.button, self.cancel):
            part.pack_forget()
        gap = theme.px(8)
        where = self._above if ask_value and add_to else self
        self._above.pack_forget()
        if where is self._above:
            where.pack(side="top", fill="x")
        if ask_value:
            self.value.set_entries([MenuEntry(str(number), text) for number, text in enumerate(texts)])
            self.value.set(str(place))
            self._label.pack(in_=where, side="left", padx=(theme.RING, 0))
            self.value.pack(in_=where, side="left", padx=(gap // 2, gap))
        self.target.set_entries([MenuEntry("", "A new preset"), *(MenuEntry(one, f"Add to {n}") for one, n in add_to)])
        self.target.set("")
        if add_to:
            self.target.pack(in_=where, side="left", padx=(0, gap))
        self._name_label.pack(side="left", padx=(theme.RING, 0))
        self.name.set(names[place])
        self.name.pack(side="left", padx=(gap // 2, gap))
        self.button.pack(side="left")
        self.cancel.pack(side="left")
        self._show_target()
        self.name.field.focus_set()
        self.name.field.select_range(0, "end")

    def _show_target(self) -> None:
        """A preset that is there already has its name."""
        new, gap = not self.target.value, theme.px(8)
        pack_if(new, self._name_label, side="left", padx=(theme.RING, 0), before=self.button)
        pack_if(new, self.name, side="left", padx=(gap // 2, gap), before=self.button)
        self.button.set_text("Save preset" if new else "Add to it")

    def _chosen(self, value: str) -> None:
        untouched = self.name.get() == self._names[self._place]
        self._place = int(value)
        if untouched:
            self.name.set(self._names[self._place])

    def _done(self) -> str:
        if self.target.value or self.name.get().strip():
            self._save(self._place, self.name.get().strip(), self.target.value)
        else:
            self.name.error("A preset needs a name.")
        return "break"


class VerdictHead(Box):
    """Chip, scope, headline, meaning, remark, the buttons, and a line about what has just been done."""

    def __init__(
        self, parent: tk.Misc, press: Callable[[ActionKey], object], save: Callable[[int, str, str], object]
    ) -> None:
        super().__init__(parent, "bg")
        self._press = press
        ring, gap = theme.px(theme.RING), theme.px(8)
        top = Box(self)
        top.pack(fill="x", padx=ring)
        self.chip = Chip(top)
        self.chip.pack(side="left")
        self.scope = Label(top, "", size=12, ink="text2", wrap=True)
        self.scope.pack(side="left", fill="x", expand=True, padx=(theme.px(10), 0))
        said = Box(self)
        said.pack(fill="x", padx=ring, pady=(gap, 0))
        # The number has a place of its own: a sentence that grows never moves it.
        self.figure = Figure(said, width=_FIGURE)
        self.figure.pack(side="right", anchor="n")
        text = Box(said)
        text.pack(side="left", fill="both", expand=True)
        self.headline = Label(text, "", size=20, bold=True, wrap=True)
        self.headline.pack(fill="x")
        self.meaning = Label(text, "", size=13, wrap=True)
        self.remark = Label(text, "", size=12, ink="text2", wrap=True)
        self._strip = Box(self)
        self._strip.pack(fill="x", pady=(gap, 0))
        self._flow = Flow(self._strip)
        self._flow.pack(fill="x")
        self.form = PresetForm(self._strip, save, self.close_form)
        self.buttons: dict[str, Button] = {}
        self._notice = Box(self)
        self.notice = Label(self._notice, "", size=12, ink="text2", wrap=True)
        self.notice.pack(side="left", padx=(ring, 0))
        self.undo = Button(self._notice, "Undo", lambda: self._undo(), kind="link", height=24)
        self._undo: Callable[[], object] = lambda: None
        self.use = Button(self._notice, "", lambda: self._use(), kind="link", height=24)
        self._use: Callable[[], object] = lambda: None

    def show(
        self,
        chip: ChipContent,
        scope: str,
        headline: str,
        meaning: str = "",
        remark: str = "",
        *,
        figure: tuple[str, str] = ("", ""),
    ) -> None:
        """Say what is known. `figure`: the probability as a number, and what it is of."""
        self.figure.show(*figure)
        self.chip.show(*chip, bold=True)
        self.scope.show(scope)
        self.headline.show(headline)
        self.meaning.show(meaning)
        self.remark.show(remark)
        pack_if(meaning, self.meaning, after=self.headline, fill="x", pady=(theme.px(4), 0))
        pack_if(remark, self.remark, side="bottom", fill="x", pady=(theme.px(2), 0))

    def offer(self, actions: Sequence[InsightAction]) -> None:
        """Show these buttons; the same ones keep the focus and only change their words."""
        for action in actions:
            button = self.buttons.get(action.key)
            if button is None:
                press = partial(self._press, action.key)
                button = Button(
                    self._flow,
                    action.text,
                    press,
                    note=action.note,
                    kind=action.kind,
                    height=theme.ACTION,
                    steady=action.key == "use",
                )
                self.buttons[action.key] = button
            button.set_text(action.text, action.note)
            button.be(action.kind)
            button.enable(not action.why, action.why)
        self._flow.show([self.buttons[action.key] for action in actions])

    def open_form(
        self,
        texts: Sequence[str],
        names: Sequence[str],
        place: int,
        *,
        ask_value: bool,
        add_to: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Ask for a preset's name in place of the buttons: there is one main action at a time."""
        self._flow.pack_forget()
        self.form.pack(fill="x")
        self.form.open(texts, names, place, ask_value=ask_value, add_to=add_to)

    def close_form(self) -> None:
        """The buttons again, the keyboard on the one that opened the form."""
        if self.form.winfo_manager():
            self.form.pack_forget()
            self._flow.pack(fill="x")
            if "preset" in self.buttons:
                self.buttons["preset"].focus_set()

    def tell(
        self,
        sentence: str,
        undo: Callable[[], object] | None = None,
        *,
        use: tuple[str, Callable[[], object]] | None = None,
        ink: Role = "text2",
    ) -> None:
        """A line below the buttons, with an undo and a button for what comes next where there is one; "" = no line."""
        if not sentence:
            self._notice.pack_forget()
            return
        self.notice.show(sentence, ink)
        self._undo = undo or (lambda: None)
        # Beside buttons a short sentence stands; a long one alone has all the width, and as many lines as it needs.
        alone = undo is None and use is None
        self.notice.wrap(alone)
        self.notice.pack_configure(fill="x" if alone else "none", expand=alone)
        if use is not None:
            self.use.set_text(use[0])
            self._use = use[1]
        pack_if(use, self.use, side="left", after=self.notice)
        pack_if(undo, self.undo, side="left")
        self._notice.pack(fill="x", pady=(theme.px(2), 0))


class InsightPanelActions(Struct, frozen=True, kw_only=True):
    """What the panel asks of the page. `ask` orders a thumbnail, `press` does what a button says, `row` gets the place
    of the value chosen, `review` shows the pictures, `run` the Learning Run of an id, `save` gets place and name of a
    preset, and the id of the one to add the value to.
    """

    ask: Callable[[MakeThumbnail], None]
    press: Callable[[ActionKey], None]
    row: Callable[[int], None]
    review: Callable[[], None]
    run: Callable[[str], None]
    save: Callable[[int, str, str], None]


class InsightPanel(Box):
    """The panel; it scrolls as a whole. `head`, `chart` and `pictures` are its parts."""

    def __init__(self, parent: tk.Misc, actions: InsightPanelActions) -> None:
        super().__init__(parent, "bg")
        self._actions = actions
        self._area = ScrollArea(self, "bg")
        self._area.pack(fill="both", expand=True)
        self._notice = Notice(self)
        ring, pad = theme.px(theme.RING), theme.px(_PAD)
        body = Box(self._area.body)
        body.pack(fill="both", expand=True, padx=pad - ring, pady=pad)
        self.head = VerdictHead(body, actions.press, actions.save)
        self.head.pack(fill="x")
        self.evidence = Box(body)
        # Columns of equal weight would share an odd pixel out anew after every layout, and never come to rest.
        self.evidence.bind("<Configure>", lambda event: self._share(event.width))
        self.chart = IntervalChart(self.evidence, chosen=self._chosen, opened=lambda _index: actions.review())
        self.map = HeatMap(self.evidence, chosen=self._chosen, opened=lambda _at: actions.review())
        self.pictures = Filmstrip(self.evidence, ask=actions.ask, opened=actions.review)
        self.sureness = SurenessChart(self.evidence, opened=actions.run)
        self.tags = TagBars(self.evidence)
        self._size: SizeClass = "usual"
        self._with_map = self._beside = False
        self._lay_out()
        self._below = Box(body)
        self.table = HintTable(self._below)
        self.table.pack(fill="x")
        self._report: Report | None = None

    def fit(self, size: SizeClass) -> None:
        """Leave away what a narrow window has no room for; in a wide one the pictures have a column of their own."""
        if self.chart.narrow != (size == "narrow"):
            self.chart.narrow = size == "narrow"
            self.chart.refresh()
        self._size = size
        self._arrange()

    def _arrange(self) -> None:
        """A map needs less width than a chart, so that pictures have room beside it in most windows."""
        beside = self._size == "wide" or (self._with_map and self._size == "usual")
        if self._beside != beside:
            self._beside = beside
            self._lay_out()
        else:
            self._place_chart()

    def _lay_out(self) -> None:
        """The chart across, below it pictures and tags, then how sure it was over time; or all of them below each other
        and beside them the pictures, large.
        """
        wide, gap = self._beside, theme.px(12)
        # A grid remembers a span that is not named.
        pictures = {"row": 0, "column": 1, "rowspan": 3} if wide else {"row": 1, "column": 0, "rowspan": 1}
        tags = {"row": 1, "column": 0} if wide else {"row": 1, "column": 1}
        self._place_chart()
        half = 0 if wide else gap // 2
        self.tags.grid(sticky="new" if wide else "nsew", padx=(half, 0), pady=(gap, 0), **tags)  # type: ignore[arg-type]  # numbers
        self.pictures.grid(sticky="nsew", padx=(gap if wide else 0, half), pady=(0 if wide else gap, 0), **pictures)  # type: ignore[arg-type]  # numbers
        self.sureness.grid(row=2, column=0, columnspan=1 if wide else 2, sticky="new", pady=(gap, 0))
        self.evidence.rowconfigure(2, weight=1)
        self.pictures.stand(upright=wide)
        self._share(self.evidence.winfo_width())

    def _place_chart(self) -> None:
        """The chart of one setting or the map of two, whichever is shown."""
        shown, other = (self.map, self.chart) if self._with_map else (self.chart, self.map)
        other.grid_remove()
        shown.grid(row=0, column=0, columnspan=1 if self._beside else 2, sticky="new")

    def _share(self, width: int) -> None:
        """Half and half, or so much for the chart as it can use and the rest for the pictures."""
        left = min(theme.px(_CHART_MOST), width - theme.px(_PICTURES_LEAST)) if self._beside else width // 2
        self.evidence.columnconfigure(0, minsize=max(left, 1))
        self.evidence.columnconfigure(1, minsize=max(width - left, 1))
        self.pictures.fit(width - left if self._beside else left)
        self.sureness.room(left if self._beside else width)

    def to_top(self) -> None:
        """The beginning again, for something else to be shown; what was said of the last thing goes away."""
        self.head.close_form()
        self.head.tell("")
        self._area.scroll_to(0)

    def show_report(self, report: Report, scope: str, at: int) -> None:
        """A report with the value at place `at` chosen."""
        alone = f"This run alone: {report.alone.headline}" if report.alone is not None else ""
        remark = " ".join(part for part in (report.remark, alone, report.over_time) if part)
        verdict = report.verdict
        said = verdict.headline, beside_figure(verdict), remark
        self.head.show(verdict_chip(verdict.state), scope, *said, figure=figure(verdict))
        self._report = report
        self._parts(self.evidence)
        self._with_map = report.insight.pair is not None
        self._arrange()
        if self._with_map:
            self.map.show(report, at)
        else:
            self.chart.show(report, at)
        self._show_pictures(at)
        self.sureness.show(report)
        self.tags.show(report)

    def show_waiting(self, scope: str) -> None:
        """The report is being worked out."""
        self._bare()
        self.head.show(verdict_chip("too_early"), scope, "Working out what your stars say…")
        self.head.offer(())

    def show_blind(self, scope: str, meaning: str, actions: Sequence[InsightAction]) -> None:
        """A plan of which nothing may be shown."""
        self._bare()
        self.head.show(_BLIND, scope, "Rate it first: its values are still hidden.", meaning)
        self.head.offer(actions)

    def show_hints(
        self, scope: str, hints: Sequence[Association], doubt: str, actions: Sequence[InsightAction] = ()
    ) -> None:
        """The choices of one slot or setting of everyday runs. `doubt` says how many hints are expected to be false."""
        self._bare(self._below)
        self.head.show(
            _HINT,
            scope,
            hints[0].sentence,
            f"From everyday runs, where several things change at once. {doubt} Only a Learning Run can prove it.",
        )
        self.head.offer(actions)
        self.table.show(hints)

    def show_nothing(self, sentence: str, button: str = "", action: Callable[[], None] = lambda: None) -> None:
        """A sentence and perhaps a button in the middle."""
        self._bare()
        self._area.pack_forget()
        self._notice.show(sentence, button, action)

    def _bare(self, *parts: tk.Widget) -> None:
        """Show these parts below the head, and nothing of a report shown before."""
        self._report = None
        self._parts(*parts)

    def _parts(self, *wanted: tk.Widget) -> None:
        self._notice.hide()
        self._area.pack(fill="both", expand=True)
        for part in (self.evidence, self._below):
            pack_if(part in wanted, part, fill="x", pady=(theme.px(12), 0), padx=theme.px(theme.RING))

    def _show_pictures(self, at: int) -> None:
        if self._report is not None and 0 <= at < len(self._report.values):
            line = self._report.values[at]
            name = plan_naming(self._report.plan)
            cut = line.text != line.value and is_wording(self._report.focus.path)
            # A long wording stands in full below; above it there is no room.
            title = "Pictures with these words" if cut else f"Pictures at {name(line.value)}"
            base = self._report.plan.base_config.txt2img
            self.pictures.show(title, line.images, str(line.value) if cut else "", shape=base.height / base.width)

    def move(self, key: str) -> bool:
        """Go where a key leads among the values shown; False for keys that lead nowhere."""
        if self._report is None:
            return False
        if self._report.insight.pair is not None:
            return self.map.move(key) or act_on({"r": self.map.turn_ranges}, key.lower())
        at, last = self.chart.selected, len(self._report.values) - 1
        moves = {"Up": max(0, at - 1), "Down": min(last, at + 1)}
        return act_on({name: lambda to=to: self.chart.select(to) for name, to in moves.items()}, key)  # type: ignore[misc]

    def _chosen(self, index: int) -> None:
        self._show_pictures(index)
        if self._report is not None and self._report.insight.pair is not None:
            self._actions.row(index)
            return
        top, bottom = self.chart.row_span(index)
        edge = self._area.winfo_rooty()
        below, above = bottom - edge - self._area.winfo_height(), top - edge
        self._area.scroll_by(max(below, 0) or min(above, 0))
        self._actions.row(index)
