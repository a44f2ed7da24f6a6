"""The wizard's second step: which one setting changes from picture to picture."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import msgspec
from PIL import Image, ImageTk

from ....app.controller import Controller
from ....app.file_kinds import START_PICTURES
from ....app.learn.setting_search import (
    ANOTHER_LORA,
    GROUPS,
    IDLE,
    found_settings,
    help_words,
    is_lora_name,
    range_words,
    setting_words,
)
from ....domain.base.file_wish import FileWish
from ....domain.config.catalogue import with_values
from ....domain.config.pipeline_config import stage_spec
from ....domain.config.sweep import LORA, LORA_FILE, SLOT, Focus, focus_in, is_wording, value_text
from ....domain.experiments.plan_draft import PlanDraft, idle_words, lora_weights, partners, plain, together, varying
from ....domain.models.origin_marks import ORIGIN_MARKS
from ....pipeline.messages.base import Event
from ....pipeline.messages.pictures import FitFile, PictureReady
from ...widgets import theme
from ...widgets.basics import Box, Button, Card, Label
from ...widgets.entries import Entry
from ...widgets.file_choice import choose_file
from ...widgets.flow import pack_if
from ...widgets.popups import ChoiceField, MenuEntry
from ...widgets.row_list import ListRow, RowList
from .frame import Question

_THUMBNAIL = 72  # px: edge of the small picture to start from


class ParameterStep(Box):
    """Calls `change(draft)` when something else is to be varied, `go_on()` on Return in the list."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        change: Callable[[PlanDraft], object],
        go_on: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self._controller, self._change, self._go_on = controller, change, go_on
        self._draft = PlanDraft()
        self.shown: list[str] = []  # paths of the settings in the list, "" for a heading
        self._other = False  # a LoRA that is not in the prompt is to be named
        self._seen: tuple[object, ...] = ()
        self._asked = ""
        self._photo: ImageTk.PhotoImage | None = None
        Question(
            self,
            "What should change from picture to picture?",
            "One thing only, then the answer comes soon. Two where one depends on the other.",
        ).pack(fill="x", padx=theme.px(28), pady=(theme.px(16), theme.px(10)))
        self._build_list()
        self._build_detail()

    def begin(self, draft: PlanDraft) -> None:
        """Start anew."""
        self._group.set("")
        self.search.set("")
        self.picture.set(draft.start_image)
        self._asked, self._photo, self._seen, self._other = "", None, (), False
        if draft.start_image:
            self._typed_picture(draft.start_image)

    def hold(self, draft: PlanDraft) -> None:
        """Take over the draft while out of sight."""
        self._draft = draft

    def show(self, draft: PlanDraft) -> None:
        """Follow the draft."""
        self._draft = draft
        found = self._controller.capabilities
        seen = (draft.focus, draft.base, draft.prompts, found)
        if seen != self._seen:
            self._seen = seen
            self._list()
        self._show_detail()

    def focus_first(self) -> None:
        """Put the keyboard into the search field, or on the list when something is chosen."""
        (self.settings if self._draft.focus else self.search).focus_set()

    def on_event(self, event: Event) -> None:
        """The picture to start from was read, or cannot be."""
        if isinstance(event, PictureReady) and event.image_id == self._asked and self._asked:
            self._photo = None
            if event.rgb:
                picture = Image.frombytes("RGB", (event.width, event.height), event.rgb)
                self._photo = ImageTk.PhotoImage(picture)
            self._thumbnail.configure(image=self._photo or "")
            self._tell(msgspec.structs.replace(self._draft, start_problem=event.problem))

    # ---- parts

    def _build_list(self) -> None:
        row = Box(self)
        row.pack(fill="x", padx=theme.px(24), pady=(0, theme.px(4)))
        self.search = Entry(row, icon="search", placeholder="Find a setting", on_edit=lambda _text: self._list())
        self.search.pack(side="left", fill="x", expand=True)
        self.search.field.bind("<Down>", lambda _event: self._into_list())
        for key in ("<Return>", "<KP_Enter>"):
            self.search.field.bind(key, lambda _event: self._found(), add="+")
        entries = [MenuEntry(value, words) for value, words in GROUPS]
        self._group = ChoiceField(row, entries, lambda _value: self._list(), width=170)
        self._group.pack(side="left", padx=(theme.px(4), 0))
        self._detail = Card(self)
        self._detail.pack(side="bottom", fill="x", padx=theme.px(28), pady=theme.px(12))
        self.settings = RowList(
            self, on_select=self._pick, on_open=lambda _place: self._opened(), empty="No setting has this in its name."
        )
        self.settings.pack(fill="both", expand=True, padx=theme.px(28))
        self._detail.lift()  # Tab goes from the list to what is asked below it
        # What is asked below takes room from the list; the chosen setting stays in sight.
        self.settings.canvas.bind("<Configure>", lambda _event: self._keep_in_sight(), add="+")

    def _build_detail(self) -> None:
        inner = Box(self._detail)
        inner.pack(fill="x", padx=theme.px(14), pady=theme.px(10))
        self._title = Label(inner, "", bold=True)
        self._title.pack(fill="x")
        self._help = Label(inner, "", size=12, ink="text2", wrap=True)
        self._help.pack(fill="x", pady=(theme.px(2), 0))
        self._facts = Label(inner, "", size=12, ink="text3", wrap=True)
        self._facts.pack(fill="x", pady=(theme.px(2), 0))
        self._together = Box(inner)
        Label(self._together, "Together with", size=12, ink="text2").pack(side="left", padx=(theme.px(4), theme.px(8)))
        self.second = ChoiceField(self._together, (), self._picked_second, width=260)
        self.second.pack(side="left")
        self._start = Box(inner)
        self._thumbnail = tk.Label(self._start, bd=0, padx=0, pady=0, bg=theme.palette[self._start.ground])
        self._thumbnail.pack(side="right", padx=(theme.px(8), 0))
        Label(self._start, "Picture to start from", size=12, ink="text2").pack(fill="x", padx=theme.px(4))
        line = Box(self._start)
        line.pack(fill="x")
        self.picture = Entry(line, width=200, placeholder="picture file", on_commit=self._typed_picture)
        self.picture.pack(side="left", fill="x", expand=True)
        Button(line, "Browse…", self._browse).pack(side="left", anchor="n", padx=(theme.px(4), 0))
        self._refiner_box = Box(inner)
        Label(self._refiner_box, "Refiner checkpoint", size=12, ink="text2").pack(fill="x", padx=theme.px(4))
        self._refiner = ChoiceField(self._refiner_box, (), self._picked_refiner, width=260)
        self._refiner.pack(anchor="w")
        self._lora_box = Box(inner)
        Label(self._lora_box, "Which LoRA?", size=12, ink="text2").pack(fill="x", padx=theme.px(4))
        self._lora = ChoiceField(self._lora_box, (), self._picked_lora, width=260)
        self._lora.pack(anchor="w")
        self._lora_name = Entry(
            self._lora_box, width=260, placeholder="name as in the prompt", on_commit=self._picked_lora
        )
        theme.on_change(self._recolour_thumbnail)

    def _recolour_thumbnail(self) -> None:
        self._thumbnail.configure(bg=theme.palette[self._start.ground])

    # ---- the list

    def _into_list(self) -> None:
        self.settings.focus_set()
        if self.settings.selected < 0:
            # The first row is a caption; the key that led here means the setting below it.
            self.settings.canvas.event_generate("<Down>")

    def _opened(self) -> None:
        """Return in the list: on to what is still asked about the setting, else to the next step."""
        if self._other:
            self.update_idletasks()
            (self._lora if self._lora.winfo_manager() else self._lora_name).focus_set()
        elif self._start.winfo_manager() and not self._draft.start_image:
            self.picture.focus_set()
        else:
            self._go_on()

    def _found(self) -> str | None:
        """Return in the search chooses the first setting found, to be looked at before going on."""
        if self._draft.focus or not self.search.get().strip():
            return None
        self._into_list()
        return "break"

    def _list(self) -> None:
        groups = found_settings(self._draft, self._group.value, self.search.get())
        self.shown, rows = [], []
        for title, members in groups.items():
            rows.append(ListRow(title, head=True))
            for one in members:
                name, value = setting_words(self._draft, one)
                rows.append(ListRow(name, value, mark="plus" if one == ANOTHER_LORA else "", dim=value == IDLE))
            self.shown += ["", *(one.path if isinstance(one, Focus) else one for one in members)]
        wanted = ANOTHER_LORA if self._other else self._draft.focus
        place = self.shown.index(wanted) if wanted and wanted in self.shown else -1
        self.settings.show_rows(rows, place)
        if place >= 0:
            self.settings.see(place)

    def _pick(self, place: int) -> None:
        one = self.shown[place]
        self._other = one == ANOTHER_LORA
        self._tell(varying(self._draft, "" if self._other else one))
        self._show_detail()

    def _keep_in_sight(self) -> None:
        if self.settings.selected >= 0:
            self.settings.see(self.settings.selected)

    def _tell(self, new: PlanDraft) -> None:
        if new != self._draft:
            self._draft = new
            self._change(new)

    # ---- what belongs to it

    def _show_detail(self) -> None:
        spec, other = self._draft.spec, self._other
        if spec is not None:
            self._title.show(plain(spec, title=True))
            self._help.show(help_words(spec))
            idle = idle_words(self._draft, spec.path)
            facts = (idle,) if idle else (self._now(spec), range_words(self._draft, spec))
            self._facts.show(" · ".join(part for part in facts if part), "warn" if idle else "text3")
        else:
            whose = "is in Create now" if self._draft.reuse is None else "the picture has"
            self._title.show("Another LoRA" if other else "Choose a setting")
            self._help.show(
                "It is added to the end of the prompt, with the weight that is tried."
                if other
                else f"Its values come in the next step. What {whose} is shown at the right."
            )
            self._facts.show("", "text3")
        second = spec is not None and self._draft.reuse is None
        if second:
            base = self._draft.base
            names = [(path, plain(focus_in(base, path), title=True)) for path in partners(self._draft)]
            self.second.set_entries([MenuEntry("", "nothing else"), *(MenuEntry(*one) for one in names)])
            self.second.set(self._draft.second)
        for box, on in (
            (self._together, second),
            (self._start, spec is not None and stage_spec(spec.stage).needs_picture),
            (self._refiner_box, spec is not None and spec.group == "refiner" and spec.name != "checkpoint"),
            (self._lora_box, other),
        ):
            pack_if(on, box, fill="x", pady=(theme.px(6), 0))
        self._offer_names()
        self.picture.error(self._draft.start_problem if self._draft.start_image else "")

    def _offer_names(self) -> None:
        found = self._controller.capabilities
        checkpoints = found.checkpoints if found is not None else ()
        self._refiner.set_entries([MenuEntry(name, name) for name in checkpoints])
        self._refiner.set(self._draft.base.refiner.checkpoint)
        loras = found.loras if found is not None else ()
        self._lora.set_entries([MenuEntry(name, name) for name in loras if is_lora_name(name)])
        self._lora.set("")
        pack_if(loras, self._lora, anchor="w")
        pack_if(not loras, self._lora_name, anchor="w")

    def _now(self, spec: Focus) -> str:
        if is_wording(spec.path):
            texts = self._draft.wordings.get(spec.path, ())
            if spec.path.startswith(SLOT):
                return f"{len(texts)} texts in the pack"
            return f"now: {texts[0]}" if texts and texts[0] else "now none"
        if spec.path == LORA_FILE:
            return ""  # what the prompt names is one of the values, or none of them is
        if spec.path.startswith(LORA):
            named = spec.path.removeprefix(LORA) in lora_weights(self._draft.prompts)
            return f"now {value_text(self._draft.own_value)} in the prompt" if named else "not in the prompt yet"
        word = ORIGIN_MARKS[self._draft.origins.get(spec.path, "engine")].word
        return f"now {value_text(self._draft.own_value, spec.path)} ({word})"

    def _picked_second(self, path: str) -> None:
        self._tell(together(self._draft, path))

    def _typed_picture(self, text: str) -> None:
        path = text.strip().strip('"')
        problem = ""
        if path:
            self._asked = f"start:{path}"
            self._controller.ask(
                FitFile(image_id=self._asked, path=Path(path), box=(theme.px(_THUMBNAIL), theme.px(_THUMBNAIL)))
            )
            problem = "The picture is being looked at."
        else:
            self._asked = ""
        self._thumbnail.configure(image="")
        self._tell(msgspec.structs.replace(self._draft, start_image=path, start_problem=problem))

    def _browse(self) -> None:
        wish = FileWish(
            title="Picture to start from", words="Pictures", endings=START_PICTURES, start=self.picture.get()
        )
        choose_file(self, self._controller, wish, lambda path: self._take_picture(str(path)))

    def _take_picture(self, name: str) -> None:
        self.picture.set(name)
        self._typed_picture(name)

    def _picked_refiner(self, name: str) -> None:
        base = with_values(self._draft.base, {"refiner.checkpoint": name})
        self._tell(msgspec.structs.replace(self._draft, base=base))

    def _picked_lora(self, name: str) -> None:
        if is_lora_name(name.strip()):
            self._other = False
            self.settings.focus_set()
            self._tell(varying(self._draft, f"{LORA}{name.strip()}"))
        elif name.strip():
            self._lora_name.error("This is no name of a LoRA. Write it as in the prompt, without < > and :")
