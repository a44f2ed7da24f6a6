"""Models: every checkpoint and LoRA in your folders, which settings suit it, who says so, and your own profile of it.

The page shows what the model library knows and sends it orders. "Saved" appears when a profile is on disk.
"""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ...app.checkpoint_series import checkpoints_run, checkpoints_with
from ...app.controller import Controller
from ...app.lora_series import series_run, series_with
from ...app.model_evidence import known_here, model_evidence
from ...app.models.best_settings import count_order
from ...app.models.filter import ModelLine, ModelStars
from ...app.models.suggested_run import comparison, suggested_run
from ...domain.base.errors import InvalidInput
from ...domain.base.file_wish import FileWish
from ...domain.base.key_press import KeyPress, act_on
from ...domain.models.checkpoint_series import CheckpointSeries
from ...domain.models.lora_series import LoraSeries
from ...domain.models.profile import LoraProfile
from ...domain.models.recommendations import CHECKPOINTS, ModelSettings, is_kind
from ...domain.runs.plan import LearningPlan
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded
from ...pipeline.messages.models import (
    LibraryChanged,
    MakePreview,
    ModelOrder,
    ModelRead,
    ModelsCounted,
    ProfileSaved,
    RescanModels,
    RevealModel,
    TakeBackProfile,
    WorkOnLibrary,
)
from ...pipeline.messages.pictures import ThumbnailReady
from ...pipeline.messages.settings import SettingsChanged
from ...storage.models.model_entry import LibrarySnapshot, ModelEntry
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.file_choice import choose_file
from ..widgets.flow import pack_if
from ..widgets.keyboard import Shortcuts, typing_in
from ..widgets.page_frame import PageFrame
from .list import ModelList, ModelListActions
from .panel import ModelPanel, ModelPanelActions
from .profile_editors import CheckpointEditor, LoraEditor, Profile, ProfileEditorActions

_PANEL_WIDTHS = {"narrow": 360, "usual": 420, "wide": 480}
_REFRESH_MS, _SCANNING_MS = 120, 500
_NO_FOLDERS = "No model folders yet. Choose the folder your checkpoints or LoRAs are in, and they appear here."


class ModelsPage(PageFrame):
    """The page. `learn(plan)` opens the wizard of a Learning Run with a draft, `say` shows a sentence, `review(text)`
    the pictures in Review that this search finds.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        say: Callable[[str], None],
        learn: Callable[[LearningPlan], None],
        review: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._controller, self._say, self._learn_from, self._review_search = controller, say, learn, review
        self.editor: CheckpointEditor | LoraEditor | None = None
        self._edited = ""
        self._settings: dict[str, ModelSettings] = {}
        self._unread: dict[str, str] = {}
        self.stars = ModelStars()
        self._counting: ModelOrder | None = None  # asked for, not answered yet
        self._is_counted = False  # whether `stars` are up to date, or will be with the next answer
        self._marked: ModelLine | None = None  # the checkpoint that the next one is compared with
        self._series: LoraSeries | CheckpointSeries | None = None  # of the chosen model
        self._looked_at: tuple[ModelEntry, LibrarySnapshot | None] | None = None  # when it was
        self._writing: ModelOrder | None = None  # asked for, not answered yet
        self._written = ""  # our profile file that was written last
        self._build()
        self._editor_actions = ProfileEditorActions(save=self._save, leave=self._leave_editor)
        self._checkpoint_editor: CheckpointEditor | None = None
        self._lora_editor: LoraEditor | None = None
        Shortcuts(self, lambda _press: False, self._answer)
        self.refresh()

    # ---- for the window

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        return "Models", ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page, for F1."""
        return (
            ("Up, Down, letters", "model"),
            ("Right, Left", "files of a training"),
            ("Enter, Ctrl+E", "edit its profile"),
            ("Ctrl+L", "learn about it"),
            ("Ctrl+Enter", "what the gold button says"),
            ("Ctrl+B", "find the best epoch or mix"),
            ("Ctrl+K", "compare two checkpoints"),
            ("Ctrl+R", "show in folder"),
            ("Ctrl+F", "find"),
            ("Ctrl+O", "add a folder"),
            ("F5", "scan again"),
            ("Ctrl+S", "save the profile"),
            ("Esc", "leave the editor"),
            ("Ctrl+Z", "take the saved profile back"),
        )

    def shown(self) -> None:
        """The page came into sight."""
        self.refresh()
        if self.editor is None:
            (self.list if self._folders else self.choose).focus_set()

    def on_event(self, event: Event) -> None:
        """Follow the library, and take in what was asked for."""
        if isinstance(event, ThumbnailReady):
            self.list.rows.thumbs.ready(event)
            self.panel.picture.take(event)
            self.panel.best.thumbs.ready(event)
        elif isinstance(event, LibraryChanged):
            self._library_changed(event)
        elif isinstance(event, ModelRead):
            self._read(event)
        elif isinstance(event, ProfileSaved):
            self._saved(event)
        elif isinstance(event, OrderFailed) and event.order is not None and event.order is self._writing:
            self._not_saved(event.message)
        elif isinstance(event, SettingsChanged):
            self._refresh_soon()
        elif isinstance(event, (HistoryChanged, HistoryLoaded)):
            # Until it is counted again, the number before is better than nothing; rows of another history are not.
            if isinstance(event, HistoryLoaded):
                self._counting, self.stars = None, ModelStars()
            self._is_counted = False
            self._refresh_soon()
        elif isinstance(event, ModelsCounted) and event.order is self._counting:
            self._counting = None
            self.stars = ModelStars(event.seen, event.answers, event.series, event.estimates)
            if self.winfo_viewable():
                self._show_stars()
                self._show_panel()

    # ---- building

    def _build(self) -> None:
        self._empty = Box(self, "bg")
        Label(self._empty, _NO_FOLDERS, size=15).pack(pady=(theme.px(120), theme.px(12)))
        self.choose = Button(self._empty, "Choose a folder…", self.add_folder, kind="main", height=theme.MAIN)
        self.choose.pack()
        self.list = ModelList(
            self,
            self._controller,
            ModelListActions(
                shown=self._show_panel,
                may_leave=self._may_leave,
                opened=self.edit,
                add_folder=self.add_folder,
                ask=self._ask_preview,
            ),
        )
        self._rule = Separator(self)
        self._side = Box(self, "surface", width=theme.px(_PANEL_WIDTHS["usual"]))
        self._side.pack_propagate(False)
        self.panel = ModelPanel(
            self._side,
            ModelPanelActions(
                edit=self.edit,
                learn=self.learn,
                learn_series=self.learn_series,
                reveal=self._reveal,
                copy=self._copy,
                undo=self._take_back,
                ask=self._ask_preview,
                compare=self.compare,
                ask_picture=lambda order: self._controller.ask(order, last=True),
                review=self._review,
            ),
        )
        self.bind("<Configure>", lambda _event: self._side.configure(width=theme.px(_PANEL_WIDTHS[self.size_class])))

    # ---- what is shown

    @property
    def _folders(self) -> Sequence[str]:
        return self._controller.settings.model_folders

    @property
    def path(self) -> str:
        """The chosen model, "" for none."""
        return self.list.path

    def _refresh_soon(self, *, restart: bool = False) -> None:
        wait = _REFRESH_MS if self._controller.models.done else _SCANNING_MS
        self.later("refresh", wait, self._refresh_if_seen, restart=restart)

    def _refresh_if_seen(self) -> None:
        if self.winfo_viewable():
            self.refresh()

    def refresh(self) -> None:
        """Show what the library knows now."""
        pack_if(not self._folders, self._empty, fill="both", expand=True)
        for part in (self._side, self._rule):
            pack_if(self._folders, part, side="right", fill="y")
        pack_if(self._folders, self.list, side="left", fill="both", expand=True)
        if self._folders:
            self.list.refresh()

    @property
    def settings(self) -> ModelSettings | None:
        """What was read about the chosen model; None before it has been."""
        return self._settings.get(self.path)

    def _show_panel(self) -> None:
        if self.editor is not None:
            if self.editor.is_changed or self.path == self._edited:
                return
            self._leave_editor(focus=False)
        line = self.list.line
        if line is None:
            self.panel.pack_forget()
            return
        fresh = self._controller.models.settings(self.path)
        if fresh is not None:
            self._settings = {self.path: fresh}
        # Until a changed file is read, what it said before is better than nothing.
        history = self._controller.history
        seen = self.stars.seen.get(line.key)
        evidence = model_evidence(history, self.settings, seen)
        visible = history.visible() if history is not None else None
        best = [visible.facts(row) for row in seen.best] if visible is not None and seen is not None else []
        snapshot = self._controller.models.snapshot
        if (looked_at := (line.entry, snapshot)) != self._looked_at:
            self._looked_at = looked_at
            self._series = series_with(self._controller, line.entry) or checkpoints_with(self._controller, line.entry)
        self.panel.show(
            line,
            self.settings,
            self._controller.models.styles,
            evidence,
            self._series,
            best=[one for one in best if one.image_id],
            answers=self.stars.answers.get(line.key, ()),
            chart=self.stars.chart(line, line.key if line.is_series else self.list.filter.series_of(line.path)),
            marked=self._marked.entry.stem if self._marked is not None else "",
        )
        if not self._is_counted:
            self.later("count", _REFRESH_MS, self._count)
        self.panel.pack(fill="both", expand=True)
        if self.path in self._unread:
            self.panel.tell(self._unread[self.path], bad=True)

    def _count(self) -> None:
        controller, history = self._controller, self._controller.history
        if history is None or self._is_counted or not self.winfo_viewable():
            return
        if self._counting is not None:  # the thread has enough to do
            self.later("count", _SCANNING_MS, self._count)
            return
        self._is_counted = True
        self._counting = count_order(controller, history)
        controller.ask(self._counting, last=True)

    def _show_stars(self) -> None:
        self.list.show_stars(self.stars, self._marked.path if self._marked is not None else "")

    # ---- actions

    def _may_leave(self) -> bool:
        if self.editor is not None and self.editor.is_changed:
            self.editor.tell("Save this profile first, or undo the changes.", bad=True)
            return False
        return True

    def add_folder(self) -> None:
        """Ask for one more model folder; the library looks through it at once."""
        wish = FileWish(title="Folder with checkpoints or LoRAs", kind="folder")
        choose_file(self, self._controller, wish, lambda folder: self._take_folder(str(folder)))

    def _take_folder(self, folder: str) -> None:
        if folder not in self._folders:
            settings = self._controller.settings
            self._controller.change_settings(
                msgspec.structs.replace(settings, model_folders=(*settings.model_folders, folder))
            )

    def edit(self) -> None:
        """Open the chosen model's profile in fields; for one without a profile an empty one."""
        line, settings = self.list.line, self.settings
        if line is None or settings is None or not self.panel.edit.enabled or self.editor is not None:
            return
        entry, own = line.entry, known_here(self._controller.history, settings)
        if entry.kind == "lora":
            self._lora_editor = self._lora_editor or LoraEditor(self._side, self._editor_actions)
            self._lora_editor.open(entry.stem, f"{entry.stem}.loraprofile.json", settings, own)
            self._enter_editor(self._lora_editor, self._lora_editor.phrases)
        elif is_kind(entry.kind, "checkpoint"):
            models, offered = self._controller.models, self._controller.capabilities
            self._checkpoint_editor = self._checkpoint_editor or CheckpointEditor(
                self._side, self._editor_actions, models.styles
            )
            names = {kind: offered.choices(kind) for kind in ("samplers", "schedulers")} if offered is not None else {}
            self._checkpoint_editor.open(entry.stem, f"{entry.stem}.modelprofile.json", settings, names, own)
            self._enter_editor(self._checkpoint_editor, self._checkpoint_editor.style)

    def _enter_editor(self, editor: CheckpointEditor | LoraEditor, first: tk.Misc) -> None:
        self.editor, self._edited = editor, self.path
        self.panel.pack_forget()
        editor.pack(fill="both", expand=True)
        first.focus_set()

    def _leave_editor(self, *, focus: bool = True) -> None:
        if self.editor is None:
            return
        self.editor.pack_forget()
        self.editor = None
        self._show_panel()
        if focus:
            self.panel.edit.focus_set()

    def _save(self, profile: Profile) -> None:
        models = self._controller.models
        if isinstance(profile, LoraProfile):
            self._writing = models.save_lora_profile(self.path, profile)
        else:
            self._writing = models.save_model_profile(self.path, profile)

    def _take_back(self) -> None:
        if self._writing is not None:
            return
        if not self._written:
            self.panel.tell("No profile was written since the program started, so there is nothing to take back.")
            return
        self.panel.tell("Taking it back…")
        self._writing = self._controller.models.take_back(self._written)

    def learn(self) -> None:
        """Open the wizard with a draft of a Learning Run about what the model's profile says."""
        line, settings = self.list.line, self.settings
        if line is None or settings is None or line.entry.kind not in (*CHECKPOINTS, "lora") or not line.entry.name:
            return
        try:
            plan, notices = suggested_run(self._controller, line.entry, settings)
            for notice in notices:
                self._say(notice)
            self._learn_from(plan)
        except InvalidInput as problem:
            self.panel.tell(str(problem), bad=True)

    def learn_series(self) -> None:
        """Open the wizard with the files of the chosen LoRA's training, or of the checkpoint's series, as values."""
        if self._series is None:
            return
        try:
            if isinstance(self._series, CheckpointSeries):
                self._learn_from(checkpoints_run(self._controller, self._series))
            else:
                self._learn_from(series_run(self._controller, self._series))
        except InvalidInput as problem:
            self.panel.tell(str(problem), bad=True)

    def compare(self) -> None:
        """Mark the chosen checkpoint; of a second one, open the wizard with both as values. The same one unmarks it."""
        line, first = self.list.line, self._marked
        if line is None or not is_kind(line.entry.kind, "checkpoint") or not line.entry.name:
            return
        if first is None:
            self._marked = line
            said = f"Choose the checkpoint to compare {line.name} with, then press Compare again (Ctrl+K)."
        else:
            self._marked, said = None, ""
        self.panel.tell(said)
        self._show_stars()
        self._show_panel()
        if first is not None and first.path != line.path:
            try:
                self._learn_from(comparison(self._controller, first.entry, line.entry))
            except InvalidInput as problem:
                self.panel.tell(str(problem), bad=True)

    def _review(self) -> None:
        if self.list.line is not None:
            self._review_search(self.list.filter.search_for(self.list.line))

    def _reveal(self) -> None:
        if self.path:
            self._controller.ask(RevealModel(path=self.path))

    def _copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)
        self.panel.tell("The trigger phrases are in the clipboard.")

    def _ask_preview(self, order: MakePreview) -> None:
        self._controller.ask(order, last=True)

    def _scan(self) -> None:
        folders = (Path(os.path.expanduser(folder)).absolute() for folder in self._folders)  # noqa: PTH111 - it never raises
        self._controller.ask(RescanModels(trees=frozenset(map(str, folders))))
        self._controller.ask(WorkOnLibrary())

    def _escape(self) -> None:
        if self._may_leave():
            self._leave_editor()

    def _answer(self, press: KeyPress) -> bool:
        editor = self.editor
        if press.name == "Escape":
            return act_on({"Escape": self._escape}, press.name) if editor is not None else False
        if press.name == "F5":
            return act_on({"F5": self._scan}, press.name)
        if not press.control:
            return False
        actions: dict[str, Callable[[], object]] = {"f": self.list.search.focus_set, "o": self.add_folder}
        if editor is not None:
            actions["s"] = editor.save.invoke
        else:
            actions |= {"e": self.edit, "l": self.learn, "b": self.learn_series, "k": self.compare, "r": self._reveal}
            actions |= dict.fromkeys(("return", "kp_enter"), self.panel.main.invoke)
            if self.panel.undo.winfo_ismapped() and not typing_in(self.focus_get()):
                actions["z"] = self._take_back
        return act_on(actions, press.name.lower())

    # ---- events

    def _library_changed(self, event: LibraryChanged) -> None:
        self._is_counted = False
        self._unread = {path: why for path, why in self._unread.items() if path not in event.changed}
        if self.path in event.changed and self.winfo_viewable():
            self._controller.models.settings(self.path)
        self._refresh_soon(restart=event.done)

    def _read(self, event: ModelRead) -> None:
        self._unread.pop(event.path, None)
        if event.problem:
            self._unread[event.path] = event.problem
        if event.path != self.path:
            return
        if event.settings is not None:
            self._settings = {self.path: event.settings}
            if self.editor is not None and not self.editor.is_saving:
                self.editor.changed_outside(event.settings)
        if self.winfo_viewable():
            self._show_panel()

    def _saved(self, event: ProfileSaved) -> None:
        if event.order is not self._writing:
            return
        self._writing, self._written = None, event.path
        if event.model != self.path:
            return
        name = event.path.replace("\\", "/").rpartition("/")[2]
        if self.editor is not None:
            self._leave_editor()
        if isinstance(event.order, TakeBackProfile):
            self.panel.tell(f"{name} is as it was before.")
        else:
            self.panel.tell(f"Saved in {name}.", undo=True)

    def _not_saved(self, message: str) -> None:
        self._writing = None
        if self.editor is not None and self.editor.is_saving:
            self.editor.saving(False)
            self.editor.tell(message, bad=True)
        else:
            self.panel.tell(message, bad=True)
