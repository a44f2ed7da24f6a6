"""The first start: what this is in four pictures, and the one question where pictures should be made."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import msgspec
from PIL import Image, ImageTk

from ...app.controller import Controller
from ...app.engines.found_servers import FoundServers, counts_of, program_of
from ...app.file_kinds import MODELS
from ...domain.base import colour_roles
from ...domain.base.errors import AccessDenied, NotReady
from ...domain.base.file_wish import FileWish
from ...domain.config.engines import SD_SERVER, Installation
from ...domain.config.user_settings import machine_of, usable_address
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import (
    BackendChecked,
    CheckBackend,
    EngineFound,
    FindEngine,
    FindInstallations,
    InstallationsFound,
)
from ...pipeline.messages.pictures import PaintSample, PictureReady
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Card, Drawing, Label, Sign
from ..widgets.controls import Check
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.marks import star_row
from ..widgets.page_frame import PageFrame
from ..widgets.painting import Painting
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ScrollArea
from ..widgets.tooltips import tip
from .certificate import CertificatePanel, brief_of

# A server that is still starting is asked again so often.
_AGAIN_MS = 3000
STEPS = (
    ("1  Make", "a pack of prompts, one click"),
    ("2  Rate", "one key per picture"),
    ("3  Know", "what your ratings say"),
    ("4  Keep", "the next run starts from there"),
)


NOBODY = "None answers at port 7860, 7861, 8188 or 8000 yet."
_DRAWING = (216, 112)  # px; a picture's sides are multiples of 8
_MADE, _RATED = "welcome-made", "welcome-rated"
_SAMPLES = {
    _MADE: ("an old tram in the rain at night, warm windows, wet street", 11),
    _RATED: ("mountains at dawn, pink sky, pine trees, big sun", 5),
}


class WelcomePage(PageFrame):
    """Looks for a WebUI or ComfyUI on this computer while the user reads. Any choice leads to the Create page."""

    title = ("Welcome", "")
    FOLLOWS = (BackendChecked, EngineFound, InstallationsFound, PictureReady)
    key_words = (("Tab", "next choice"), ("Return", "choose"))

    def __init__(self, parent: tk.Misc, controller: Controller, *, done: Callable[[], object]) -> None:
        super().__init__(parent)
        self._controller = controller
        self._done = done
        self._found = ""
        self._asked = ""
        self._program = ""
        self._servers = FoundServers()
        self._certificates = dict(controller.settings.certificates)
        self._samples: dict[str, ImageTk.PhotoImage] = {}
        self._drawings: list[Drawing] = []
        self._own = controller.settings.own_engine
        # A certificate to be compared needs more height than a small window has.
        area = ScrollArea(self, "bg")
        area.pack(fill="both", expand=True)
        self._column = Box(area.body, "bg", width=theme.px(920))
        self._column.pack(anchor="n", pady=theme.px(28))
        Label(self._column, "Make pictures. Give stars. Know what works.", size=28, bold=True).pack(anchor="w")
        Label(
            self._column,
            "StableNew remembers every setting and tells you honestly what your ratings prove.",
            size=15,
            ink="text2",
        ).pack(anchor="w", pady=(theme.px(4), theme.px(20)))
        self._build_steps()
        Label(self._column, "Where should the pictures be made?", size=15, bold=True).pack(
            anchor="w", pady=(theme.px(24), theme.px(8))
        )
        self._build_choices()
        # As high as its line from the beginning: nothing below it moves when folders are found.
        self._folders = Box(self._column, height=theme.px(28))
        self._folders.pack(fill="x", pady=(theme.px(8), 0))
        self.models: Check | None = None  # made when folders are found that are not in use yet
        self._model_folders: tuple[str, ...] = ()
        self._installed = False
        self.remember = Check(
            self._column,
            "Remember what I make, so that I can rate it later. Everything stays on this computer.",
            on=True,
        )
        self.remember.pack(side="left", pady=(theme.px(4), theme.px(12)))
        Label(self._column, "You can change all this in Settings.", size=12, ink="text3").pack(side="right")
        box = (theme.px(_DRAWING[0]), theme.px(_DRAWING[1]))
        for name, (prompt, seed) in _SAMPLES.items():
            controller.ask(PaintSample(image_id=name, prompt=prompt, seed=seed, box=box))
        for order in self._servers.orders():
            controller.ask(order)
        controller.ask(FindEngine())
        controller.ask(FindInstallations())

    def shown(self) -> None:
        """The page came into sight: Return starts the engine that needs nothing."""
        self._sketch.focus_set()
        if self._installed:
            self.later("again", _AGAIN_MS, self._ask_again)

    def on_event(self, event: Event) -> None:
        """A server on this computer answered, a program was found, or the typed address was tried."""
        if isinstance(event, PictureReady):
            self._painted(event)
            return
        if isinstance(event, EngineFound):
            self._program = event.program
            self._offer_program()
            return
        if isinstance(event, InstallationsFound):
            self._offer_models(event.found)
            return
        assert isinstance(event, BackendChecked)
        if event.address == self._asked:
            self._show_checked(event)
        elif self._servers.take(event):
            self._show_servers()
            self._offer_program()
            if self._installed and self._servers.is_complete:
                self.later("again", _AGAIN_MS, self._ask_again)

    def _show_servers(self) -> None:
        """Say what was found; of several servers one can be chosen."""
        usable, others = self._servers.usable, self._servers.others
        if usable:
            chosen = next((one for one in usable if one.address == self._found), usable[0])
            self._found = chosen.address
            program = program_of(chosen)
            self._local_title.show(f"{program}, found on this computer")
            self._local.show(f"{chosen.address} · {counts_of(chosen)}", "text2")
            self._offer(f"Use {program.partition(' ')[0]}")
            if len(usable) > 1:
                self.which.set_entries([MenuEntry(one.address, program_of(one), one.address) for one in usable])
                self.which.set(chosen.address)
                self.which.pack(side="right", padx=theme.px(8))
        elif others and not self._found:
            self._local_title.show(f"A server on this computer: {others[0].brief}")
            self._local.show(others[0].problem, "warn")
        if any(one.brief == NotReady.brief for one in others):
            self.later("again", _AGAIN_MS, self._ask_again)

    def _ask_again(self) -> None:
        # What is installed may be started any moment.
        servers = self._servers
        orders = servers.orders() if self._installed and not servers.usable else servers.unsettled()
        for order in orders if self.winfo_viewable() else ():
            self._controller.ask(order)

    def choose_server(self, address: str) -> None:
        """Offer another one of the servers that were found."""
        self._found = address
        self._show_servers()

    def _offer(self, words: str) -> None:
        self._use.set_text(words)
        self._use.enable(True)
        # One gold button per page, and a real engine is the better answer.
        self._use.be("main")
        self._sketch.be("plain")
        if self.focus_lastfor() is self._sketch:
            self._use.focus_set()

    def _offer_models(self, found: Sequence[Installation]) -> None:
        """Offer the model folders of what is installed here, and say how an installed server is started."""
        known = self._controller.settings.model_folders
        fresh = [one for one in found if one.models not in known]
        self._model_folders = tuple(one.models for one in fresh)
        if fresh and self.models is None:
            names = [one.shown for one in fresh]
            words = names[0] if len(names) == 1 else f"{len(names)} folders found here: {', '.join(names)}"
            room = self._column.winfo_reqwidth() - theme.px(120)
            words = theme.elide(f"Show the models in {words}", theme.font(13), room)
            self.models = Check(self._folders, words, on=True)
            self.models.pack(side="left")
            tip(self.models, "\n".join(self._model_folders))
        program = next((one for one in found if one.program), None)
        if program is not None and not self._found and self._local.cget("text") == NOBODY:
            self._installed = True
            self.later("again", _AGAIN_MS, self._ask_again)
            self._local.show(f"{program.program} in {program.shown} is not running. Start it, and it appears here.")

    def _offer_program(self) -> None:
        """Where no WebUI answers, an sd-server program is offered in its place; it needs a model file."""
        nobody = self._servers.is_complete and not self._servers.usable and not self._servers.others
        if self._program and nobody and not self._found:
            self._found = SD_SERVER
            self._local_title.show("sd-server, found on this computer")
            self._local.show("StableNew starts it with a model file of yours and ends it with itself.")
            tip(self._local_title, self._program)
            self._offer("Choose a model file…")

    def _show_checked(self, event: BackendChecked) -> None:
        own = event.address == SD_SERVER
        (self._use if own else self._check).busy(False)
        if event.capabilities is not None:
            self._choose(event.address)
        elif event.certificate is not None:
            self._other.show(brief_of(event.problem), "danger")
            self.certificate.show(event.certificate, self._certificates.get(machine_of(event.address), ""))
            self.certificate.pack(fill="x", padx=theme.px(18), pady=(0, theme.px(12)))
        else:
            hint = " Write USER:PASSWORD@ before it." if event.brief == AccessDenied.brief else ""
            ink: colour_roles.Role = "warn" if event.brief == NotReady.brief else "danger"
            (self._local if own else self._other).show(event.problem + hint, ink)

    def _trust(self, fingerprint: str) -> None:
        trusting = msgspec.structs.replace(self._controller.settings, certificates=self._certificates)
        self._certificates = trusting.trusting(self._asked, fingerprint)
        self._try_address()

    def _use_found(self) -> None:
        if self._found != SD_SERVER:
            self._choose(self._found)
            return
        wish = FileWish(title="Model file for sd-server", words="Model files", endings=MODELS)
        choose_file(self, self._controller, wish, lambda file: self._try_model(str(file)))

    def _try_model(self, file: str) -> None:
        self._own = msgspec.structs.replace(self._own, model=file)
        self._asked = SD_SERVER
        self._use.busy()
        self._local.show("Starting sd-server …", "text2")
        self._controller.ask(CheckBackend(address=SD_SERVER, engine=self._own))

    def _build_steps(self) -> None:
        row = Box(self._column)
        row.pack(fill="x")
        drawings = (self._draw_make, self._draw_rate, self._draw_know, self._draw_keep)
        for column, ((title, words), draw) in enumerate(zip(STEPS, drawings, strict=True)):
            cell = Box(row)
            cell.grid(row=0, column=column, padx=(0, theme.px(18) if column < 3 else 0), sticky="w")
            drawing = Drawing(cell, draw, width=_DRAWING[0], height=_DRAWING[1])
            drawing.pack(anchor="w")
            self._drawings.append(drawing)
            Label(cell, title, size=13, bold=True).pack(anchor="w", pady=(theme.px(8), 0))
            Label(cell, words, size=12, ink="text2").pack(anchor="w")

    def _painted(self, event: PictureReady) -> None:
        """A real picture has come, painted this moment by the sketch engine."""
        if event.image_id in _SAMPLES and event.rgb:
            picture = Image.frombytes("RGB", (event.width, event.height), event.rgb)
            self._samples[event.image_id] = ImageTk.PhotoImage(picture)
            for drawing in self._drawings:
                drawing.refresh()

    def _draw_make(self, canvas: Painting) -> None:
        if _MADE in self._samples:
            canvas.picture(theme.px(_DRAWING[0]) // 2, theme.px(_DRAWING[1]) // 2, self._samples[_MADE], "center")
            return
        fills: tuple[tuple[int, colour_roles.Role], ...] = ((18, "raised2"), (82, "accent"), (146, "raised2"))
        for left, fill in fills:
            x, right, top, bottom = (theme.px(at) for at in (left, left + 50, 26, 92))
            canvas.fill(x, top, right, bottom, fill)
        canvas.picture(theme.px(107), theme.px(59), icons.icon("play", 28, "accent_ink", "accent"), "center")

    def _draw_rate(self, canvas: Painting) -> None:
        wide, high = (theme.px(side) for side in _DRAWING)
        foot = theme.px(32)
        if _RATED in self._samples:
            canvas.picture(wide // 2, (high - foot) // 2, self._samples[_RATED], "center")
            canvas.fill(0, high - foot, wide, high, "surface")
        y = high - foot // 2 if _RATED in self._samples else high // 2
        canvas.picture(wide // 2, y, star_row(4, 22, "surface"), "center")

    def _draw_know(self, canvas: Painting) -> None:
        for line, (left, right, mean, best) in enumerate(
            ((36, 86, 60, 0), (70, 116, 92, 0), (132, 174, 152, 1), (112, 164, 138, 0))
        ):
            y = 20 + line * 23
            ink: colour_roles.Role = "chart_best" if best else "chart_range"
            canvas.fill(theme.px(left), theme.px(y), theme.px(right), theme.px(y + 8), ink)
            canvas.fill(theme.px(mean), theme.px(y - 3), theme.px(mean + 3), theme.px(y + 11), "chart_mean")

    def _draw_keep(self, canvas: Painting) -> None:
        for line, (name, value) in enumerate((("Steps", "28"), ("CFG scale", "6.5"), ("Hires denoise", "0.32"))):
            y = theme.px(34 + line * 25)
            canvas.words(theme.px(20), y, name, ink="text2")
            canvas.words(theme.px(195), y, value, bold=True, anchor="e")

    def _choice(self, icon: str, title: str, words: str) -> tuple[Box, Label, Label]:
        card = Card(self._column)
        card.pack(fill="x", pady=theme.px(4))
        inner = Box(card)
        inner.pack(fill="x", padx=theme.px(18), pady=theme.px(12))
        Sign(inner, icon, size=24, ink="accent_text").pack(side="left", padx=(0, theme.px(16)))
        text = Box(inner)
        text.pack(side="left", fill="x", expand=True)
        head = Label(text, title, size=15, bold=True)
        head.pack(anchor="w")
        remark = Label(text, words, size=13, ink="text2", wrap=True)
        remark.pack(fill="x")
        return inner, head, remark

    def _build_choices(self) -> None:
        inner, self._local_title, self._local = self._choice("server", "A WebUI or ComfyUI on this computer", NOBODY)
        self._use = Button(inner, "Use it", self._use_found, height=theme.ACTION, busy_text="Starting…")
        self._use.enable(False, "None was found on this computer.")
        self._use.pack(side="right")
        self.which = ChoiceField(inner, (), self.choose_server, width=190, height=theme.ACTION)
        inner, _, self._other = self._choice(
            "globe", "A server at another address", "ComfyUI, or A1111, Forge, reForge, SD.Next started with --api"
        )
        # Made first, packed last: Tab goes in the order of making.
        self._address = Entry(inner, width=214, height=theme.ACTION, placeholder="http://tower:7860")
        self._address.field.bind("<Return>", lambda _event: self._try_address())
        self._check = Button(inner, "Check", self._try_address, height=theme.ACTION, busy_text="Checking…")
        self._check.pack(side="right")
        self._address.pack(side="right", padx=theme.px(8))
        self.certificate = CertificatePanel(inner.master, self._trust)
        inner, _, _ = self._choice(
            "pencil",
            "Just look around, with the sketch engine",
            "No model, no server, nothing to download. Paints simple pictures in a second.",
        )
        self._sketch = Button(
            inner, "Start sketching", lambda: self._choose("sketch"), kind="main", height=theme.ACTION
        )
        self._sketch.pack(side="right")

    def _try_address(self) -> None:
        address = usable_address(self._address.get())
        if not address:
            self._address.error("Write an address such as http://tower:7860")
            return
        self._address.error("")
        self._asked = address
        self._check.busy()
        self.certificate.pack_forget()
        self._controller.ask(CheckBackend(address=address, certificate=self._certificates.get(machine_of(address), "")))

    def _choose(self, address: str) -> None:
        settings = self._controller.settings
        # Who agrees to be remembered keeps what is set; nothing is narrowed that nobody asked to narrow.
        remembering = settings.learning if settings.learning != "off" else "active"
        learning = remembering if self.remember.on else "off"
        wanted = self._model_folders if self.models is not None and self.models.on else ()
        self._controller.change_settings(
            msgspec.structs.replace(
                settings,
                backend=address,
                certificates=self._certificates,
                sd_server_model=self._own.model,
                learning=learning,
                model_folders=tuple(dict.fromkeys((*settings.model_folders, *wanted))),
                welcome_done=True,
                guide=self.remember.on,
            )
        )
        self._done()
