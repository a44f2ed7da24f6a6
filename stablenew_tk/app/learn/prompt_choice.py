"""Choice of the prompts for a Learning Run: those of the draft, those of a pack, or a typed one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.lora_tags import AddedLora
from ...domain.config.origins import Origin
from ...domain.config.sweep import LORA
from ...domain.experiments.plan_draft import OWN_PACK, PlanDraft
from ...domain.models.profile_loras import added
from ...domain.prompts.pack import PackProblem, PackPrompt
from ...domain.prompts.randomizer import may_vary
from ...domain.prompts.settings import PackSettings
from ...domain.runs.plan import PlanPrompt, planned
from ...pipeline.messages.packs import ExpandPrompts, LoadPack, PackLoaded, PromptsExpanded
from ...storage.packs.pack_file import PackFile
from ..controller import Controller
from ..create.form_values import FormValues
from ..profile_loras import loras_of

KEPT, OWN = "kept", "own"


class PromptRow(Struct, frozen=True):
    """A prompt that can be chosen. `varies`: its text is one of several variants."""

    prompt_id: str
    name: str
    text: str
    varies: bool = False


class PromptChoice:
    """The source of the prompts and the ones chosen from it. Main thread only.

    Sources stand in this order: the prompts the draft began with, the packs, an own prompt; without the last two when
    the draft keeps a picture. `change(draft)` is called when other prompts are chosen.
    """

    def __init__(self, controller: Controller, change: Callable[[PlanDraft], object]) -> None:
        self._controller, self._change = controller, change
        self.draft = self._kept = PlanDraft()
        self.source: PackFile | str = ""
        self.chosen: list[str] = []
        self.multiple = False
        self._read: tuple[PackPrompt, ...] = ()
        self._added: dict[str, tuple[str, ...]] = {}  # by prompt: paths of the LoRAs that the profile added
        self._made: dict[str, PackPrompt] = {}  # the prompts with every choice made, by id
        self._asked: ExpandPrompts | None = None

    def begin(self, draft: PlanDraft) -> None:
        """Start anew. A draft that has prompts offers them as the first source; a picture to keep fixes them."""
        self.draft = self._kept = draft
        self.source = KEPT if draft.prompts else ""
        self.chosen, self._read = [prompt.prompt_id for prompt in draft.prompts], ()
        self.multiple = len(draft.prompts) > 1

    # ---- sources

    @property
    def has_kept(self) -> bool:
        """Whether the first source is what the draft began with."""
        return bool(self._kept.prompts)

    @property
    def keeps_picture(self) -> bool:
        """Whether the prompts are fixed by a picture that is part of the run."""
        return self._kept.reuse is not None

    @property
    def packs(self) -> tuple[PackFile, ...]:
        """The packs to choose from."""
        return () if self.keeps_picture else self._controller.packs.files

    @property
    def place(self) -> int:
        """Where the present source stands; −1 for nowhere."""
        if isinstance(self.source, PackFile):
            path = self.source.path
            return next((self.has_kept + n for n, pack in enumerate(self.packs) if pack.path == path), -1)
        return {KEPT: 0, OWN: self.has_kept + len(self.packs)}.get(self.source, -1)

    def usual_place(self) -> int:
        """Where the pack last used stands, else the first one that can be used, else the own prompt."""
        wanted, packs = self._controller.settings.pack, self.packs
        usable = [number for number, pack in enumerate(packs) if not pack.problem]
        return next((n for n in usable if packs[n].pack_id == wanted), usable[0] if usable else len(packs))

    def pick(self, place: int) -> None:
        """Choose a source. A pack is read first; PackLoaded tells."""
        place -= self.has_kept
        self._read, self.chosen = (), []
        if place < 0:
            self.source = KEPT
            self.chosen = [prompt.prompt_id for prompt in self._kept.prompts]
            self._tell(self._kept.pack_id, self._kept.pack_title, self._kept.prompts)
        elif place < len(self.packs):
            self.source = self.packs[place]
            self._tell(self.source.pack_id, self.source.title, ())
            self._controller.ask(LoadPack(path=self.source.path))
        else:
            self.source = OWN

    def take_pack(self, event: PackLoaded) -> str | None:
        """Take in the pack that was asked for. Why it cannot be used, "" when it can; None for another pack."""
        if not isinstance(self.source, PackFile) or event.path != self.source.path:
            return None
        pack = event.pack
        usable = pack is not None and not event.problem and not pack.errors
        self._read = pack.prompts if pack is not None and usable else ()
        known = [prompt.prompt_id for prompt in self._read]
        remembered = [name for name in self._controller.settings.chosen_prompts if name in known]
        self.chosen = (remembered or known)[:1]
        self._made, self._asked = {prompt.prompt_id: prompt for prompt in self._read}, None
        words_only = event.settings.randomizer.words_only()
        if pack is not None and may_vary(self._read, words_only):
            self._made = {}
            # One variant of each prompt: there are as many as prompts, and all prompts get equally many.
            order = ExpandPrompts(
                path=event.path,
                prompts=self._read,
                slots=pack.slots,
                number=0,
                limit=len(self._read),
                seed=0,
                settings=PackSettings(randomizer=words_only),
            )
            self._ask(order)
        self._tell_read()
        return "" if usable else event.problem or _first(pack.errors if pack is not None else ())

    # ---- variants

    def take_variants(self, event: PromptsExpanded) -> str | None:
        """Take in the variants that were asked for. What is wrong with them, ""; None for those of another order."""
        if self._asked is None or event.number != self._asked.number:
            return None
        texts = {one.prompt_id: one for one in event.expansion.variants}
        self._made = {
            one.prompt_id: replace(one, positive=texts[one.prompt_id].prompt, negative=texts[one.prompt_id].negative)
            for one in self._read
            if one.prompt_id in texts
        }
        self._tell_read()
        return _first(event.expansion.errors)

    def draw_another(self) -> None:
        """Ask for another variant of every prompt."""
        if self._asked is not None:
            self._ask(replace(self._asked, seed=(self._asked.seed or 0) + 1))

    def _ask(self, order: ExpandPrompts) -> None:
        self._asked = replace(order, number=self._controller.packs.new_number())
        self._controller.ask(self._asked)

    # ---- prompts

    @property
    def rows(self) -> tuple[PromptRow, ...]:
        """The prompts of the source."""
        if self.source == KEPT:
            return tuple(PromptRow(one.prompt_id, one.prompt_id, one.positive) for one in self._kept.prompts)
        rows = []
        for one in self._read:
            text = self._made.get(one.prompt_id, one).positive
            rows.append(PromptRow(one.prompt_id, one.name, text, self._asked is not None and text != one.positive))
        return tuple(rows)

    def choose(self, place: int) -> None:
        """Choose one prompt of a pack, unless several are being ticked off."""
        if not self.multiple and self.source != KEPT:
            self.chosen = [self._read[place].prompt_id]
            self._tell_read()

    def turn(self, place: int) -> None:
        """Add a prompt to the chosen ones, or take it away."""
        name = self._read[place].prompt_id
        self.chosen = [other for other in self.chosen if other != name] + ([] if name in self.chosen else [name])
        self._tell_read()

    def allow_multiple(self, on: bool) -> None:
        """Let several prompts be chosen, or only one."""
        self.multiple = on
        if not on:
            self.chosen = self.chosen[:1] or [prompt.prompt_id for prompt in self._read[:1]]
            self._tell_read()

    def type_own(self, text: str, negative: str) -> None:
        """The own prompt as it is typed now; it is named by how it begins."""
        if self.source == OWN:
            name = text if len(text) <= 40 else text[:40].rsplit(" ", 1)[0].rstrip(",;: ") or text[:40]
            prompt = self._plan_prompt(
                PackPrompt(name, name, text, negative, 1), self._preset_weights(OWN_PACK, [name])
            )
            self._tell(OWN_PACK, "Own prompt", (prompt,) if text else ())

    def _tell_read(self) -> None:
        if isinstance(self.source, PackFile):
            chosen = [self._made[one.prompt_id] for one in self._read if one.prompt_id in self.chosen and self._made]
            weights = self._preset_weights(self.source.pack_id, self.chosen)
            prompts = [self._plan_prompt(prompt, weights) for prompt in chosen]
            self._tell(self.source.pack_id, self.source.title, prompts)

    def _preset_weights(self, pack_id: str, prompt_ids: Sequence[str]) -> Mapping[str, float]:
        """The LoRA weights of the presets that hold for these prompts."""
        return FormValues(self._controller, pack_id=pack_id, prompts=prompt_ids).sources.lora_weights

    def _plan_prompt(self, prompt: PackPrompt, weights: Mapping[str, float]) -> PlanPrompt:
        """The prompt as Create would send it, with these LoRA weights."""
        texts = self._controller.settings.globals
        if isinstance(self.source, PackFile):
            own = self._controller.packs.settings_of(self.source.path)
            texts = texts.for_pack(positive=own.positive, negative=own.negative)
        sent = planned(prompt, texts)
        loras = self._profile_loras(sent.positive)
        sent = sent.with_missing_loras(loras)
        self._added[prompt.prompt_id] = tuple(f"{LORA}{one.tag}" for one in loras)
        for name, weight in weights.items():
            sent = sent.with_lora(name, weight)
        return sent

    def _profile_loras(self, prompt: str) -> tuple[AddedLora, ...]:
        """What the profile of the draft's checkpoint, the loaded one if it names none, adds to a prompt."""
        controller = self._controller
        found = controller.capabilities
        checkpoint = self.draft.base.checkpoint or (found.loaded_checkpoint if found is not None else "")
        entry = controller.models.find(checkpoint)
        model = controller.models.settings(entry.path) if entry is not None else None
        return added(loras_of(controller, model, checkpoint, [prompt]))

    def _tell(self, pack_id: str, title: str, prompts: Sequence[PlanPrompt]) -> None:
        kept = {path: origin for path, origin in self.draft.origins.items() if not path.startswith(LORA)}
        added_to = (path for prompt in prompts for path in self._added.get(prompt.prompt_id, ()))
        origins: dict[str, Origin] = {**kept, **dict.fromkeys(added_to, "profile")}
        if self.source == KEPT:
            origins |= {path: origin for path, origin in self._kept.origins.items() if path.startswith(LORA)}
        new = replace(self.draft, pack_id=pack_id, pack_title=title, prompts=tuple(prompts), origins=origins)
        if new != self.draft:
            self.draft = new
            self._change(new)


def _first(errors: Sequence[PackProblem]) -> str:
    return f"Line {errors[0].line}: {errors[0].message}" if errors else ""
