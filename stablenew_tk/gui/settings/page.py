"""The Settings page: where pictures are made and kept, how the window looks, what is remembered."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from ...app.controller import Controller
from ...app.engines.found_servers import counts_of
from ...domain.base.errors import NotReady
from ...domain.base.file_wish import FileWish
from ...domain.base.wording import counted
from ...domain.config.engines import SD_SERVER, SKETCH, WEBUI
from ...domain.config.learning_mode import MODE_WORDS, MODES
from ...domain.config.user_settings import LONGEST_NAME, parse_tags, usable_address, without_login
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import BackendChecked, CheckBackend, EngineFound, FindEngine, backend_order
from ...pipeline.messages.server import ServerChanged, StartServer
from ...pipeline.messages.settings import SaveSettings, SettingsChanged, SettingsSaved
from ...pipeline.messages.xmp import XmpProgress
from ..widgets import theme
from ..widgets.basics import Box, Button, Card, Label
from ..widgets.controls import Check, Segmented
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.page_frame import PageFrame
from ..widgets.row_list import ScrollArea
from ..widgets.tooltips import tip
from .about import AboutFields
from .backup_fields import BackupFields
from .certificate import CertificatePanel, brief_of
from .found_list import FoundList
from .global_texts import AddedTexts
from .own_engine import ABOUT, OwnEngineFields
from .size_fields import SizeFields
from .start_command import ABOUT as STARTING
from .start_command import StartCommandFields
from .xmp_fields import XmpFields

ENGINES = ((SKETCH, "Sketch engine"), (WEBUI, "WebUI or ComfyUI"), (SD_SERVER, "Own sd-server"))
_ADDED = (
    "The first text is put before each prompt, the second after each negative prompt, in the stages ticked below it.\n"
    "A text that stands there already is not added again. A pack can leave them out; Create says when one is in force."
)


def _folder(text: str) -> str:
    """A folder as typed, made whole: from the home folder, wherever the program was started."""
    return str(Path.home() / Path(os.path.expanduser(text.strip())))  # noqa: PTH111 - it never raises


class SettingsPage(PageFrame):
    """Every change counts at once and is on disk a moment later; the line at the bottom says so."""

    title = ("Settings", "")
    key_words = (("Tab", "next field"), ("Return", "take the value"))

    def __init__(self, parent: tk.Misc, controller: Controller, *, say: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._controller = controller
        self._say = say
        self._asked: CheckBackend | None = None
        area = ScrollArea(self, "bg")
        area.pack(fill="both", expand=True)
        self._column = Box(area.body, "bg")
        self._column.pack(anchor="n", pady=theme.px(16))
        self._build_backend()
        self._build_start_command()
        self._build_own_engine()
        self._build_added()
        self._build_folders()
        self._build_xmp()
        self._build_backups()
        self._build_learning()
        self._build_appearance()
        self.about = AboutFields(self._section("About", ""), controller)
        self.about.pack(fill="x")
        self._saved = Label(self._column, "", size=12, ink="text3")
        self._saved.pack(anchor="w", pady=(theme.px(4), theme.px(16)))
        self._fill()

    def shown(self) -> None:
        """The page came into sight: show what is in force."""
        self._fill()
        self._controller.ask(FindEngine())
        self.backups.look()

    def on_event(self, event: Event) -> None:
        """Follow changes made elsewhere and the answers to a check."""
        if isinstance(event, SettingsChanged):
            self._fill()
        elif isinstance(event, SettingsSaved):
            self._saved.show("Saved.", "text3")
        elif isinstance(event, OrderFailed) and isinstance(event.order, SaveSettings):
            self._saved.show(f"Not saved: {event.message}", "danger")
        elif isinstance(event, OrderFailed) and isinstance(event.order, StartServer):
            self.server.refuse(event.message)
        elif isinstance(event, ServerChanged):
            self.server.on_server(event)
        elif isinstance(event, BackendChecked) and self._asked is not None and event.is_of(self._asked):
            self._show_answer(event)
        elif isinstance(event, BackendChecked) and event.is_of(backend_order(self._controller.settings)):
            self._show_in_force(event)
        elif isinstance(event, EngineFound):
            self.own_engine.show_found(event.program)
        elif isinstance(event, XmpProgress):
            self.xmp.show()
        self.backups.on_event(event)
        self.about.on_event(event)
        if isinstance(event, BackendChecked):
            self.found.on_event(event)

    # ---- sections

    def _section(self, title: str, words: str) -> Box:
        card = Card(self._column)
        card.pack(fill="x", pady=(0, theme.px(12)))
        inner = Box(card, "surface", width=theme.px(760))
        inner.pack(fill="x", padx=theme.px(theme.CARD_PAD), pady=theme.px(theme.CARD_PAD))
        Label(inner, title, size=15, bold=True).pack(anchor="w")
        if words:
            Label(inner, words, size=12, ink="text3").pack(anchor="w")
        # Frames shrink around their content; this keeps all cards of the column equally wide.
        Box(inner, "surface", width=theme.px(760), height=1).pack(pady=(theme.px(8), 0))
        return inner

    def _row(self, section: Box, caption: str) -> Box:
        row = Box(section)
        row.pack(fill="x", pady=theme.px(2))
        label = Label(row, caption, ink="text2", wrap=False)
        label.configure(width=16)
        label.pack(side="left")
        return row

    def _build_backend(self) -> None:
        section = self._section("Backend", "Where the pictures are made. The sketch engine needs nothing else.")
        row = self._row(section, "Engine")
        self.engine = Segmented(row, ENGINES, self._choose_engine)
        self.engine.pack(side="left")
        row = self._row(section, "Address")
        self._address = Entry(
            row, width=300, placeholder="http://127.0.0.1:7860", on_commit=lambda _text: self._check()
        )
        self._address.pack(side="left")
        self._test = Button(row, "Test connection", self._test_chosen, busy_text="Checking…")
        self._test.pack(side="left", padx=theme.px(4))
        find = Button(row, "Find on this computer", lambda: self.found.look(), busy_text="Looking…")
        find.pack(side="left")
        row = self._row(section, "Login")
        self._user = Entry(row, width=144, placeholder="user", on_commit=lambda text: self._change(user=text))
        self._user.pack(side="left")
        self._password = Entry(
            row, width=148, placeholder="password", on_commit=lambda text: self._change(password=text)
        )
        self._password.field.configure(show="•")
        self._password.pack(side="left")
        Label(row, "user and password, only for a server that wants them", size=12, ink="text3").pack(
            side="left", padx=theme.px(8)
        )
        self.found = FoundList(section, self._controller, button=find, use=self._use_found)
        self.found.pack(fill="x")
        self._answer = Label(section, "", size=12, ink="text3", wrap=True)
        self._answer.pack(fill="x", pady=(theme.px(6), 0))
        self._below_answer = Box(section)
        self._below_answer.pack(fill="x")
        Box(self._below_answer, height=1).pack()  # a frame without children keeps the height that it had
        self.certificate = CertificatePanel(self._below_answer, self._trust)
        self._trusted = Box(self._below_answer)
        self._trusted_words = Label(self._trusted, "", size=12, ink="text3")
        self._trusted_words.pack(side="left")
        Button(self._trusted, "Forget", lambda: self._trust(""), height=theme.SMALL).pack(side="right")

    def _build_start_command(self) -> None:
        section = self._section("Your own server", STARTING)
        self.server = StartCommandFields(section, self._controller, self._change, self._address_to_look_at)
        self.server.pack(fill="x")

    def _build_own_engine(self) -> None:
        section = self._section("Own sd-server", ABOUT)
        self.own_engine = OwnEngineFields(section, self._controller, self._change_own_engine)
        self.own_engine.pack(fill="x")

    def _build_folders(self) -> None:
        section = self._section("Folders", "Pictures and packs are ordinary files; you may move and edit them.")
        row = self._row(section, "Pictures")
        self._outputs = Entry(row, width=440, on_commit=self._take_outputs)
        self._outputs.pack(side="left")
        Button(row, "Browse…", self._browse_outputs).pack(side="left", padx=theme.px(4))
        self._packs = self._folders_row(section, "More packs in", "pack_folders", "further folders")
        self._wildcards = self._folders_row(section, "Wildcards in", "wildcard_folders", "further folders")
        self._models = self._folders_row(section, "Model folders", "model_folders", "checkpoints and LoRAs")
        tip(self._packs.field, "They are watched for packs, beside the folder of your own ones.")
        tip(self._wildcards.field, "Lists for __name__ in prompts. A folder “wildcards” beside a pack comes first.")
        tip(self._models.field, "They are watched for models and for what the files beside them recommend.")
        places = self._controller.places
        Label(section, f"Records: {places.journal}", size=12, ink="text3").pack(anchor="w", pady=(theme.px(6), 0))
        Label(section, f"Own packs: {places.packs}", size=12, ink="text3").pack(anchor="w")
        Label(section, f"Own wildcards: {places.wildcards}", size=12, ink="text3").pack(anchor="w")

    def _folders_row(self, section: Box, words: str, setting: str, what: str) -> Entry:
        """A field for several folders of a setting, with a button to choose one more."""

        def take(folders: Iterable[str]) -> None:
            paths = (_folder(folder) for folder in folders if folder.strip())
            self._change(**{setting: tuple(dict.fromkeys(paths))})

        def browse() -> None:
            choose_file(
                self,
                self._controller,
                FileWish(title=words, kind="folder"),
                lambda folder: take((*getattr(self._controller.settings, setting), str(folder))),
            )

        row = self._row(section, words)
        entry = Entry(row, width=440, placeholder=f"{what}, divided by ;", on_commit=lambda text: take(text.split(";")))
        entry.pack(side="left")
        Button(row, "Browse…", browse).pack(side="left", padx=theme.px(4))
        return entry

    def _build_xmp(self) -> None:
        words = "Stars and tags go into small XMP files beside the pictures, which themselves are never touched."
        self.xmp = XmpFields(self._section("Stars in other programs", words), self._controller, self._change)
        self.xmp.pack(fill="x")

    def _build_backups(self) -> None:
        words = (
            "One a day is made, one before a repair or a new version; old ones are thinned. Pictures are not inside."
        )
        self.backups = BackupFields(self._section("Backups of records and ratings", words), self._controller)
        self.backups.pack(fill="x")

    def _build_learning(self) -> None:
        section = self._section("Learning", "What is remembered of your runs. Everything stays on this computer.")
        row = self._row(section, "Mode")
        self._mode = Segmented(row, MODES, lambda mode: self._change(learning=mode))
        self._mode.pack(side="left")
        self._mode_words = Label(section, "", size=12, ink="text3")
        self._mode_words.pack(anchor="w", pady=(0, theme.px(4)))
        self._go_on = Check(
            section, "Go on to the next picture after rating", lambda on: self._change(go_on_after_rating=on)
        )
        self._go_on.pack(anchor="w")
        self._offer = Check(section, "Offer to rate when a run is done", lambda on: self._change(offer_rating=on))
        self._offer.pack(anchor="w")
        self.guide = Check(section, "Guide me through the first loop in Review", lambda on: self._change(guide=on))
        self.guide.pack(anchor="w")
        row = self._row(section, "Your name")
        self.user_name = Entry(row, width=300, placeholder="as on this computer", on_commit=self._take_user_name)
        self.user_name.pack(side="left")
        tip(self.user_name.field, "It stands in the Learning Runs that you start. Empty: your name on this computer.")
        row = self._row(section, "Tags")
        self._tags = Entry(row, width=560, check=parse_tags, on_commit=lambda text: self._change(tags=parse_tags(text)))
        self._tags.pack(side="left")
        tip(self._tags.field, "One letter and the words of each tag. C and I are taken: compare and inspector.")

    def _build_added(self) -> None:
        section = self._section("Added to every prompt", _ADDED)
        self.added = AddedTexts(section, self._change)
        self.added.pack(fill="x")

    def _build_appearance(self) -> None:
        section = self._section("Appearance", "")
        row = self._row(section, "Colours")
        options = (("system", "As the system"), ("dark", "Dark"), ("light", "Light"))
        self._appearance = Segmented(row, options, lambda mode: self._change(appearance=mode))
        self._appearance.pack(side="left")
        self.size_fields = SizeFields(self._row(section, "Size of everything"), lambda size: self._change(size=size))
        self.size_fields.pack(side="left")

    # ---- state to fields

    def _fill(self) -> None:
        settings = self._controller.settings
        without_address = settings.backend in (SKETCH, SD_SERVER)
        if self._asked is None:
            self.engine.set(settings.backend if without_address else WEBUI)
        if not without_address:
            self._address.show(settings.backend)
        self.own_engine.show(settings)
        self.server.show(settings)
        self._show_trusted()
        self._user.show(settings.user)
        self._password.show(settings.password)
        self._outputs.show(settings.output_folder or str(self._controller.places.outputs))
        self._packs.show("; ".join(settings.pack_folders))
        self._wildcards.show("; ".join(settings.wildcard_folders))
        self._models.show("; ".join(settings.model_folders))
        self._mode.set(settings.learning)
        self._mode_words.show(MODE_WORDS[settings.learning])
        self._go_on.set(settings.go_on_after_rating)
        self._offer.set(settings.offer_rating)
        self.guide.set(settings.guide)
        self.user_name.show(settings.user_name)
        self.xmp.show()
        self._tags.show(", ".join(f"{key} {words}" for key, words in settings.tags))
        self.added.show(settings.globals)
        self._appearance.set(settings.appearance)
        self.size_fields.show(settings.size)

    def _change(self, **values: object) -> None:
        changed = msgspec.structs.replace(self._controller.settings, **values)
        if changed != self._controller.settings:
            self._saved.show("Saving…", "text3")
            self._controller.change_settings(changed)

    # ---- backend

    def _choose_engine(self, engine: str) -> None:
        if engine == "sketch":
            self._asked = None
            self._test.busy(False)
            self._answer.show(
                "The sketch engine paints simple pictures. They are never mixed with real evidence.", "text3"
            )
            self._change(backend="sketch")
        elif engine == SD_SERVER:
            self._check_own_engine()
        else:
            self._address.focus_set()
            self._check()

    def _test_chosen(self) -> None:
        if self.engine.value == SD_SERVER:
            self._check_own_engine()
        else:
            self._check()

    def _check_own_engine(self) -> None:
        self._put_in_force("Starting sd-server …", backend=SD_SERVER)

    def _own_engine_order(self) -> CheckBackend:
        return CheckBackend(address=SD_SERVER, engine=self._controller.settings.own_engine)

    def _change_own_engine(self, **values: object) -> None:
        before = self._controller.settings
        self._change(**values)
        if self._controller.settings == before or self.engine.value != SD_SERVER:
            return
        if before.backend == SD_SERVER:
            # The change has it checked already.
            self._await_answer(self._own_engine_order(), "Starting sd-server …")
        else:
            self._check_own_engine()

    def _put_in_force(self, words: str, **values: object) -> None:
        """Put a backend in force and have it checked."""
        before = backend_order(self._controller.settings)
        wanted = backend_order(msgspec.structs.replace(self._controller.settings, **values))
        self._await_answer(wanted, words)
        if wanted == before:
            self._controller.check_backend()
        self._change(**values)

    def _await_answer(self, order: CheckBackend, words: str) -> CheckBackend:
        self._asked = order
        self._test.busy()
        self.certificate.pack_forget()
        self._show_trusted()
        self._answer.show(words, "text3")
        return order

    def _check(self) -> None:
        if self.engine.value == "sketch" and not self._address.get().strip():
            self._choose_engine("sketch")
            return
        address = usable_address(self._address.get() or "http://127.0.0.1:7860")
        if not address:
            self._address.error("Write an address such as http://127.0.0.1:7860")
            return
        self.engine.set(WEBUI)
        self._address.error("")
        # In force at once, whether it answers or not: never another engine than the one that was chosen.
        self._use_address(address)

    def _use_address(self, address: str, **more: object) -> None:
        login = {"user": self._user.get(), "password": self._password.get()}
        self._put_in_force(f"Asking {without_login(address)} …", backend=address, **login, **more)

    def _order(self, address: str) -> CheckBackend:
        trusted = self._controller.settings.certificate_at(address)
        return CheckBackend(address=address, user=self._user.get(), password=self._password.get(), certificate=trusted)

    def _address_to_look_at(self) -> CheckBackend | None:
        address = usable_address(self._address.get())
        return self._order(address) if address else None

    def _use_found(self, address: str) -> None:
        self._address.show(address)
        self.engine.set(WEBUI)
        self._check()

    def _trust(self, fingerprint: str) -> None:
        """Trust the certificate of the server at the address; "" = none there any more."""
        address = self._asked.address if self._asked is not None else self._controller.settings.backend
        self._use_address(address, certificates=self._controller.settings.trusting(address, fingerprint))

    def _show_trusted(self) -> None:
        trusted = self._controller.settings.certificate_at(usable_address(self._address.get()))
        if trusted and not self.certificate.winfo_manager():
            self._trusted_words.show(f"You trust its certificate, SHA-256 {trusted[:23]}…{trusted[-12:]}")
            tip(self._trusted_words, trusted)
            self._trusted.pack(fill="x", pady=(theme.px(4), 0))
        else:
            self._trusted.pack_forget()

    def _show_certificate(self, event: BackendChecked) -> None:
        if event.certificate is None:
            self.certificate.pack_forget()
        else:
            self.certificate.show(event.certificate, self._controller.settings.certificate_at(event.address))
            self.certificate.pack(fill="x", pady=(theme.px(6), 0))
        self._show_trusted()

    def _show_answer(self, event: BackendChecked) -> None:
        self._test.busy(False)
        self._tell(event)
        if event.capabilities is None:
            return
        self._asked = None

    def _show_in_force(self, event: BackendChecked) -> None:
        """The backend in force answered somebody else's question: its state is shown while no other one is tried."""
        if self._asked is None and event.address != SKETCH:
            self._tell(event)

    def _tell(self, event: BackendChecked) -> None:
        self._show_certificate(event)
        if event.capabilities is None:
            words = brief_of(event.problem) if event.certificate is not None else event.problem
            self._answer.show(words, "warn" if event.brief == NotReady.brief else "danger")
            return
        words = f"{counts_of(event)}, {counted(len(event.capabilities.samplers), 'sampler')}"
        name = f"{event.capabilities.name} {event.capabilities.version}".strip()
        self._answer.show(f"{name}: {words}, answered in {event.seconds * 1000:.0f} ms.", "ok")

    # ---- folders and words

    def _take_outputs(self, text: str) -> None:
        folder = text.strip()
        usual = str(self._controller.places.outputs)
        self._change(output_folder="" if folder in ("", usual) else _folder(folder))

    def _browse_outputs(self) -> None:
        wish = FileWish(title="Folder for pictures", kind="folder", start=self._outputs.get())
        choose_file(self, self._controller, wish, lambda folder: self._take_outputs(str(folder)))

    def _take_user_name(self, text: str) -> None:
        self._change(user_name=" ".join(text.split())[:LONGEST_NAME])
