"""The pages by name. Each is imported when it is made: together they take longer than opening the window should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ..app.controller import Controller
from ..domain.config.origins import SHORT_SEED
from ..domain.journal.image_facts import ImageFacts
from ..domain.journal.record import LearningRecord
from ..domain.models.precedence import Resolved
from ..domain.runs.known_value import KnownValue
from .widgets.basics import Box
from .widgets.page_frame import PageFrame

if TYPE_CHECKING:
    from ..app.learn.guide import GuideState
    from ..domain.recipes.recipe import Recipe
    from .create.page import CreatePage
    from .widgets.notices import ShowNotice


class PagesActions(Struct, frozen=True):
    """What pages ask of the window. `create` shows the page Create and returns it; `typed`: what stands there."""

    go: Callable[[str], None]
    say: ShowNotice
    look_at: Callable[[Path], object]
    create: Callable[[], CreatePage]
    typed: Callable[[], Resolved | None]
    use_recipe: Callable[[Recipe, str], None]
    learn_from: Callable[[LearningRecord, ImageFacts], None]
    guided: Callable[[GuideState], None]
    new_learning_run: Callable[..., None]
    open_plan: Callable[[str], None]
    show_insight: Callable[[str], None]
    show_known: Callable[[KnownValue], None]
    review_run: Callable[[str], None]
    review_search: Callable[[str], None]


class PageMakers:
    """Makes pages in `parent`. Main thread."""

    def __init__(self, parent: Box, controller: Controller, actions: PagesActions) -> None:
        self._parent, self._controller, self._do = parent, controller, actions

    def make(self, name: str) -> PageFrame:
        """A new page of this name."""
        makers: dict[str, Callable[[], PageFrame]] = {
            "create": self._create,
            "review": self._review,
            "learn": self._learn,
            "insights": self._insights,
            "models": self._models,
            "packs": self._packs,
            "nodes": self._nodes,
            "settings": self._settings,
            "workflow": self._workflow,
            "welcome": self._welcome,
        }
        return makers[name]()

    def _create(self) -> PageFrame:
        from ..domain.experiments.next_question import draft_about
        from .create.page import CreatePage, LoopActions

        do = self._do
        loop = LoopActions(
            see=do.show_insight,
            rate=do.open_plan,
            ask=lambda question, now: do.new_learning_run(draft_about(question, now)),
        )
        return CreatePage(self._parent, self._controller, go=do.go, say=do.say, loop=loop, look_at=do.look_at)

    def _review(self) -> PageFrame:
        from .review.page import ReviewPage

        return ReviewPage(
            self._parent,
            self._controller,
            go_create=lambda: self._do.go("create"),
            on_use_settings=lambda record: self._do.create().use(record),
            on_learn=self._do.learn_from,
            on_guide=self._do.guided,
        )

    def _learn(self) -> PageFrame:
        from .learn.page import LearnPage

        do = self._do
        return LearnPage(
            self._parent,
            self._controller,
            say=do.say,
            show_insight=do.show_insight,
            typed=do.typed,
            show_known=do.show_known,
        )

    def _insights(self) -> PageFrame:
        from .insights.page import InsightsPage

        do = self._do
        return InsightsPage(
            self._parent,
            self._controller,
            go=do.go,
            open_plan=do.open_plan,
            new_run=do.new_learning_run,
            review_run=do.review_run,
            show_known=do.show_known,
        )

    def _models(self) -> PageFrame:
        from .models.page import ModelsPage

        do = self._do
        return ModelsPage(
            self._parent, self._controller, say=do.say, learn=do.new_learning_run, review=do.review_search
        )

    def _packs(self) -> PageFrame:
        from .packs.page import PackPageActions, PacksPage

        def draw_seed() -> int:
            import secrets

            return secrets.randbelow(SHORT_SEED + 1)

        actions = PackPageActions(
            go=self._do.go,
            use=self._do.use_recipe,
            run=lambda pack_id: self._do.create().packs.choose(pack_id),
            draw_seed=draw_seed,
        )
        return PacksPage(self._parent, self._controller, actions)

    def _nodes(self) -> PageFrame:
        from .nodes.page import NodesPage

        return NodesPage(self._parent, self._controller, say=self._do.say)

    def _settings(self) -> PageFrame:
        from .settings.page import SettingsPage

        return SettingsPage(self._parent, self._controller, say=self._do.say)

    def _workflow(self) -> PageFrame:
        from ..app.learn.plan_context import open_draft
        from .workflow.page import WorkflowPage

        return WorkflowPage(
            self._parent,
            self._controller,
            go_create=lambda: self._do.go("create"),
            learn=lambda path: self._do.new_learning_run(open_draft(path)),
        )

    def _welcome(self) -> PageFrame:
        from .settings.welcome import WelcomePage

        return WelcomePage(self._parent, self._controller, done=lambda: self._do.go("create"))


# What takes longest to import, in the order in which pages are usually opened.
LATER = tuple(
    f"stablenew_tk.{name}"
    for name in (
        "app.learn.plan_results",
        "app.known",
        "gui.queue_popup",
        "gui.widgets.picture_grid",
        "gui.review.page",
        "gui.learn.rating.view",
        "gui.learn.wizard.wizard",
        "gui.learn.page",
        "gui.insights.panel",
        "gui.insights.page",
        "gui.packs.editor",
        "gui.packs.page",
        "gui.models.page",
        "gui.settings.page",
        "gui.nodes.page",
        "gui.workflow.page",
    )
)
