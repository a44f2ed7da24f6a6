"""The bottom of the Create page: the Run button, the preset in force, and why a run cannot start."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.create.preset_choice import PresetChoice, PresetLine
from ...app.create.preset_text import evidence_words, presets_words
from ...app.presets import PresetOffer, values_words
from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted
from ...domain.journal.estimate import about
from ...domain.models.preset_scope import LEARNED, reasons
from ...domain.runs.job import RunRequest
from ...domain.runs.preset import Preset
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.controls import Check
from ..widgets.flow import pack_if, tab_order
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.tooltips import tip
from .preset_list import PresetActions, PresetPopup

_LEAST_PRESETS = 124  # px: of the menu of presets
_NO_PRESET, _ELSEWHERE = "No preset", "elsewhere"
_MANAGE = MenuEntry("manage", "All presets…")


class RunBar(Box):
    """What is chosen about the run itself, and the button that starts it.

    `run()` starts it, `changed()` tells that the record switch was turned, `chosen()` that another preset counts,
    `unfold()` shows the preview, `go_to_problem()` puts the keyboard on a field that is wrong, `forget_last_run()` lets
    the presets decide where the last run has another value. `adds`: the button says that its jobs come behind those
    that wait already.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        run: Callable[[], object],
        changed: Callable[[], object],
        presets: PresetChoice,
        chosen: Callable[[], object],
        forget_last_run: Callable[[], object],
        unfold: Callable[[], object],
        go_to_problem: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(parent, "surface")
        self.adds = False
        bar = Box(self, "surface", height=theme.px(theme.ACTION_BAR))
        bar.pack_propagate(False)
        bar.pack(side="bottom", fill="x")
        # A line of its own: beside the button there is too little room for a sentence.
        self._told = BarLine(self)
        self.message = self._told.words
        self.go_button = self._told.button("Go to it", go_to_problem)
        self._rule = Separator(self)
        self._rule.pack(side="bottom", fill="x")
        self._overruled = BarLine(self)
        self.forget_button = self._overruled.button("Forget what the last run had", forget_last_run)
        self.scope = ScopeLine(self, presets, chosen=chosen, above=self._rule)
        self.record = Check(bar, "Record this run", lambda _on: changed(), on=True)
        self.presets = PresetMenu(bar, presets, chosen=chosen)
        self.button = Button(bar, "Run", run, kind="main", height=theme.MAIN)
        # Where there is little room, the menu gets narrower, never the button that says what will be made.
        self.button.pack(side="right", padx=theme.px(12))
        self.record.pack(side="left", padx=theme.px(12))
        self.presets.pack(side="left")
        self._unfold = Button(bar, "Preview", unfold, kind="outline", height=theme.ACTION)
        tip(self._unfold, "What is being made, and the latest pictures (I)")
        tab_order(self.record, self.presets, self._unfold, self.button)

    def offer_preview(self, on: bool) -> None:
        """Show the button that unfolds the preview, or hide it."""
        if on:
            self._unfold.pack(side="right", after=self.button)
        else:
            self._unfold.pack_forget()

    def overruled(self, sentence: str) -> None:
        """Say above the bar what the last run decides in place of the preset; "" takes the line away."""
        self._overruled.say(sentence)
        pack_if(sentence, self._overruled, side="bottom", fill="x", padx=theme.px(16), after=self._rule)

    def tell(self, words: str, ink: Role, *, way: str = "") -> None:
        """Say this above the bar; "" takes the line away. `way` is what the button says that leads to the field."""
        self._told.say(words, ink)
        if way and self.go_button.text != way:
            self.go_button.set_text(way)
        pack_if(way, self.go_button, side="right", before=self.message)
        pack_if(words, self._told, side="bottom", fill="x", padx=theme.px(16), pady=(theme.px(8), 0), before=self._rule)

    def refuse(self, why: str) -> None:
        """Nothing can be run now."""
        self.button.set_text("Run")
        self.button.enable(False, why)

    def show(
        self,
        request: RunRequest,
        seconds: float | None,
        *,
        absent: str = "",
        adds: bool = False,
        machines: int = 1,
    ) -> None:
        """Say what a click will make and how long it will take on so many machines (None = not known). `absent` says
        why the backend cannot make it just now; `adds`: to what is at work.
        """
        self.adds = adds
        jobs = len(request.variants) * request.seeds_per_prompt
        images = f"· {counted(jobs * request.config.txt2img.batch_size, 'image')}"
        where = f" on {machines} machines" if machines > 1 else ""
        time = f"· {about(seconds)}{where}" if seconds is not None else f"·{where}" if where else ""
        text = f"{'Add' if adds else 'Run'} {counted(jobs, 'job')}"
        notes = (f"· {absent}", "· no answer", "") if absent else (f"{images} {time}".strip(), time or images, "")
        room = self._room_for_run()
        wide = theme.font(13, True).measure(text) + theme.px(44 + 2 * theme.RING)
        note = next((note for note in notes if wide + theme.font(12).measure(note) <= room), "")
        self.button.set_text(text, note)
        self.button.enable(not absent, f"{absent}. It can be run as soon as the backend answers." if absent else "")

    def _room_for_run(self) -> int:
        """Pixels for the Run button that leave the menu of presets wide enough to be read."""
        others = self.record.winfo_reqwidth() + theme.px(_LEAST_PRESETS + 4 * 12)
        others += self._unfold.winfo_reqwidth() if self._unfold.winfo_manager() else 0
        return self.winfo_width() - others if self.winfo_width() > 1 else 10_000


class BarLine(Box):
    """A sentence above the bar with buttons at its right end. It has as many lines as it needs."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "surface")
        self.words = Label(self, size=12, ink="warn", wrap=True)
        self.words.pack(side="left", fill="x", expand=True)

    def button(self, words: str, command: Callable[[], object]) -> Button:
        """One more button, left of those there are."""
        button = Button(self, words, command, kind="link")
        button.pack(side="right", before=self.words)
        return button

    def say(self, sentence: str, ink: Role = "warn") -> None:
        """Show this sentence."""
        self.words.show(sentence, ink)


class ScopeLine(BarLine):
    """What is asked or said about a preset outside its scope. `chosen()` follows an answer; the line stands above a
    widget of the bar.
    """

    def __init__(self, parent: tk.Misc, presets: PresetChoice, *, chosen: Callable[[], object], above: tk.Widget):
        super().__init__(parent)
        self._presets, self._chosen, self._above = presets, chosen, above
        self._line: PresetLine | None = None
        # Two at most; made once, so that the keyboard stays where it is while the words change.
        self.buttons = tuple(self.button("", lambda at=at: self._answered(at)) for at in (1, 0))[::-1]  # type: ignore[misc]  # default binds the place

    def show(self, line: PresetLine | None) -> None:
        """Show this line, None = none."""
        if line != self._line:
            self._line = line
            if line is not None:
                self.say(line.sentence, "text" if len(line.answers) > 1 else "warn")
                for at, button in enumerate(self.buttons):
                    button.pack_forget()
                    if at < len(line.answers):
                        button.set_text(line.answers[at][0])
                for at in reversed(range(len(line.answers))):
                    self.buttons[at].pack(side="right", before=self.words)
        pack_if(line, self, side="bottom", fill="x", padx=theme.px(16), after=self._above)

    def _answered(self, at: int) -> None:
        if self._line is not None and at < len(self._line.answers):
            self._presets.answer(self._line, yes=self._line.answers[at][1])
            self._chosen()


class PresetMenu(Box):
    """All presets and "No preset"; shows those that count here. Those for other packs, checkpoints or engines stand
    apart, below a heading. `chosen()` follows the user's choice.
    """

    def __init__(
        self, parent: tk.Misc, presets: PresetChoice, *, chosen: Callable[[], object], width: int = 176
    ) -> None:
        super().__init__(parent)
        self._presets, self._chosen = presets, chosen
        self._by_id: dict[str, Preset] = {}
        self._offers: Sequence[PresetOffer] | None = None
        self.choice = ChoiceField(self, (MenuEntry("", _NO_PRESET),), self._picked, width=width)
        self.choice.pack(fill="x")
        self.refresh()

    def refresh(self) -> None:
        """Show what there is and what counts now."""
        offers = self._presets.offers()
        if offers is not self._offers:
            # Called at every key that is typed, while measuring the words of many presets takes long.
            self._offers = offers
            self._offer(offers)
        in_force = [offer for offer in offers if offer.in_force and offer.standing.applied]
        only = in_force[0].preset.preset_id if in_force else ""
        self.choice.set(counted(len(in_force), "preset") if len(in_force) > 1 else only)

    def _offer(self, offers: Sequence[PresetOffer]) -> None:
        self._by_id = {offer.preset.preset_id: offer.preset for offer in offers}
        here = [offer for offer in offers if offer.standing.applied]
        elsewhere = [offer for offer in offers if not offer.standing.applied]
        heading = [MenuEntry(_ELSEWHERE, "Learned for something else", enabled=False)] if elsewhere else []
        self.choice.set_entries(
            [MenuEntry("", _NO_PRESET), *map(_entry, here), *heading, *map(_entry, elsewhere), _MANAGE]
        )
        tip(self.choice, presets_words([offer for offer in here if offer.in_force], len(offers)))

    def manage(self) -> None:
        """Show all presets in a list of their own."""
        actions = PresetActions(rename=self._presets.rename, delete=self._delete, words=values_words)
        PresetPopup.shared().open(self.choice, self._presets.offers(), actions)

    def _delete(self, preset_id: str) -> None:
        self._presets.delete(preset_id)
        self._chosen()

    def _picked(self, preset_id: str) -> None:
        if preset_id == _MANAGE.value:
            self.refresh()
            self.manage()
            return
        self._presets.pick(self._by_id.get(preset_id))
        self.refresh()
        self._chosen()


def _entry(offer: PresetOffer) -> MenuEntry:
    here = offer.standing.applied
    why = reasons(offer.standing.check).removeprefix(LEARNED)
    note = evidence_words(offer.preset.evidence) if here else why
    if offer.standing.used_outside:
        note = "outside its scope"
    icon = "check" if offer.in_force and here else ""
    return MenuEntry(offer.preset.preset_id, offer.preset.name, note=_shortened(note), icon=icon)


def _shortened(words: str) -> str:
    return theme.elide(words, theme.font(12), theme.px(170))
