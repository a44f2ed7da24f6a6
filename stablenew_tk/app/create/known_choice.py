"""`KnownChoice`: what the card "What I know" of Create shows, and what the user does there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ...domain.base.errors import InvalidInput
from ...domain.base.model_hash import without_hash
from ...domain.base.wording import pack_title
from ...domain.config.learning_mode import mode_for
from ...domain.config.sweep import focus
from ...domain.models.preset_scope import engine_name
from ...domain.models.value_sources import LOCKED
from ..controller import Controller
from ..known_layer import value_words
from .form_values import FormValues

if TYPE_CHECKING:
    from ...domain.experiments.next_question import NextQuestion
    from ..known import KnownRow


class KnownCardText(Struct, frozen=True, kw_only=True):
    """What the card says: `context` what it is about, `count` how many values are in use, `short` which (for the closed
    card), `news` about the latest one, with an undo; `next` is the question to ask next.
    """

    rows: tuple[KnownRow, ...] = ()
    context: str = ""
    count: str = ""
    short: str = ""
    news: str = ""
    latest: KnownRow | None = None
    next: NextQuestion | None = None
    next_words: str = ""


class KnownChoice:
    """The known values of the form. Main thread only; call `refresh` of the form's values after an action."""

    def __init__(self, controller: Controller, values: FormValues) -> None:
        self._controller, self._values = controller, values

    def text(self) -> KnownCardText:
        """What the card shows for what the form is about."""
        if self._controller.history is None:
            # Nor is anything imported that looks at a journal, before the window is in sight.
            return KnownCardText(context=self._about())
        from ..known import asked_next, known_rows

        sources, resolved = self._values.sources, self._values.resolved
        rows = known_rows(self._controller, sources, resolved.origins)
        used = [row for row in rows if row.state == "on"]
        known = [row for row in rows if row.state in ("on", "off", "elsewhere")]
        refused = mode_for(self._controller.settings.learning, self._controller.packs.learning, sources.pack_id).by_hand
        asked = asked_next(self._controller, resolved.config, rows) if not refused else None
        latest = max(used, key=lambda row: row.since_ms, default=None)
        return KnownCardText(
            rows=tuple(rows),
            context=self._about(),
            count=f"{len(used)} of {len(known)} in use" if known else "",
            short=self._short(used, rows),
            news=self._news(latest),
            latest=latest,
            next=asked,
            next_words=f"find the best {_plain(asked.path)}" if asked is not None else "",
        )

    def _about(self) -> str:
        sources = self._values.sources
        about = (pack_title(sources.pack_id), without_hash(sources.checkpoint), _engine(sources.engine))
        return " · ".join(part for part in about if part)

    def _short(self, used: Sequence[KnownRow], rows: Sequence[KnownRow]) -> str:
        sources = self._values.sources
        if sources.locked and rows:
            return LOCKED[0].upper() + LOCKED[1:]
        words = [value_words(row.known) for row in used if row.known is not None]
        ready = [row for row in rows if row.state == "ready"]
        if not words and ready:
            return f"{ready[0].title} {ready[0].value} is settled, not in use yet"
        if not words:
            return "Nothing in use here" if rows else "Nothing known yet for this pack and checkpoint"
        return ", ".join(words)

    def _news(self, latest: KnownRow | None) -> str:
        if latest is None or latest.known is None:
            return ""
        from ..known import before_words

        before = before_words(latest.known, self._values.sources)
        words = value_words(latest.known)
        return f"{words[:1].upper()}{words[1:]}, was {before}" if before else f"New: {words}"

    # ---- what the user does

    def switch(self, row: KnownRow, on: bool) -> None:
        """Switch a known value off, or on again."""
        if row.known is not None:
            self._controller.known.switch(row.known, on=on)

    def press(self, row: KnownRow) -> None:
        """Use what is ready from now on; use what was learned for something else here, too."""
        if row.draft is not None:
            self._controller.known.take_over(row.draft)
        elif row.known is not None and row.state == "elsewhere":
            standing = {one.preset.preset_id: one.preset for one in self._values.sources.learned_here}
            self._values.agree(standing[row.known.known_id], yes=True)

    def undo(self, row: KnownRow) -> None:
        """Take the latest value back."""
        if row.known is not None:
            self._controller.known.take_back(row.known)

    def save_preset(self, name: str) -> str:
        """Keep all values in use as a preset; returns what is wrong, "" for nothing."""
        used = [row.known for row in self.text().rows if row.state == "on" and row.known is not None]
        if not used:
            return "Nothing is in use here."
        try:
            from ..known import preset_of

            self._controller.learning.keep_preset(preset_of(used, name))
        except InvalidInput as wrong:
            return str(wrong)
        return ""


def _engine(engine: str) -> str:
    return engine_name(engine).removeprefix("a ").removeprefix("the ")


def _plain(path: str) -> str:
    label = focus(path).caption
    return label if label.split()[0][1:] != label.split()[0][1:].lower() else label.lower()
