"""The variants that a run from the Create page would make, worked out in the background while the user types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...domain.config.catalogue import Value, with_values
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.prompts.pack import PackPrompt, Slot
from ...domain.prompts.settings import PackSettings, Seeds
from ...domain.prompts.variant import Expansion, as_written
from ...domain.runs.job import RunRequest
from ...domain.runs.pack_run import of_pack
from ...pipeline.messages.base import Event
from ...pipeline.messages.packs import ExpandPrompts, PackFoldersTouched, PromptsExpanded
from ..controller import Controller
from ..wording import not_offered

WORKING = "Working out the variants…"
_Wanted = tuple[Path, tuple[PackPrompt, ...], PackSettings, tuple[Slot, ...], Mapping[str, str]]


class PackVariants:
    """Holds the expansion of the prompts wanted last; `changed()` is called when it has come.

    What is shown is what is run: the same variants, also when they were drawn.
    """

    FOLLOWS = (PromptsExpanded, PackFoldersTouched)

    def __init__(self, controller: Controller, changed: Callable[[], object]) -> None:
        self._controller, self._changed = controller, changed
        self._wanted: _Wanted | None = None
        self._number = 0
        self.expansion: Expansion | None = None

    def want(
        self,
        path: Path,
        prompts: Sequence[PackPrompt],
        settings: PackSettings,
        slots: Sequence[Slot],
        kept: Mapping[str, str],
    ) -> Expansion | None:
        """The variants of these prompts with the texts `kept` for slots, or None while they are being worked out."""
        wanted = (path, tuple(prompts), settings, tuple(slots), kept)
        if wanted != self._wanted:
            self._wanted, self._number, self.expansion = wanted, 0, None
            from ...domain.prompts.randomizer import may_vary

            if may_vary(prompts, settings.randomizer):
                self._ask(wanted)
            else:
                self.expansion = Expansion(count=len(prompts), variants=as_written(prompts))
        return self.expansion

    @property
    def trouble(self) -> str:
        """Why these variants cannot be run, or ""."""
        made = self.expansion
        if made is None:
            return WORKING
        if made.errors:
            first = made.errors[0]
            return f"Line {first.line}: {first.message}" if first.line else first.message
        return ""

    def of(self, request: RunRequest) -> RunRequest:
        """The request with the variants, and the seeds as the pack's settings want them."""
        made, wanted = self.expansion, self._wanted
        return of_pack(request, made, wanted[2]) if made is not None and wanted is not None else request

    @property
    def seeds(self) -> Seeds:
        """How the pack's settings deal out the seeds."""
        return self._wanted[2].randomizer.seeds if self._wanted is not None else "shared"

    @property
    def remark(self) -> str:
        """That only some of the variants are made, and that some cannot be made here, or ""."""
        made = self.expansion
        if made is None:
            return ""
        some = ""
        if len(made.variants) < made.count:
            how = "drawn at random" if made.mode == "random" else "evenly chosen"
            some = f"{len(made.variants):,} of {made.count:,} variants, {how}"
        missing = self._not_offered()
        words = f"There is no {', '.join(missing)} where pictures are made now: these variants will fail."
        return ". ".join(part for part in (some, words if missing else "") if part)

    def _not_offered(self) -> tuple[str, ...]:
        offered, wanted = self._controller.capabilities, self._wanted
        if offered is None or wanted is None:
            return ()
        axes = wanted[2].randomizer.axes
        return tuple(name for axis in axes for name in not_offered(axis.path, axis.values, offered.choices))

    def configs(self, request: RunRequest) -> list[PipelineConfig]:
        """The settings of all jobs of a request, for a forecast; equal ones are one object."""
        if not any(variant.overrides for variant in request.variants):
            return [request.config] * (len(request.variants) * request.seeds_per_prompt)
        known: dict[tuple[tuple[str, Value], ...], PipelineConfig] = {}
        found: list[PipelineConfig] = []
        for variant in request.variants:
            key = tuple(variant.overrides.items())
            if key not in known:
                known[key] = with_values(request.config, dict(variant.overrides))
            found += [known[key]] * request.seeds_per_prompt
        return found

    def ran(self) -> None:
        """These variants are under way. The next run draws anew, if the settings say so and there is a choice."""
        made, wanted = self.expansion, self._wanted
        if made is not None and wanted is not None and self._number and wanted[2].randomizer.seed < 0:
            self._ask(wanted)

    def on_event(self, event: Event) -> None:
        """Take in the answer; ask again when wildcards may have changed."""
        if isinstance(event, PromptsExpanded) and event.number == self._number:
            self.expansion = event.expansion
            self._changed()
        elif isinstance(event, PackFoldersTouched) and self._number and self._wanted is not None:
            self._ask(self._wanted)

    def _ask(self, wanted: _Wanted) -> None:
        path, prompts, settings, slots, kept = wanted
        self._number = self._controller.packs.new_number()
        self._controller.ask(
            ExpandPrompts(path=path, prompts=prompts, settings=settings, slots=slots, kept=kept, number=self._number)
        )
