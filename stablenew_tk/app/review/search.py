"""The search results of Review, and when the search has to be repeated. Main thread."""

from __future__ import annotations

from ...domain.base.wording import counted
from ...domain.journal.query import Group, HistoryColumns, Query, Totals
from ...pipeline.messages.picture_files import PrepareSearch
from ...pipeline.messages.pictures import ImagesFound
from ..controller import Controller

_PREPARED_AT_ONCE = 1500  # about 10 ms of the thread that does it
# What the segments of the filter stand for.
RATING_FILTERS = {
    "all": Query(),
    "unrated": Query(rating="unrated"),
    "stars": Query(rating="stars", min_stars=4),
    "rejected": Query(rating="rejected"),
}


class ReviewSearch:
    """Asks for pictures and for their number, and knows which answer belongs to which question.

    `groups` are those of the pictures found last.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.groups: tuple[Group, ...] = ()
        self._asked: Query | None = None
        self._counting: Query | None = None
        self._known = 0
        self._prepared: HistoryColumns | None = None
        self._totals = (0, 0)

    @property
    def pending(self) -> bool:
        """Whether a filter is being applied."""
        return self._asked is not None

    @property
    def remark(self) -> str:
        """How many pictures there are, for the top bar."""
        everything, rated = self._totals
        return f"{counted(everything, 'image')} · {rated:,} rated" if everything else ""

    @property
    def nothing_recorded(self) -> bool:
        """Whether there is no picture at all, with whatever filter."""
        return not self._totals[0]

    @property
    def new_pictures(self) -> int:
        """How many pictures came since the filter was applied."""
        history = self._controller.history
        return len(history) - self._known if history is not None else 0

    def prepare(self) -> None:
        """Read the texts of some more pictures, so that the first search for words need not; SearchPrepared answers."""
        history = self._controller.history
        if history is not None and self._prepared is None:
            self._prepared = history.visible().columns()
        if self._prepared is not None:
            self._controller.ask(PrepareSearch(columns=self._prepared, most=_PREPARED_AT_ONCE))

    def prepared(self) -> None:
        """All texts have been read."""
        self._prepared = None

    def runs(self) -> tuple[tuple[str, str], ...]:
        """Id and name of the Learning Runs whose pictures may be shown."""
        history = self._controller.history
        if history is None:
            return ()
        return tuple((plan.plan_id, plan.name) for plan in history.visible().plans())

    def find(self, query: Query) -> None:
        """Apply a filter; `found` takes the answer."""
        self._asked = query
        self._controller.find(query)

    def count(self, query: Query) -> None:
        """Count anew without showing other pictures; `counted` takes the answer."""
        self._count()
        self._counting = query
        self._controller.find(query)

    def found(self, event: ImagesFound) -> bool:
        """Take an answer in. False when it is not that to the filter applied last."""
        if event.query is not self._asked:
            return False
        history = self._controller.history
        self._asked, self.groups = None, event.selection.groups
        self._known = len(history) if history is not None else 0
        self._count()
        return True

    def counted(self, event: ImagesFound) -> bool:
        """Whether this is the answer to `count`."""
        mine = event.query is self._counting
        if mine:
            self._counting = None
        return mine

    def group_starts(self) -> list[int]:
        """Where groups begin among the pictures found; none when all of them are in one without a run."""
        with_heads = not (len(self.groups) == 1 and not self.groups[0].run_id)
        return [group.first for group in self.groups] if with_heads else []

    def _count(self) -> None:
        if (history := self._controller.history) is not None:
            totals = history.visible().counts()
            self._totals = totals.all, totals.all - totals.unrated - totals.rejected


def depends_on_feedback(query: Query) -> bool:
    """Whether rating or tagging a picture could change what a filter shows or where."""
    return query.rating != "all" or bool(query.tag or query.text or query.rated_from_ms) or query.order == "best"


def rating_segments(totals: Totals) -> list[tuple[str, str]]:
    """Name and words of `RATING_FILTERS`, with how many pictures each would show."""
    return [
        ("all", f"All {totals.all:,}"),
        ("unrated", f"Unrated {totals.unrated:,}"),
        ("stars", f"4 stars and up {totals.four_up:,}"),
        ("rejected", f"Rejected {totals.rejected:,}"),
    ]
