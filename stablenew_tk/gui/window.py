"""The window: the frame, the pages, the tick that brings news from the threads, and the way out."""

from __future__ import annotations

import gc
import logging
import random
import sys
import tkinter as tk
import traceback
from collections.abc import Callable, Sequence
from tkinter import messagebox
from types import TracebackType
from typing import Literal, TypeVar, cast

import customtkinter as ctk
import msgspec

from ..app.controller import Controller
from ..app.learn.guide import GuideState
from ..app.learn.plan_results import PlanResults
from ..app.rating_offer import RatingOffer, damaged_text, leftover_text
from ..domain.config.origins import MAX_SEED
from ..domain.experiments.next_question import draft_about
from ..domain.journal.history import ImageFacts
from ..domain.journal.record import LearningRecord, draft_of
from ..domain.models.precedence import Resolved
from ..domain.runs.known_value import KnownValue
from ..domain.runs.plan import LearningPlan
from ..pipeline.messages.base import Event, OrderFailed
from ..pipeline.messages.jobs import JobEnded, QueueChanged
from ..pipeline.messages.journal import HistoryLoaded
from ..pipeline.messages.settings import SettingsChanged
from .create.page import CreatePage, LoopActions
from .drag_and_drop import DropActions, DroppedFiles
from .frame_bars import BottomBar, Rail, TopBar
from .insights.page import InsightsPage
from .learn.page import LearnPage
from .models.page import ModelsPage
from .packs.page import PackPageActions, PacksPage
from .review.page import ReviewPage
from .settings.page import SettingsPage
from .settings.welcome import WelcomePage
from .widgets import icons, theme
from .widgets.basics import Box, Separator
from .widgets.keyboard import KeyHelp
from .widgets.notices import Notices
from .widgets.page_frame import PageFrame

log = logging.getLogger(__name__)
_Page = TypeVar("_Page", bound=PageFrame)

TICK_IDLE_MS, TICK_BUSY_MS = 33, 16
PAGES = (
    ("create", "create", "Create"),
    ("review", "review", "Review"),
    ("learn", "learn", "Learn"),
    ("insights", "insights", "Insights"),
    ("models", "models", "Models"),
    ("settings", "settings", "Settings"),
    # The numbers of the keys do not move when a page comes: people have them in their fingers.
    ("packs", "packs", "Packs"),
)
LEAST = (1024, 700)
_PATIENCE_S, _USUAL_S = 0.0002, 0.005
_YOUNG, _MIDDLE, _OLD = 5_000, 20, 10  # new objects, and collections of the younger kind, after which to collect


class Window(ctk.CTk):  # type: ignore[misc]  # customtkinter has no types
    """The main window. One per process. All its work is short: threads do the rest and report through `tick`."""

    def __init__(self, controller: Controller, notices: Sequence[str] = ()) -> None:
        super().__init__(className="StableNew")
        self.title("StableNew")
        self.controller = controller
        self._pages: dict[str, PageFrame] = {}
        self._page = ""
        self._title = ("", "")
        self._has_news = True
        self._seen_errors: set[str] = set()
        self._tick_id = ""
        self._closing = False
        self._rating = RatingOffer(controller)
        self._ready = self._leftover = ""
        # Left to itself, Python collects on any thread, and pictures dropped there wait for this one, one by one.
        gc.disable()
        # Threads that work hand Python over only after this long, and a key needs it a dozen times: with the usual 5 ms
        # one letter in twenty typed while a pack is checked took 45 to 100 ms, with this about 20.
        sys.setswitchinterval(_PATIENCE_S)
        self._appearance = controller.settings.appearance
        theme.apply(self, self._appearance)
        self.iconphoto(True, cast(tk.PhotoImage, icons.logo(64)))
        self.minsize(*LEAST)
        self.geometry(controller.settings.geometry or "1280x800")
        self._build()
        self._bind_keys()
        self._results = PlanResults(controller)
        controller.subscribe(self._on_event)
        self.protocol("WM_DELETE_WINDOW", self.leave)
        self.show("create" if controller.settings.welcome_done else "welcome")
        for notice in notices:
            self.notices.say(notice)
        controller.open()
        self._tick()

    def _build(self) -> None:
        self.rail = Rail(self, PAGES, self.show)
        self.rail.pack(side="left", fill="y")
        Separator(self).pack(side="left", fill="y")
        self.top = TopBar(
            self,
            self.controller,
            go=self.show,
            set_learning=lambda mode: self._change(learning=mode),
            switch_mode=self._switch_mode,
            show_keys=self._show_keys,
        )
        self.top.pack(side="top", fill="x")
        Separator(self).pack(side="top", fill="x")
        self.bottom = BottomBar(self, self.controller, pause=self._pause, stop=self._stop)
        self.bottom.pack(side="bottom", fill="x")
        Separator(self).pack(side="bottom", fill="x")
        self.body = Box(self, "bg")
        self.body.pack(side="top", fill="both", expand=True)
        self.notices = Notices(self, above=self.body)
        self.arrivals = DroppedFiles(
            self,
            self.controller,
            self.notices,
            DropActions(packs=self._packs_page, is_on_packs=lambda: self._page == "packs", show=self.show),
        )

    def _make_page(self, name: str) -> PageFrame:
        parent, controller, go, say = self.body, self.controller, self.show, self.notices.say
        makers: dict[str, Callable[[], PageFrame]] = {
            "create": lambda: CreatePage(parent, controller, go=go, say=say, loop=self._loop()),
            "review": lambda: ReviewPage(
                parent,
                controller,
                go_create=lambda: go("create"),
                on_use_settings=lambda record: self._go_to("create", CreatePage).use(record),
                on_learn=self._learn_from,
                on_guide=self._guided,
            ),
            "learn": lambda: LearnPage(
                parent,
                controller,
                say=say,
                show_insight=self._show_insight,
                typed=self._typed,
                show_known=self._show_known,
            ),
            "insights": lambda: InsightsPage(
                parent,
                controller,
                go=go,
                open_plan=self._open_plan,
                new_run=self._new_learning_run,
                review_run=self._review_run,
                show_known=self._show_known,
            ),
            "models": lambda: ModelsPage(parent, controller, say=say, learn=self._new_learning_run),
            "packs": lambda: PacksPage(
                parent,
                controller,
                PackPageActions(
                    go=go,
                    use=lambda recipe, name: self._go_to("create", CreatePage).take(recipe.values, recipe.seed, name),
                    run=lambda pack_id: self._go_to("create", CreatePage).packs.choose(pack_id),
                    draw_seed=lambda: random.SystemRandom().randint(0, MAX_SEED),
                ),
            ),
            "settings": lambda: SettingsPage(parent, controller, say=say),
            "welcome": lambda: WelcomePage(parent, controller, done=lambda: go("create")),
        }
        return makers[name]()

    # ---- pages

    @property
    def page_name(self) -> str:
        """The name of the page in sight."""
        return self._page

    def page(self, name: str) -> PageFrame:
        """The page of this name; it is built the first time."""
        if name not in self._pages:
            self._pages[name] = self._make_page(name)
        return self._pages[name]

    def show(self, name: str) -> None:
        """Bring a page into sight; it is built the first time."""
        if self._closing:
            return
        page = self.page(name)
        if self._page and self._page != name:
            self._pages[self._page].pack_forget()
        self._page = name
        page.pack(fill="both", expand=True)
        if name in ("review", "learn"):
            self.notices.forget(self._ready)
        self.rail.choose(name)
        page.shown()
        self._show_title()

    def _go_to(self, name: str, kind: type[_Page]) -> _Page:
        self.show(name)
        page = self.page(name)
        assert isinstance(page, kind)
        return page

    def _show_title(self) -> None:
        title = self._pages[self._page].title
        if title != self._title:
            self._title = title
            self.top.title.show(title[0])
            self.top.subtitle.show(title[1])

    def _typed(self) -> Resolved | None:
        page = self._pages.get("create")
        return page.resolved if isinstance(page, CreatePage) else None

    def _packs_page(self) -> PacksPage:
        page = self.page("packs")
        assert isinstance(page, PacksPage)
        return page

    def _learn_from(self, record: LearningRecord, facts: ImageFacts) -> None:
        seed = next(output.seed for output in record.outputs if output.image_id == facts.image_id)
        self._go_to("learn", LearnPage).new_run(draft_of(record, seed), facts)

    def _new_learning_run(self, draft: LearningPlan) -> None:
        self._go_to("learn", LearnPage).new_run(draft)

    def _guided(self, state: GuideState) -> None:
        if state.action == "rate":
            self._go_to("learn", LearnPage).rate_soon(state.plan_id)
        elif state.action == "insight":
            self._show_insight(state.plan_id)
        elif state.known is not None:
            self._show_known(state.known)
        else:
            self.show("create")

    def _show_known(self, known: KnownValue) -> None:
        """Create with a value in use: about the prompts that it holds for."""
        self._go_to("create", CreatePage).packs.choose_only(known.pack_id, known.prompt_ids)

    def _loop(self) -> LoopActions:
        return LoopActions(
            see=self._show_insight,
            rate=self._open_plan,
            ask=lambda question, now: self._new_learning_run(draft_about(question, now)),
        )

    def _open_plan(self, plan_id: str) -> None:
        self._go_to("learn", LearnPage).open_plan(plan_id)

    def _show_insight(self, plan_id: str) -> None:
        self._go_to("insights", InsightsPage).show_plan(plan_id)

    def _review_run(self, run_id: str) -> None:
        plan = self.controller.history.plans.plan(run_id) if self.controller.history is not None else None
        self._go_to("review", ReviewPage).show_run(run_id, plan.name if plan is not None else run_id)

    # ---- news from the threads

    def _tick(self) -> None:
        self.controller.pump()
        self._results.work()
        if self._has_news:
            self._has_news = False
            self.bottom.refresh()
        self._show_title()
        young, middle, old = gc.get_count()
        if young > _YOUNG:
            gc.collect(2 if old > _OLD and not self.controller.running else 1 if middle > _MIDDLE else 0)
        self._tick_id = self.after(TICK_BUSY_MS if self.controller.running else TICK_IDLE_MS, self._tick)

    def _on_event(self, event: Event) -> None:
        self._has_news = True
        followers: tuple[TopBar | BottomBar | PageFrame, ...] = (self.top, self.bottom, *self._pages.values())
        for part in followers:
            if isinstance(event, part.FOLLOWS):
                part.on_event(event)
        if isinstance(event, OrderFailed):
            self.notices.say(event.message)
        elif isinstance(event, HistoryLoaded):
            self._greet(event)
        elif isinstance(event, QueueChanged):
            self._offer_leftover()
        elif isinstance(event, SettingsChanged):
            self._apply_appearance(event.settings.appearance)
        elif isinstance(event, JobEnded):
            self._offer_rating(event)

    def _greet(self, event: HistoryLoaded) -> None:
        if event.damaged:
            self.notices.say(damaged_text(event.damaged))
        self._offer_leftover()

    def _offer_leftover(self) -> None:
        """Offer what was not done last time; what Learn has begun meanwhile is no longer offered."""
        count = len(self.controller.leftover)
        text = leftover_text(count)
        if text == self._leftover:
            return
        self.notices.forget(self._leftover)
        self._leftover = text
        if count:
            self.notices.ask(
                text,
                (f"Run {count} job{'s' if count > 1 else ''}", lambda: self.controller.resume(go_on=True)),
                ("Forget them" if count > 1 else "Forget it", lambda: self.controller.resume(go_on=False)),
            )

    def _offer_rating(self, event: JobEnded) -> None:
        ready, plan_id = self._rating.ended(event), event.record.learning.plan_id
        if ready and self.controller.settings.offer_rating and self._page != ("learn" if plan_id else "review"):
            self.notices.forget(self._ready)
            self._ready = ready
            rate = (lambda: self._open_plan(plan_id)) if plan_id else (lambda: self.show("review"))
            self.notices.ask(ready, ("Rate now", rate))

    # ---- keys and buttons

    def _bind_keys(self) -> None:
        for number, (name, _, _) in enumerate(PAGES, start=1):
            self.bind(f"<Control-Key-{number}>", lambda _event, name=name: self.show(name))
        for key, action in (
            ("<Control-comma>", lambda: self.show("settings")),
            ("<Control-p>", self._pause),
            ("<Control-period>", self._stop),
            ("<Control-q>", self.leave),
            ("<F1>", self._show_keys),
            ("<F11>", lambda: self.attributes("-fullscreen", not self.attributes("-fullscreen"))),
        ):
            self.bind(key, lambda _event, action=action: action() and None)

    def _change(self, **values: object) -> None:
        self.controller.change_settings(msgspec.structs.replace(self.controller.settings, **values))

    def _switch_mode(self) -> None:
        self._change(appearance="light" if theme.mode() == "dark" else "dark")

    def _apply_appearance(self, wanted: Literal["system", "dark", "light"]) -> None:
        if wanted != self._appearance:
            self._appearance = wanted
            theme.apply(self, wanted)
            self.top.show_mode()

    def _pause(self) -> None:
        if self.controller.running or self.controller.queue:
            self.controller.pause(not self.controller.paused)

    def _stop(self) -> None:
        jobs = len(self.controller.queue) + (self.controller.running is not None)
        if jobs > 1 and not messagebox.askyesno(
            "Stop", f"Stop the running job and forget the {jobs - 1} waiting? Finished pictures stay.", parent=self
        ):
            return
        if jobs:
            self.controller.cancel()

    def _show_keys(self) -> None:
        page = self._pages[self._page]
        common = (
            (f"Ctrl+1…{len(PAGES)}", "pages"),
            ("Ctrl+P", "pause, go on"),
            ("Ctrl+.", "stop"),
            ("F11", "full screen"),
            ("Ctrl+Q", "close"),
        )
        KeyHelp.shared().open(self.top.help, f"Keys of {page.title[0]}", (*page.key_words, *common))

    # ---- the way out

    def leave(self) -> None:
        """Close the window. During a run it asks first; jobs that are not done wait for the next start."""
        if self.controller.running is not None and not messagebox.askyesno(
            "Close StableNew",
            "A job is running. Stop it and close? Finished pictures and ratings are kept, and the jobs that are not "
            "done can go on next time.",
            parent=self,
        ):
            return
        packs = self._pages.get("packs")
        if isinstance(packs, PacksPage) and not packs.work.may_leave(self.leave):
            return
        self._closing = True
        geometry = self.geometry()
        if geometry != self.controller.settings.geometry:
            self._change(geometry=geometry)
        self.after_cancel(self._tick_id)
        self.withdraw()
        self.update_idletasks()
        gc.enable()
        sys.setswitchinterval(_USUAL_S)
        unsaved = self.controller.close()
        if unsaved:
            messagebox.showerror(
                "Not saved",
                f"{unsaved} line{'s' if unsaved > 1 else ''} could not be written to {self.controller.places.journal}. "
                "The disk refused them to the last.",
            )
        self.destroy()

    def report_callback_exception(
        self, _kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """An error in a Tk callback: logged whole, told once per place, and the window lives on."""
        log.error("an error in the window", exc_info=error)
        place = "".join(traceback.format_tb(trace)[-1:])
        if place not in self._seen_errors:
            self._seen_errors.add(place)
            self.notices.say(f"StableNew itself made a mistake ({type(error).__name__}: {error}). The log has more.")


def open_window(controller: Controller, notices: Sequence[str] = ()) -> int:
    """Open the window and stay until it is closed. Returns the exit code."""
    try:
        Window(controller, notices).mainloop()
    finally:
        # Without a display or a font the window cannot be built, and threads left alone would keep the program alive.
        controller.close()
    return 0
