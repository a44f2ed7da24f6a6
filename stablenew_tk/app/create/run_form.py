"""The run request of the Create page: the selected prompts, the current values and the variants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.config.learning_mode import Mode, mode_for
from ...domain.config.seed_text import parse_seed, parse_seed_count
from ...domain.models.profile_loras import ProfileLora, added, turned
from ...domain.models.value_sources import loras_put_in, wordings_kept
from ...domain.runs.job import RunRequest, check
from ..controller import Controller
from ..engines.missing_checkpoint import missing_in_run, only_one_words
from ..engines.seed_range import seed_beyond
from ..engines.unlisted_loras import unlisted_in_run
from ..profile_loras import loras_of
from .form_values import FormValues
from .known_choice import KnownChoice
from .pack_choice import PackChoice
from .pack_variants import PackVariants
from .preset_choice import PresetChoice

# Beyond these, each prompt is still looked at when it is sent, but not each time something is typed.
_MOST_LOOKED_AT = 1000


class RunFields(Struct, frozen=True, kw_only=True):
    """The fields of a run that are in no catalogue, as they are filled in."""

    seed: str
    seeds_per_prompt: str
    start_image: str
    record: bool


class RunForm:
    """The parts of a run and whether it can start; `changed()` is called when variants have been worked out."""

    def __init__(self, controller: Controller, changed: Callable[[], object]) -> None:
        self._controller = controller
        self.choice = PackChoice(controller)
        self.values = FormValues(controller)
        self.presets = PresetChoice(controller, self.values)
        self.known = KnownChoice(controller, self.values)
        self.variants = PackVariants(controller, changed)

    @property
    def mode(self) -> Mode:
        """What learning may do for the pack in sight."""
        pack_id = self.choice.file.pack_id if self.choice.file is not None else ""
        return mode_for(self._controller.settings.learning, self._controller.packs.learning, pack_id)

    def refresh(self) -> bool:
        """Work the values out for the pack in sight; True when anything about them has changed."""
        if self.choice.file is not None:
            prompts = [prompt.prompt_id for prompt in self.choice.prompts]
            self.values.stand_at(self.choice.file.pack_id, self.choice.file.path, prompts)
        return self.values.refresh()

    @property
    def loras(self) -> tuple[ProfileLora, ...]:
        """The LoRAs that the checkpoint's profile adds to the chosen prompts, and those that it does not, with why."""
        values, own = self.values, self.values.pack_settings
        model, checkpoint = values.sources.model, values.checkpoint
        made = self.variants.expansion
        texts = [one.prompt for one in made.variants] if made is not None else []
        if len(texts) > _MOST_LOOKED_AT:
            texts = []
        added_text = self._controller.settings.globals.for_pack(positive=own.positive, negative=False).positive
        prompts = [f"{added_text} {text}" for text in texts]
        return loras_of(self._controller, model, checkpoint, prompts, own.randomizer)

    def turn_lora(self, name: str, on: bool) -> None:
        """Switch a LoRA of the profile on or off for this checkpoint, now and in later runs."""
        settings = self._controller.settings
        off = turned(settings.loras_off, self.values.checkpoint, name, on=on)
        self._controller.change_settings(replace(settings, loras_off=off))

    def request(self, fields: RunFields) -> RunRequest:
        """The run as it is filled in. A start image counts only where txt2img is off. Raises InvalidInput for a text
        that is no seed, or no number of seeds.
        """
        values, config = self.values, self.values.resolved.config
        request = RunRequest(
            pack_id=self.choice.pack.pack_id if self.choice.pack is not None else "",
            variants=(),
            config=config,
            origins=values.resolved.origins,
            seed=parse_seed(fields.seed),
            seeds_per_prompt=parse_seed_count(fields.seeds_per_prompt),
            globals=self._controller.settings.globals,
            start_image="" if config.txt2img.enabled else fields.start_image.strip(),
            record=fields.record,
            profile_loras=added(self.loras),
            lora_weights=values.sources.lora_weights,
            lora_instead=loras_put_in(values.sources),
            presets=values.sources.preset_uses,
        )
        return self.variants.of(request)

    def checked(self, problems: Sequence[str], fields: RunFields) -> tuple[str, RunRequest | None]:
        """Why nothing can be run now, or "" and the run; `problems` are sentences about texts that cannot be used."""
        choice = self.choice
        if problems:
            return problems[0], None
        problem = choice.problem or self._controller.workflows.problem
        if problem or choice.file is None or choice.pack is None:
            return problem, None
        kept = wordings_kept(self.values.sources)
        self.variants.want(choice.file.path, choice.prompts, self.values.pack_settings, choice.pack.slots, kept)
        if trouble := self.variants.trouble:
            return trouble, None
        try:
            made = self.request(fields)
            check(made)
        except InvalidInput as error:
            return str(error), None
        found = self._controller.capabilities
        missing = seed_beyond(found, [made.seed]) or missing_in_run(found, made)
        return (missing[0].upper() + missing[1:], None) if missing else ("", made)

    def warning(self, request: RunRequest) -> str:
        """What goes wrong silently when this is run: LoRAs that the backend does not have; "" for nothing."""
        looked_at = replace(request, variants=request.variants[:_MOST_LOOKED_AT])
        return unlisted_in_run(self._controller.capabilities, looked_at)

    def remark(self, request: RunRequest) -> str:
        """What is worth knowing about a run: how the variants are chosen, the checkpoint that no one chose."""
        only = only_one_words(self._controller.capabilities, request.config)
        return " ".join(filter(None, (self.variants.remark, only)))

    def start(self, request: RunRequest, fields: RunFields) -> None:
        """Queue the run and remember it, the seed as typed. Raises InvalidInput when nothing comes of it."""
        self._controller.run(request)
        self.values.ran(request, [prompt.prompt_id for prompt in self.choice.prompts], parse_seed(fields.seed))
        self.variants.ran()

    def forecast_s(self, request: RunRequest) -> float | None:
        """Seconds that the run will take; None = not known."""
        return self._controller.forecast_s(self.variants.configs(request))
