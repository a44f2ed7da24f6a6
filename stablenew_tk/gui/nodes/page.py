"""Nodes: the machines that make pictures: add one by its address, pause it, let it finish, remove it."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence

from PIL import Image, ImageTk

from ...app.cluster import cluster_name, with_cluster_machine
from ...app.controller import Controller
from ...app.create.preview_text import is_blind
from ...app.nodes.node_lines import Wanted, node_line, shown, title_note
from ...app.nodes.node_state import NodeState
from ...app.nodes.specs import with_machine, without_machine
from ...domain.base.errors import InvalidInput
from ...pipeline.messages.base import Event
from ...pipeline.messages.files import InviteMachine, MachineInvited, MachineRemoved, RemoveMachine, ShowFile
from ...pipeline.messages.jobs import (
    BackendChecked,
    ImageSaved,
    JobEnded,
    NodeLooked,
    NodeWaiting,
    QueueChanged,
    StageProgressed,
    StageStarted,
)
from ...pipeline.messages.pictures import FitFile, FitPicture, PictureReady
from ...pipeline.messages.settings import SettingsChanged
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.flow import pack_if
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.page_frame import PageFrame
from ..widgets.painting import Painting
from ..widgets.tooltips import tip
from .last_hour import FOOT, LANE, MOST_LANES, LastHour
from .last_hour import HEAD as HOUR_HEAD
from .list import COMPACT, COMPACT_FROM, HEAD, NAME_AT, PREVIEW, ROW, NodeList

_PICTURE = "node:"  # before the name of a machine, in the ids of its pictures
_REFRESH_MS, _CLOCK_MS = 120, 5_000
_FILTERS = (("all", "All"), ("work", "At work"), ("trouble", "In trouble"))


class NodesPage(PageFrame):
    """The page. `say` shows a sentence in the bottom bar."""

    FOLLOWS = (
        *(StageStarted, StageProgressed, NodeWaiting, NodeLooked, BackendChecked, JobEnded, QueueChanged),
        *(SettingsChanged, ImageSaved, PictureReady, MachineInvited, MachineRemoved),
    )

    def __init__(self, parent: tk.Misc, controller: Controller, *, say: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._controller, self._say = controller, say
        self.chosen = controller.nodes.specs[0].name
        self._asked: set[str] = set()  # machines whose picture is being fitted
        self._build_bar()
        self.list = NodeList(self, self._choose)
        self.head = Painting(self, "raised", height=theme.px(HEAD), draw=self._draw_head)
        self.head.pack(fill="x")
        self.hour = LastHour(self)
        self.hour.pack(side="bottom", fill="x")
        self.list.pack(fill="both", expand=True)
        self.refresh()
        self._tick()

    def _build_bar(self) -> None:
        bar = Box(self, "surface", height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.address = Entry(
            bar, width=300, height=theme.SMALL, icon="globe", placeholder="http://tower:7860, any WebUI or ComfyUI"
        )
        self.address.field.bind("<Return>", lambda _event: self.add())
        self.address.pack(side="left", padx=(theme.px(14), theme.px(4)))
        self.add_button = Button(bar, "Add address", self.add, height=theme.SMALL)
        self.add_button.pack(side="left")
        self.invite_button = Button(bar, "Invite…", self.invite, kind="outline", height=theme.SMALL)
        tip(
            self.invite_button,
            "Type a name and press this: a machine of yours, encrypted, without an open WebUI",
        )
        self.invite_button.pack(side="left", padx=(theme.px(4), 0))
        self.filter = Segmented(bar, _FILTERS, lambda _value: self.refresh())
        # In the order of Tab, which is that of the eye.
        self.again = Button(bar, "Try again", self._try_again, kind="outline", height=theme.SMALL)
        self.pause = Button(bar, "Pause", self._pause, kind="outline", height=theme.SMALL)
        tip(self.pause, "Give it nothing more after the picture it makes now")
        self.drain = Button(bar, "Drain", self._drain, kind="outline", height=theme.SMALL)
        tip(self.drain, "Let it finish the rows it has begun, then give it nothing more")
        self.remove = Button(bar, "Remove…", self._ask_to_remove, kind="outline", height=theme.SMALL)
        self._name = Label(bar, "", size=12, ink="text2")
        for button in (self.remove, self.drain, self.pause):
            button.pack(side="right", padx=(0, theme.px(8)))
        self._name.pack(side="right", padx=theme.px(8))

    # ---- for the window

    @property
    def title(self) -> tuple[str, str]:
        return "Nodes", title_note(self._controller.nodes.states)

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        return (("Up, Down, letters", "machine"), ("Tab", "to its buttons"))

    def shown(self) -> None:
        self.refresh()
        self.list.focus_set()

    def on_event(self, event: Event) -> None:
        if isinstance(event, PictureReady):
            self._take_picture(event)
            return
        if isinstance(event, MachineInvited):
            self._show_invitation(event)
        if isinstance(event, MachineRemoved):
            self._show_removal(event)
        if isinstance(event, StageProgressed | ImageSaved):
            self._ask_for_picture(event)
        self.later("refresh", _REFRESH_MS, self.refresh)

    # ---- what is to be seen

    def refresh(self) -> None:
        """Show every machine as it is now."""
        if not self.winfo_viewable() and self.list.lines:
            return
        states, now = self._controller.nodes.states, time.monotonic()
        compact = len(states) >= COMPACT_FROM
        pack_if(compact, self.filter, side="left", padx=theme.px(12), after=self.invite_button)
        wanted: Wanted = self.filter.value if compact else "all"  # type: ignore[assignment]  # one of _FILTERS
        listed = shown(states, wanted)
        if self._controller.nodes.state(self.chosen) is None:
            self.chosen = states[0].name
        lines = [node_line(one, now, is_blind=lambda run: is_blind(self._controller, run)) for one in listed]
        if compact != self.list.is_compact:
            self.later("head", 0, self._draw_head)
        self.list.show_lines(lines, self.chosen, compact=compact)
        self.hour.show([(one.name, one.activity.intervals(now)) for one in states], self._lanes(len(listed)))
        self._show_buttons()

    def _lanes(self, machines: int) -> int:
        """As many lanes as the chart may have: the machines are what one looks at, so they keep two thirds of the page,
        and all of them stay in sight where that is possible.
        """
        px, height = theme.px, self.winfo_height()
        rows = px(theme.TOOL_BAR + HEAD + machines * (COMPACT if self.list.is_compact else ROW))
        third, left = height // 3 - px(LANE), height - rows - px(HOUR_HEAD + FOOT)
        room = left if left >= 2 * px(LANE) else third
        return min(MOST_LANES, max(2, min(room, third) // px(LANE)))

    def _show_buttons(self) -> None:
        state = self._state
        self._name.show(f"{state.name}:")
        rests = state.paused or state.draining
        words = "Go on" if rests else "Pause"
        if self.pause.text != words:
            self.pause.set_text(words)
        alone = self._controller.nodes.is_alone
        why = "It is the only machine. Add another one first."
        for button in (self.pause, self.drain, self.remove):
            button.enable(not alone and not state.leaving, why if alone else "It is leaving.")
        if not alone and rests:
            self.drain.enable(False, "It takes nothing new already.")
        pack_if(state.brief, self.again, side="right", padx=(0, theme.px(8)), after=self.pause)

    def _draw_head(self) -> None:
        head, px = self.head, theme.px
        head.clear()
        width, middle = head.winfo_width(), px(HEAD) // 2
        head.words(px(NAME_AT[self.list.is_compact]), middle, "Machine", size=11, ink="text2")
        head.words(round(width * 0.43), middle, "Makes now", size=11, ink="text2")
        head.words(width - px(166), middle, "per minute", size=11, ink="text2", anchor="e")
        head.words(width - px(62), middle, "suspect", size=11, ink="text2", anchor="e")

    def _tick(self) -> None:
        """Time goes by also when nothing happens: the chart moves on."""
        self.refresh()
        self.later("clock", _CLOCK_MS, self._tick)

    # ---- pictures

    def _ask_for_picture(self, event: StageProgressed | ImageSaved) -> None:
        state = self._controller.nodes.of_job(event.job_id)
        if state is None or state.running is None or state.name in self._asked or not self.winfo_viewable():
            return
        if self.list.is_compact or is_blind(self._controller, state.running.job.run_id):
            self.list.show_picture(state.name, None)
            return
        box, image_id = (theme.px(PREVIEW[0]), theme.px(PREVIEW[1])), _PICTURE + state.name
        if isinstance(event, ImageSaved):
            self._controller.ask(FitFile(image_id=image_id, path=event.path, box=box))
        elif event.progress.preview:
            self._controller.ask(FitPicture(image_id=image_id, data=event.progress.preview, box=box))
        else:
            return
        self._asked.add(state.name)

    def _take_picture(self, event: PictureReady) -> None:
        name = event.image_id.removeprefix(_PICTURE)
        if name == event.image_id:
            return
        self._asked.discard(name)
        if event.rgb:
            image = Image.frombytes("RGB", (event.width, event.height), event.rgb)
            self.list.show_picture(name, ImageTk.PhotoImage(image))

    # ---- what the user does

    @property
    def _state(self) -> NodeState:
        state = self._controller.nodes.state(self.chosen)
        return state if state is not None else self._controller.nodes.states[0]

    def _choose(self, name: str) -> None:
        self.chosen = name
        self._show_buttons()

    def add(self) -> None:
        """Make pictures at the typed address, too."""
        try:
            settings = with_machine(self._controller.settings, self.address.get())
        except InvalidInput as wrong:
            self._say(str(wrong))
            return
        self.address.set("")
        self.chosen = settings.machines[-1].name
        self._controller.change_settings(settings)
        self.refresh()

    def invite(self) -> None:
        """Make the pairing file of a machine with the typed name."""
        places, name = self._controller.places, self.address.get().strip()
        if not name or ":" in name:
            self._say("Type what the machine is to be called, for example tower, then press Invite again.")
            self.address.field.focus_set()
            return
        try:
            with_cluster_machine(self._controller.settings, name)
        except InvalidInput as wrong:
            self._say(str(wrong))
            return
        self._controller.ask(InviteMachine(name=name, cluster=places.cluster, folder=places.data))

    def _show_invitation(self, made: MachineInvited) -> None:
        self.address.set("")
        self._controller.change_settings(with_cluster_machine(self._controller.settings, made.name))
        words = (
            f"1. Carry {made.file.name} to {made.name}, where StableNew is installed, too.\n"
            f"2. There, in a terminal: stablenew cluster join {made.file.name} --backend http://127.0.0.1:7860\n"
            "(the address of its own WebUI or ComfyUI)\n"
            f"3. When it asks for the passphrase: {made.passphrase}\n\n"
            "Write it down now: it is kept nowhere. Machines of a cluster can run programs on each other, so invite "
            "your own only."
        )
        show = Decision("Show the file", lambda: self._controller.ask(ShowFile(path=made.file)))
        QuestionBox(self, f"{made.name} is invited", words, (show, Decision("Done", nothing)))

    def _pause(self) -> None:
        state = self._state
        self._controller.dispatch.pause(state.name, not (state.paused or state.draining))
        self.refresh()

    def _drain(self) -> None:
        self._controller.dispatch.drain(self._state.name)
        self.refresh()

    def _try_again(self) -> None:
        self._controller.dispatch.look(self._state.name)

    def _ask_to_remove(self) -> None:
        name, state = self.chosen, self._state
        words = "Its job goes back to the queue. " if state.running is not None else ""
        words += "Its pictures and their records stay."
        keep = Decision("Keep it", nothing)
        if machine := cluster_name(state.spec):
            words += (
                "\n\nA certificate that was given cannot be taken back, so the whole cluster gets new keys: all of its "
                "other machines have to be invited and to join again, and until then they make nothing."
            )
            answers = (Decision(f"Remove {name}, new keys for all", lambda: self._take_out(name, machine)), keep)
        else:
            answers = (Decision(f"Remove {name}", lambda: self._remove(name)), keep)
        QuestionBox(self, f"Remove {name}?", words, answers)

    def _take_out(self, name: str, machine: str) -> None:
        self._remove(name)
        self._controller.ask(RemoveMachine(name=machine, cluster=self._controller.places.cluster))

    def _show_removal(self, made: MachineRemoved) -> None:
        others = f"Invite again: {', '.join(made.to_invite)}." if made.to_invite else "No other machine was in it."
        words = f"The cluster has new keys, and no certificate of before is good any more. {others}"
        QuestionBox(self, f"{made.name} is out of the cluster", words, (Decision("Done", nothing),))

    def _remove(self, name: str) -> None:
        self._controller.change_settings(without_machine(self._controller.settings, name))
        self.refresh()
