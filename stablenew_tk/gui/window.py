"""What fills the window: the bars, the pages, the tick that brings news from the threads, and the way out."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from ..app.engines.checkpoint_names import values_here
from ..app.engines.started_server import server_text
from ..app.rating_offer import RatingOffer, leftover_text, loaded_texts
from ..app.runs.outbox import taken_in_words
from ..app.start.late_imports import import_soon
from ..app.stop_signals import StopSignals
from ..domain.base.screen_scale import AS_THE_SCREEN
from ..domain.base.wording import counted
from ..domain.journal.record import LearningRecord, draft_of
from ..domain.models.value_sources import CHECKPOINT
from ..pipeline.messages.base import Event, OrderFailed, SecondStart
from ..pipeline.messages.jobs import JobEnded, QueueChanged
from ..pipeline.messages.journal import HistoryLoaded, ReadNews, UnsavedTakenIn
from ..pipeline.messages.server import ServerChanged
from ..pipeline.messages.settings import SettingsChanged
from ..pipeline.messages.workflows import WorkflowRead
from ..pipeline.messages.xmp import XmpProgress
from .clock_guard import ClockGuard
from .crash_sheet import CrashSheet
from .drag_and_drop import DropActions, DroppedFiles
from .forms.stage_cards import general_entries
from .frame_bars import WINDOW_KEYS, BottomBar, CheckpointActions, TopBar
from .main_frame import PAGES, MainFrame
from .page_makers import LATER, PageMakers, PagesActions
from .settings.star_conflicts import ConflictTeller
from .way_out import WayOut
from .widgets import theme
from .widgets.keyboard import KeyHelp, Shortcuts
from .widgets.modal import Decision, QuestionBox, nothing, open_boxes
from .widgets.notices import Notices
from .widgets.popups import MenuEntry

if TYPE_CHECKING:
    from ..app.controller import Controller
    from ..app.learn.guide import GuideState
    from ..app.learn.plan_results import PlanResults
    from ..app.start.window_claim import WindowClaim
    from ..backends.base import Capabilities
    from ..domain.base.key_press import KeyPress
    from ..domain.config.user_settings import Settings
    from ..domain.journal.image_facts import ImageFacts
    from ..domain.models.precedence import Resolved
    from ..domain.recipes.recipe import Recipe
    from ..domain.runs.job import Job
    from ..domain.runs.known_value import KnownValue
    from ..domain.runs.plan import LearningPlan
    from .create.page import CreatePage
    from .insights.page import InsightsPage
    from .learn.page import LearnPage
    from .packs.page import PacksPage
    from .queue_popup import QueuePopup
    from .review.page import ReviewPage
    from .widgets.page_frame import PageFrame
    from .workflow.page import WorkflowPage

TICK_IDLE_MS, TICK_BUSY_MS = 33, 16
_PAINTED_MS, _LOOK_MS, _IMPORT_MS, _PAUSE_S = 20, 5, 100, 0.01
# What it takes to watch the folders, which is imported while keys are answered.
_OPENING = ("stablenew_tk.storage.models.scan", "stablenew_tk.storage.watcher")
_AGAIN_MS = 10_000  # between two looks whether a server is back
_PATIENCE_S = 0.0002
_YOUNG, _MIDDLE, _OLD = 5_000, 20, 10  # new objects, and collections of the younger kind, after which to collect


class Window:
    """What fills `frame`, which stays until it is closed. Main thread. All its work is short: threads do the rest and
    report through the tick. With `claim` a second start shows it. `begun` is called once the first page is in sight.
    """

    def __init__(
        self,
        frame: MainFrame,
        controller: Controller,
        notices: Sequence[str] = (),
        *,
        claim: WindowClaim | None = None,
        signals: StopSignals | None = None,
        begun: Callable[[], object] = nothing,
    ) -> None:
        self.frame, self.controller, self._claim, self._begun = frame, controller, claim, begun
        self._signals = signals or StopSignals()
        self._pages: dict[str, PageFrame] = {}
        self._page = ""
        self._title = ("", "", "")
        self._has_news, self._queue_moved = True, False
        self._queue: QueuePopup | None = None
        self._menu: Sequence[MenuEntry] = ()
        self._menu_of: Capabilities | None = None
        self._begin_id = self._tick_id = self._again_id = self._import_id = ""
        self._closing = False
        self._rating = RatingOffer(controller)
        self._ready = self._leftover = ""
        self._loaded: HistoryLoaded | None = None
        # Left to itself, Python collects on any thread, and pictures dropped there wait for this one, one by one. That
        # holds until the program has ended, for the threads end after the window.
        gc.disable()
        # Threads that work hand Python over only after this long, and a key needs it a dozen times: with the usual 5 ms
        # one letter in twenty typed while a pack is checked took 45 to 100 ms, with this about 20.
        sys.setswitchinterval(_PATIENCE_S)
        self._build()
        self._makers = self._page_makers()
        self._bind_keys()
        self._results: PlanResults | None = None
        self._way_out = WayOut(frame, controller, self._signals, packs=self._open_packs, fall_silent=self._fall_silent)
        controller.subscribe(self._on_event)
        self._clock = ClockGuard(frame, controller)
        frame.go, frame.caught = self._show_home, self.crashes.caught
        frame.protocol("WM_DELETE_WINDOW", self.leave)
        self.show("create" if controller.settings.welcome_done else "welcome")
        for notice in notices:
            self.notices.say(notice)
        self.top.show_checkpoint()
        # What is drawn goes before: the journal, the folders and the backend are asked when the page is in sight.
        self._begin_id = frame.after_idle(self._soon)

    def _soon(self) -> None:
        self._imported = import_soon(_OPENING)
        self._begin_id = self.frame.after(_PAINTED_MS, self._begin)

    def _begin(self) -> None:
        """The first page is in sight: begin with everything that has to do with files, threads and the network."""
        if not self._imported():
            self._begin_id = self.frame.after(_LOOK_MS, self._begin)
            return
        self._begin_id = ""
        self._begun()
        self.controller.open()
        self.controller.xmp.open()
        if self._claim is not None:
            self._claim.announce(self.controller.inbox)
        self._tick()
        self._ask_again()
        self._import_id = self.frame.after(_IMPORT_MS, self._import_pages)

    def _build(self) -> None:
        frame = self.frame
        self.top = TopBar(
            frame.top,
            self.controller,
            go=self.show,
            checkpoint=CheckpointActions(
                current=self._checkpoint, entries=self._checkpoints, choose=self._choose_checkpoint
            ),
            switch_mode=self._switch_mode,
            show_keys=self._show_keys,
        )
        self.top.pack(fill="both", expand=True)
        self.bottom = BottomBar(
            frame.bottom, self.controller, pause=self._pause, stop=self._stop, show_queue=self._show_queue
        )
        self.bottom.pack(fill="both", expand=True)
        self.notices = Notices(self.bottom.left)
        self.conflicts = ConflictTeller(frame, self.controller, self.notices)
        self.crashes = CrashSheet(frame, self.controller, self.notices)
        self.arrivals = DroppedFiles(
            frame,
            self.controller,
            self.notices,
            DropActions(
                packs=self._packs_page,
                is_on_packs=lambda: self._page == "packs",
                show=self.show,
                show_workflow=lambda read: self._workflow().show_workflow(read),
            ),
        )

    def _page_makers(self) -> PageMakers:
        return PageMakers(
            self.frame.body,
            self.controller,
            PagesActions(
                go=self.show,
                say=self.notices.say,
                look_at=self.arrivals.look_at,
                create=self._create,
                typed=self._typed,
                use_recipe=self._use_recipe,
                learn_from=self._learn_from,
                guided=self._guided,
                new_learning_run=self._new_learning_run,
                open_plan=self._open_plan,
                show_insight=self._show_insight,
                show_known=self._show_known,
                review_run=self._review_run,
                review_search=lambda text: self._review().show_search(text),
            ),
        )

    # ---- pages

    @property
    def page_name(self) -> str:
        """The name of the page in sight."""
        return self._page

    def page(self, name: str) -> PageFrame:
        """The page of this name; it is built the first time."""
        if name not in self._pages:
            self._pages[name] = self._makers.make(name)
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
        self.frame.rail.choose(name)
        page.shown()
        self._show_title()

    def _use_recipe(self, recipe: Recipe, name: str) -> None:
        values = values_here(recipe, self.controller.capabilities, self.controller.models.find)
        self._create().take(values, recipe.seed, name)

    def _show_home(self, name: str) -> None:
        """A click in the rail: the page, at its first view."""
        self.show(name)
        self._pages[name].home()
        self._show_title()

    def _go_to(self, name: str) -> PageFrame:
        self.show(name)
        return self.page(name)

    # Their classes are imported with the first look at them: see `gui.page_makers`.

    def _create(self) -> CreatePage:
        return cast("CreatePage", self._go_to("create"))

    def _review(self) -> ReviewPage:
        return cast("ReviewPage", self._go_to("review"))

    def _learn(self) -> LearnPage:
        return cast("LearnPage", self._go_to("learn"))

    def _insights(self) -> InsightsPage:
        return cast("InsightsPage", self._go_to("insights"))

    def _workflow(self) -> WorkflowPage:
        return cast("WorkflowPage", self._go_to("workflow"))

    def _show_title(self) -> None:
        page = self._pages[self._page]
        title = *page.title, page.parent
        if title != self._title:
            self._title = title
            self.top.title.show(title[0])
            self.top.subtitle.show(title[1])
            self.top.show_way_back(page.parent, page.home)

    def _typed(self) -> Resolved | None:
        page = cast("CreatePage | None", self._pages.get("create"))
        return None if page is None else page.resolved

    # ---- the checkpoint of the next run

    def _checkpoint(self) -> str:
        typed = self._typed()
        return "" if typed is None else typed.config.checkpoint

    def _checkpoints(self) -> Sequence[MenuEntry]:
        if self._menu_of is not self.controller.capabilities or not self._menu:
            self._menu_of = self.controller.capabilities
            self._menu = general_entries(self._menu_of)["checkpoints"]
        return self._menu

    def _choose_checkpoint(self, name: str) -> None:
        cast("CreatePage", self.page("create")).change(CHECKPOINT, name)

    def _packs_page(self) -> PacksPage:
        return cast("PacksPage", self.page("packs"))

    def _learn_from(self, record: LearningRecord, facts: ImageFacts) -> None:
        seed = next(output.seed for output in record.outputs if output.image_id == facts.image_id)
        self._learn().new_run(draft_of(record, seed), facts)

    def _new_learning_run(self, draft: LearningPlan | None = None) -> None:
        self._learn().new_run(draft)

    def _guided(self, state: GuideState) -> None:
        if state.action == "rate":
            self._learn().rate_soon(state.plan_id)
        elif state.action == "insight":
            self._show_insight(state.plan_id)
        elif state.known is not None:
            self._show_known(state.known)
        else:
            self.show("create")

    def _show_known(self, known: KnownValue) -> None:
        """Create with a value in use: about the prompts that it holds for."""
        self._create().packs.choose_only(known.pack_id, known.prompt_ids)

    def _open_plan(self, plan_id: str) -> None:
        self._learn().open_plan(plan_id)

    def _show_insight(self, plan_id: str) -> None:
        self._insights().show_plan(plan_id)

    def _review_run(self, run_id: str) -> None:
        plan = self.controller.history.plans.plan(run_id) if self.controller.history is not None else None
        self._review().show_run(run_id, plan.name if plan is not None else run_id)

    def _import_pages(self) -> None:
        """What the other pages need is imported by a thread, so that the first look at one takes no longer."""
        self.arrivals.open()
        self._imported = import_soon(LATER, _PAUSE_S)
        self._see_results()

    def _see_results(self) -> None:
        if not self._imported():
            self._import_id = self.frame.after(_IMPORT_MS, self._see_results)
            return
        from ..app.learn.plan_results import PlanResults

        self._results = PlanResults(self.controller)

    # ---- news from the threads

    def _tick(self) -> None:
        if self._signals.count:
            # Not from here: the first tick belongs to the making of the window.
            self._tick_id = self.frame.after(1, self._way_out.end)
            return
        # A page that fails must not make the window deaf: to news, to the other pages, and to what ends it.
        theme.safely(self._look_around)
        self._tick_id = self.frame.after(TICK_BUSY_MS if self.controller.running else TICK_IDLE_MS, self._tick)

    def _look_around(self) -> None:
        self._clock.look()
        self.controller.pump()
        if self._results is not None:
            self._results.work()
        if self._has_news:
            self._has_news = False
            self.bottom.refresh()
            if self._queue_moved and self._queue is not None and self._queue.is_open:
                self._queue.refresh()
            self._queue_moved = False
        self.top.show_checkpoint()
        self._show_title()
        young, middle, old = gc.get_count()
        if young > _YOUNG:
            gc.collect(2 if old > _OLD and not self.controller.running else 1 if middle > _MIDDLE else 0)

    def _ask_again(self) -> None:
        """See whether a server that did not answer is back. While a job waits for it, its thread looks itself."""
        if self.controller.backend.may_come_back and self.controller.running is None:
            self.controller.check_backend()
        self._again_id = self.frame.after(_AGAIN_MS, self._ask_again)

    def _on_event(self, event: Event) -> None:
        self._has_news = True
        followers: tuple[TopBar | BottomBar | PageFrame, ...] = (self.top, self.bottom, *self._pages.values())
        for part in followers:
            if isinstance(event, part.FOLLOWS):
                theme.safely(partial(part.on_event, event))
        if isinstance(event, OrderFailed):
            if not self.crashes.told(event.message):
                self.notices.say(event.message)
        elif isinstance(event, UnsavedTakenIn):
            for sentence in taken_in_words(event.saved, event.damaged, event.problem):
                self.notices.say(sentence)
        elif isinstance(event, HistoryLoaded):
            self._greet(event)
        elif isinstance(event, QueueChanged):
            self._queue_moved = True
            self._offer_leftover()
        elif isinstance(event, SettingsChanged):
            self._apply_looks(event.settings)
        elif isinstance(event, JobEnded):
            self._offer_rating(event)
        elif isinstance(event, WorkflowRead):
            self.arrivals.answered(event)
        elif isinstance(event, ServerChanged):
            self._tell_of_server(event)
        elif isinstance(event, XmpProgress):
            self.conflicts.tell()
        elif isinstance(event, SecondStart):
            self.frame.come_to_front()
            if not open_boxes(self.frame):
                self.frame.focus_force()
            event.shown()

    def _greet(self, event: HistoryLoaded) -> None:
        before = len(self._loaded.history) if self._loaded is not None else event.before
        for sentence in loaded_texts(event, before):
            self.notices.say(sentence)
        self._loaded = event
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

    def _tell_of_server(self, event: ServerChanged) -> None:
        """What an earlier start has left running is offered to be ended; an end that nobody asked for is told."""
        words = server_text(event, seen=self._page == "settings")
        if words and event.state.is_there:
            self.notices.ask(words, ("Stop it", self.controller.server.stop), ("Leave it running", lambda: None))
        elif words:
            self.notices.ask(words, ("Show", lambda: self.show("settings")))

    # ---- keys and buttons

    def _bind_keys(self) -> None:
        # Heard before the pages, which may mean more by it.
        Shortcuts(self.frame.body, lambda _press: False, self._look_for_news)
        for number, (name, _, _) in enumerate(PAGES, start=1):
            self.frame.bind(f"<Control-Key-{number}>", lambda _event, name=name: self.show(name))
        for key, action in (
            ("<Control-comma>", lambda: self.show("settings")),
            ("<Control-p>", self._pause),
            ("<Control-period>", self._stop),
            ("<Control-j>", self._show_queue),
            ("<Control-q>", self.leave),
            ("<F1>", self._show_keys),
            ("<F11>", self._switch_full_screen),
            *((f"<Control-{key}>", lambda: self._change_size(1)) for key in ("plus", "equal", "KP_Add")),
            *((f"<Control-{key}>", lambda: self._change_size(-1)) for key in ("minus", "KP_Subtract")),
            *((f"<Control-{key}>", lambda: self._change(size=AS_THE_SCREEN)) for key in ("Key-0", "KP_0")),
        ):
            self.frame.bind(key, lambda _event, action=action: action() and None)

    def _look_for_news(self, press: KeyPress) -> bool:
        if press.name == "F5":
            self.controller.ask(ReadNews())
        return False

    def _change(self, **values: object) -> None:
        self.controller.change_settings(msgspec.structs.replace(self.controller.settings, **values))

    def _switch_full_screen(self) -> None:
        self.frame.attributes("-fullscreen", not self.frame.attributes("-fullscreen"))

    def _switch_mode(self) -> None:
        self._change(appearance="light" if theme.mode() == "dark" else "dark")

    def _apply_looks(self, settings: Settings) -> None:
        if self.frame.show_mode(settings.appearance):
            self.top.show_mode()
        self.frame.show_size(settings.size)

    def _change_size(self, way: int) -> None:
        self._change(size=self.frame.size_after(way))

    def _pause(self) -> None:
        if self.controller.running or self.controller.queue:
            self.controller.pause(not self.controller.paused)

    def _stop(self) -> None:
        waiting, running = len(self.controller.queue), self.controller.running is not None
        if waiting + running > 1:
            now = "The running job ends now, and " if running else ""
            jobs = f"{counted(waiting, 'waiting job')} {'are' if waiting > 1 else 'is'} dropped"
            words = f"{now}{jobs}. Finished pictures stay."
            answers = (Decision("Stop and drop them", self.controller.cancel), Decision("Go on", nothing))
            QuestionBox(self.frame, "Stop the run?", words, answers)
        elif waiting or running:
            self.controller.cancel()

    def _show_queue(self) -> None:
        from .queue_popup import QueueActions, QueuePopup

        self._queue = queue = QueuePopup.shared()
        if queue.is_open:
            queue.close()
        else:
            queue.open(self.bottom.queue, self.controller, QueueActions(go_to=self._go_to_job))

    def _go_to_job(self, job: Job) -> None:
        if job.learning.plan_id:
            self._open_plan(job.learning.plan_id)
        else:
            self._create().packs.choose(job.pack_id)

    def _show_keys(self) -> None:
        page = self._pages[self._page]
        own = {key for key, _ in page.key_words}
        common = ((f"Ctrl+1…{len(PAGES)}", "pages"), *(one for one in WINDOW_KEYS if one[0] not in own))
        KeyHelp.shared().open(self.top.help, f"Keys of {page.title[0]}", (*page.key_words, *common))

    # ---- the way out

    def leave(self) -> None:
        """Close the window. During a run it asks first; jobs that are not done wait for the next start."""
        self._way_out.leave()

    def _open_packs(self) -> PacksPage | None:
        return cast("PacksPage | None", self._pages.get("packs"))

    def _fall_silent(self) -> None:
        """The window closes now: nothing is to be done by it any more."""
        self._closing = True
        geometry = self.frame.wm_geometry()
        if geometry != self.controller.settings.geometry:
            self._change(geometry=geometry)
        for pending in (self._begin_id, self._tick_id, self._again_id, self._import_id):
            if pending:
                self.frame.after_cancel(pending)
        self._clock.close()
        self.crashes.close()
        if self._claim is not None:
            self._claim.fall_silent()
