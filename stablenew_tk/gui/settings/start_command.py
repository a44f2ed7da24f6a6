"""The user's own start command in the settings: command and folder, Start and Stop, and what it prints."""

from __future__ import annotations

import shlex
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from ...app.controller import Controller
from ...domain.base.colour_roles import Role
from ...domain.base.file_wish import FileWish
from ...domain.config.user_settings import Settings
from ...pipeline.messages.jobs import CheckBackend
from ...pipeline.messages.server import ServerChanged, ServerPhase
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Check, Segmented
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.tooltips import tip
from .output_pane import OutputPane

ABOUT = (
    "The command with which you start your WebUI or ComfyUI in a terminal. StableNew runs it when you press Start,\n"
    "and never by itself unless you say so. Stop ends it with everything that it started."
)
AT_CLOSE = (("ask", "Ask me"), ("stop", "Stop it"), ("leave", "Leave it running"))
_INKS: dict[ServerPhase, Role] = {"running": "ok", "starting": "warn", "stopping": "warn", "ended": "danger"}


class StartCommandFields(Box):
    """The fields; `change(**settings)` when the user has changed one. `look` is the address to be looked at, if any."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        change: Callable[..., object],
        look: Callable[[], CheckBackend | None],
    ) -> None:
        super().__init__(parent)
        self._controller, self._server, self._change, self._look = controller, controller.server, change, look
        self.command = self._entry("Command", "start_command", "for example: ./webui.sh --api", self._browse_program)
        self.folder = self._entry("Working folder", "start_folder", "the folder of the program", self._browse_folder)
        row = self._row("")
        self.with_app = Check(row, "Start it with StableNew", lambda on: change(start_with_app=on), size=12)
        self.with_app.pack(side="left")
        row = self._row("When closing")
        self.at_close = Segmented(row, AT_CLOSE, lambda value: change(server_at_close=value))
        self.at_close.pack(side="left")
        row = self._row("Server")
        self.start = Button(row, "Start", self._start)
        self.start.pack(side="left")
        self.stop = Button(row, "Stop", self._server.stop)
        self.stop.pack(side="left", padx=theme.px(4))
        self._toggle = Button(row, "Show output", lambda: self.show_output(not self.shows_output))
        self._toggle.pack(side="left")
        self.state = Label(row, "", size=12, wrap=True)
        self.state.pack(side="left", fill="x", expand=True, padx=theme.px(10))
        self.output = OutputPane(self)
        self.shows_output = False
        tip(self.command.field, "A program and its arguments; quotes around what has blanks. No shell reads it.")
        tip(self.folder.field, "Where the command is run, as after cd in a terminal.")
        self._show_state()

    def show(self, settings: Settings) -> None:
        """Show what is set."""
        self.command.set(settings.start_command)
        self.folder.set(settings.start_folder)
        self.with_app.set(settings.start_with_app)
        self.at_close.set(settings.server_at_close)
        self._show_state()

    def on_server(self, event: ServerChanged) -> None:
        """Follow the server."""
        if self.shows_output:
            if event.is_new or event.skipped:
                self.output.set(self._server.lines, event.unfinished)
            elif event.lines or event.unfinished:
                self.output.add(event.lines, event.unfinished)
        self._show_state()

    def refuse(self, message: str) -> None:
        """Say why it was not started."""
        self._show_state()
        self.state.show(message, "danger")

    def show_output(self, on: bool) -> None:
        """Open or close the pane with what it prints."""
        self.shows_output = on
        self._toggle.set_text("Hide output" if on else "Show output")
        if on:
            self.output.set(self._server.lines, self._server.unfinished)
            self.output.pack(fill="x", pady=(theme.px(8), 0))
        else:
            self.output.pack_forget()

    def _start(self) -> None:
        # What was just typed counts, although the field has the keyboard still.
        self._change(start_command=self.command.get().strip(), start_folder=self.folder.get().strip())
        self.state.show("…", "text3")
        self.show_output(True)
        self._server.start(self._look())

    def _show_state(self) -> None:
        state = self._server.state
        has_command = bool(self.command.get().strip())
        self.start.enable(
            has_command and not state.is_there, "It runs." if state.is_there else "Write a command first."
        )
        self.stop.enable(state.is_there, "It does not run.")
        self.stop.set_text("Stop at once" if state.phase == "stopping" else "Stop")
        words = f"{str(state)[:1].upper()}{str(state)[1:]}."
        if state.phase == "starting":
            words += " It does not answer at its address yet."
        elif state.phase == "ended" and self._server.lines and not self.shows_output:
            words += f" Its last words: {self._server.lines[-1]}"
        self.state.show(words, _INKS.get(state.phase, "text3"))

    def _row(self, caption: str) -> Box:
        row = Box(self)
        row.pack(fill="x", pady=theme.px(2))
        label = Label(row, caption, ink="text2", wrap=False)
        label.configure(width=16)
        label.pack(side="left")
        return row

    def _entry(self, caption: str, setting: str, placeholder: str, browse: Callable[[], object]) -> Entry:
        row = self._row(caption)
        entry = Entry(
            row,
            width=440,
            placeholder=placeholder,
            on_edit=lambda _text: self._show_state(),
            on_commit=lambda text: self._change(**{setting: text.strip()}),
        )
        entry.pack(side="left")
        Button(row, "Browse…", browse).pack(side="left", padx=theme.px(4))
        return entry

    def _browse_program(self) -> None:
        def take(path: Path) -> None:
            quoted = f'"{path}"' if path.drive else shlex.quote(str(path))
            self._change(start_command=quoted, start_folder=self.folder.get().strip() or str(path.parent))

        wish = FileWish(title="Program or script that starts the server", start=self.folder.get().strip())
        choose_file(self, self._controller, wish, take)

    def _browse_folder(self) -> None:
        wish = FileWish(title="Working folder", kind="folder", start=self.folder.get().strip())
        choose_file(self, self._controller, wish, lambda folder: self._change(start_folder=str(folder)))
