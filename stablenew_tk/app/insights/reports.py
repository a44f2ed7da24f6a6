"""Requests reports of plans and hints from everyday runs from the desk thread, and keeps the results up to date.

It sends one order at a time, the one for the visible plan first. A result that is outdated by a newer rating is dropped
and requested again. Blind plans are not analysed before their values are revealed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from ...domain.insights.association import Association, RatedRecord
from ...domain.insights.report import Report
from ...domain.journal.history import History
from ...domain.journal.query import Query, Selection
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.pictures import FindImages, ImagesFound
from ...pipeline.messages.plans import Analyse, AssociationsFound, FindAssociations, InsightReady
from ..controller import Controller

NEWEST = 2000
Scope = tuple[str, str]  # pack, checkpoint


class Reports:
    """Reports of plans as far as they are known. `told(plan_id)` is called when one is new."""

    def __init__(self, controller: Controller, on_report: Callable[[str], None]) -> None:
        self._controller, self._on_report = controller, on_report
        self.known: dict[str, Report] = {}
        self._wishes: tuple[str, ...] = ()
        self._stale: set[str] = set()
        self._failed: set[str] = set()
        self._under_way = ""

    def want(self, plan_ids: Iterable[str]) -> None:
        """Ask for these, the first one first; what is known and still holds is not asked again."""
        self._wishes = tuple(plan_ids)
        self._ask_next()

    def changed(self, plan_id: str) -> None:
        """Ratings, pictures or the plan itself are not what they were, so that the answer of all plans that asked the
        same may be another. The last report stays until there is a new one.
        """
        history = self._controller.history
        same = history.plans.asked.same(plan_id) if history is not None else ()
        self._stale |= {plan_id, *same}
        self._failed -= {plan_id, *same}

    def all_changed(self) -> None:
        """Something was undone: which plans belong together may have changed."""
        self._stale |= self.known.keys()

    def on_event(self, event: Event) -> None:
        """Take answers in, also those that another page asked for."""
        if isinstance(event, InsightReady):
            self._ready(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, Analyse):
            # Not asked again before something changes.
            self._failed.add(self._under_way)
            self._under_way = ""
            self._ask_next()

    def _ready(self, event: InsightReady) -> None:
        plan_id, history = event.plan_id, self._controller.history
        if plan_id == self._under_way:
            self._under_way = ""
        if plan_id not in self._stale and history is not None and history.visible().shows(plan_id):
            self.known[plan_id] = event.report
            self._on_report(plan_id)
        self._ask_next()

    def forget_hidden(self, history: History) -> None:
        """Let go of what must not be seen: a result may be taken back."""
        for plan_id in [one for one in self.known if not history.visible().shows(one)]:
            del self.known[plan_id]

    def _ask_next(self) -> None:
        history = self._controller.history
        if self._under_way or history is None:
            return
        for plan_id in self._wishes:
            if (
                not history.visible().shows(plan_id)
                or plan_id in self._failed
                or (plan_id in self.known and plan_id not in self._stale)
            ):
                continue
            standing = self._controller.boards.whole(plan_id)
            if standing is not None:
                self._under_way = plan_id
                self._stale.discard(plan_id)
                self._controller.ask(Analyse(board=standing))
                return


class Everyday:
    """Hints by pack and checkpoint, from rated pictures that belong to no plan. `told()` is called for new ones."""

    def __init__(self, controller: Controller, on_hints: Callable[[], None]) -> None:
        self._controller, self._on_hints = controller, on_hints
        self.known: dict[Scope, tuple[Association, ...]] = {}
        self.pictures: dict[Scope, int] = {}
        self.kinds: dict[Scope, int] = {}  # of machines
        self._query: Query | None = None
        self._waiting: list[FindAssociations] = []
        self._under_way: Scope | None = None
        self._stale = True

    def changed(self) -> None:
        """Everyday pictures were rated or made."""
        self._stale = True

    def refresh(self) -> None:
        """Ask anew if something changed since the last time."""
        if self._stale and self._query is None and self._under_way is None and self._controller.history is not None:
            self._stale = False
            self._query = Query(rating="stars", min_stars=1, finals_only=True)
            self._controller.find(self._query)

    def on_event(self, event: Event) -> None:
        """Take answers in."""
        if isinstance(event, AssociationsFound):
            self._ready(event)
        elif isinstance(event, ImagesFound):
            self._found(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, FindAssociations | FindImages):
            self._query = self._under_way = None
            self._ask_next()

    def _found(self, event: ImagesFound) -> None:
        """Take the rated pictures in, if they are ours, and ask pack by pack."""
        history = self._controller.history
        if event.query is not self._query or history is None:
            return
        self._query = None
        orders = everyday_pictures(history, event.selection)
        self.pictures = {(order.pack_id, order.checkpoint): len(order.pictures) for order in orders}
        self.known = {scope: hints for scope, hints in self.known.items() if scope in self.pictures}
        self._waiting = orders
        self._ask_next()

    def _ready(self, event: AssociationsFound) -> None:
        self.known[event.pack_id, event.checkpoint] = event.associations
        self.kinds[event.pack_id, event.checkpoint] = event.kinds
        if self._under_way == (event.pack_id, event.checkpoint):
            self._under_way = None
        self._ask_next()
        self._on_hints()

    def _ask_next(self) -> None:
        if self._under_way is None and self._waiting:
            order = self._waiting.pop(0)
            self._under_way = order.pack_id, order.checkpoint
            self._controller.ask(order)


def everyday_pictures(history: History, selection: Selection) -> list[FindAssociations]:
    """The newest rated pictures of no plan, sorted out by pack and checkpoint; sketches never beside real pictures."""
    plans = {plan.plan_id for plan in history.plans.plans()}
    found: dict[tuple[str, str, bool], list[RatedRecord]] = defaultdict(list)
    taken = 0
    for group in selection.groups:
        if group.run_id in plans:
            continue
        for row in selection.rows[group.first : group.first + group.count]:
            facts = history.visible().facts(row)
            if facts.ok and not facts.suspect and taken < NEWEST:
                taken += 1
                rated = RatedRecord(facts.position, facts.output_index, facts.image_id, facts.rating)
                found[facts.pack_id, facts.checkpoint, facts.sketch].append(rated)
        if taken >= NEWEST:
            break
    orders = {}
    # Real pictures come last: where both kinds have the same pack and checkpoint, they take the place.
    for pack, checkpoint, _ in sorted(found, key=lambda scope: not scope[2]):
        sketch = (pack, checkpoint, False) not in found
        pictures = tuple(found[pack, checkpoint, sketch])
        orders[pack, checkpoint] = FindAssociations(pack_id=pack, checkpoint=checkpoint, pictures=pictures)
    return sorted(orders.values(), key=_size, reverse=True)


def _size(order: FindAssociations) -> int:
    return len(order.pictures)
