"""Choice of the prompts for a Learning Run: those of the draft, those of a pack, or a typed one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.lora_tags import AddedLora
from ...domain.base.wording import counted
from ...domain.config.number_text import whole_number
from ...domain.config.origins import Origin
from ...domain.config.sweep import LORA, NEGATIVE, SLOT, is_wording, slot_words
from ...domain.config.sweep import PROMPT as WHOLE
from ...domain.experiments.plan_draft import OWN_PACK, PlanDraft
from ...domain.experiments.prompt_sample import SAMPLED, spread
from ...domain.models.profile_loras import added
from ...domain.models.value_sources import ValueSources, loras_put_in, wordings_kept
from ...domain.prompts.pack import PackProblem, PackPrompt, Slot
from ...domain.prompts.randomizer import may_vary
from ...domain.prompts.settings import PackSettings
from ...domain.prompts.slot_values import slots_of_prompt
from ...domain.runs.plan import PlanPrompt, planned
from ...domain.runs.wordings import held_open, names_slot, with_place
from ...pipeline.messages.packs import ExpandPrompts, LoadPack, PackLoaded, PromptsExpanded
from ...storage.packs.pack_file import PackFile
from ..controller import Controller
from ..create.form_values import FormValues
from ..profile_loras import loras_of

KEPT, OWN = "kept", "own"
_OWN_TITLE = "Own prompt"
_ONLY = "This pack has one prompt: the verdict will be about it alone."


class PromptRow(Struct, frozen=True):
    """A prompt that can be chosen. `varies`: its text is one of several variants."""

    prompt_id: str
    name: str
    text: str
    varies: bool = False


class PromptChoice:
    """The source of the prompts and the ones chosen from it. Main thread only.

    Sources stand in this order: the prompts the draft began with, the packs, an own prompt. A draft that keeps a
    picture has its pack only: the picture's prompt comes first, others of the pack may join. Of a pack a few prompts
    are chosen, spread over it and with the one chosen in Create among them, unless `only_one` is wanted.
    `change(draft)` is called when other prompts are chosen.
    """

    def __init__(self, controller: Controller, change: Callable[[PlanDraft], object]) -> None:
        self._controller, self._change = controller, change
        self.draft = self._kept = PlanDraft()
        self.source: PackFile | str = ""
        self.chosen: list[str] = []
        self.only_one = False
        self.has_kept = False  # the first source is what the draft began with
        self.known: Mapping[str, str] = {}  # the texts that are in use for slots of the chosen prompts
        self._is_fresh = True  # no source was picked yet
        self._read: tuple[PackPrompt, ...] = ()
        self._added: dict[str, tuple[str, ...]] = {}  # by prompt: paths of the LoRAs that the profile added
        self._made: dict[str, PackPrompt] = {}  # the prompts with every choice made, by id
        self._open: dict[str, PackPrompt] = {}  # the same with the slot open that is varied
        self._slots: tuple[Slot, ...] = ()
        self._wordings: dict[str, tuple[str, ...]] = {}  # the texts of slots and wildcards, by their names
        self._own: PackPrompt | None = None
        self._asked: ExpandPrompts | None = None
        self._raised = "", ""  # pictures per value as wanted, and as raised so that every prompt gets one

    def follow(self, draft: PlanDraft) -> PlanDraft:
        """Take over the draft. Where other words are varied now, its prompts get a place for them, and it comes back
        with these; those of slots come later, because they are expanded anew.
        """
        before, self.draft = self.draft.focus, draft
        if before == draft.focus or not (is_wording(before) or is_wording(draft.focus)):
            return draft
        if draft.focus == WHOLE or before == WHOLE:
            self.chosen = self.chosen[:1] if draft.focus == WHOLE else self._sample()
        if draft.focus.startswith(SLOT):
            named = [one.prompt_id for one in self._read if names_slot(one, draft.focus)]
            kept = [name for name in self.chosen if name in named]
            self.chosen = kept or [named[place] for place in spread(len(named), len(self.chosen))]
            self._open = {}
            if self._asked is not None:
                self._ask(self._asked)
        self.draft = self._refitted()
        return self.draft

    def _refitted(self) -> PlanDraft:
        if isinstance(self.source, PackFile):
            return self._with_prompts(self.source.pack_id, self.source.title, self._chosen_prompts())
        if self.source == OWN and self._own is not None:
            return self._with_prompts(OWN_PACK, _OWN_TITLE, self._own_prompts(self._own))
        kept = self._kept.prompts[:1] if self.draft.focus == WHOLE else self._kept.prompts
        return self._with_prompts(self._kept.pack_id, self._kept.pack_title, kept)

    def begin(self, draft: PlanDraft) -> None:
        """Start anew. A draft that has prompts offers them as the first source; that of a picture to keep stays."""
        self.draft = self._kept = draft
        self.has_kept = bool(draft.prompts)
        self.source = KEPT if draft.prompts else ""
        self.chosen, self._read = [prompt.prompt_id for prompt in draft.prompts], ()
        self.only_one, self._is_fresh, self._raised, self._own = False, True, ("", ""), None
        if draft.prompts:
            self.draft = replace(draft, wordings=self._words_there(draft.prompts))

    # ---- sources

    @property
    def keeps_picture(self) -> bool:
        """Whether a picture is part of the run, so that its prompt stays and comes first."""
        return self._kept.reuse is not None

    @property
    def packs(self) -> tuple[PackFile, ...]:
        """The packs to choose from."""
        files = self._controller.packs.files
        return tuple(one for one in files if one.pack_id == self._kept.pack_id)[:1] if self.keeps_picture else files

    @property
    def place(self) -> int:
        """Where the present source stands; −1 for nowhere."""
        if isinstance(self.source, PackFile):
            path = self.source.path
            return next((self.has_kept + n for n, pack in enumerate(self.packs) if pack.path == path), -1)
        return {KEPT: 0, OWN: self.has_kept + len(self.packs)}.get(self.source, -1)

    def usual_place(self) -> int:
        """The source to begin with, −1 to stay where it is: the pack of the picture, else the pack last used, else the
        first one that can be used, else the own prompt.
        """
        if not self.packs or (self.source and not (self.keeps_picture and self._is_fresh)):
            return -1
        if self.keeps_picture:
            return -1 if self.packs[0].problem else 1
        wanted, packs = self._kept.pack_id or self._controller.settings.pack, self.packs
        usable = [number for number, pack in enumerate(packs) if not pack.problem]
        return next((n for n in usable if packs[n].pack_id == wanted), usable[0] if usable else len(packs))

    def pick(self, place: int) -> None:
        """Choose a source. A pack is read first; PackLoaded tells."""
        place -= self.has_kept
        self._read, self.chosen, self._is_fresh = (), [], False
        if place < 0:
            self.source = KEPT
            self.chosen = [prompt.prompt_id for prompt in self._kept.prompts]
            self._tell(self._kept.pack_id, self._kept.pack_title, self._kept.prompts)
        elif place < len(self.packs):
            self.source = self.packs[place]
            self._made, self._open, self._asked, self._wordings = {}, {}, None, {}
            self.chosen = [prompt.prompt_id for prompt in self._first]
            self._tell_read()
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
        self._slots = (*event.settings.randomizer.slots, *pack.slots) if pack is not None else ()
        self.chosen = self._sample()
        self._made, self._asked = {prompt.prompt_id: prompt for prompt in self._read}, None
        words_only = event.settings.randomizer.words_only()
        if pack is not None and may_vary(self._read, words_only):
            self._made = {}
            # One variant of each prompt: there are as many as prompts, and all prompts get equally many.
            order = ExpandPrompts(
                path=event.path,
                prompts=self._read,
                slots=pack.slots,
                wordings=True,
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
        made = {
            one.prompt_id: replace(one, positive=texts[one.prompt_id].prompt, negative=texts[one.prompt_id].negative)
            for one in self._read
            if one.prompt_id in texts
        }
        if self._asked.prompts != self._read:
            self._open = made
        else:
            self._made, self._wordings = made, dict(event.wordings)
            if self.draft.focus.startswith(SLOT):
                self._ask(self._asked)
        self._tell_read()
        return _first(event.expansion.errors)

    def draw_another(self) -> None:
        """Ask for another variant of every prompt."""
        if self._asked is not None:
            self._ask(replace(self._asked, seed=(self._asked.seed or 0) + 1))

    def _ask(self, order: ExpandPrompts) -> None:
        # What stands for the slot that is varied stays open, once the texts themselves are known.
        held = tuple(held_open(one, self.draft.focus) for one in self._read) if self._made else self._read
        self._asked = replace(order, prompts=held, kept=self._kept_texts(), number=self._controller.packs.new_number())
        self._controller.ask(self._asked)

    def _kept_texts(self) -> Mapping[str, str]:
        """The texts that are known for slots of the chosen prompts, but for the slot that is varied."""
        if not isinstance(self.source, PackFile):
            return {}
        known = wordings_kept(self._presets_of(self.source.pack_id, self.chosen))
        return {name: text for name, text in known.items() if f"{SLOT}{name}" != self.draft.focus}

    # ---- prompts

    @property
    def rows(self) -> tuple[PromptRow, ...]:
        """The prompts of the source."""
        if self.source == KEPT:
            return tuple(PromptRow(one.prompt_id, one.prompt_id, one.positive) for one in self._kept.prompts)
        rows = [PromptRow(one.prompt_id, one.prompt_id, one.positive) for one in self._first]
        for one in self._others:
            text = self._made.get(one.prompt_id, one).positive
            rows.append(PromptRow(one.prompt_id, one.name, text, self._asked is not None and text != one.positive))
        return tuple(rows)

    def choose(self, place: int) -> None:
        """Choose one prompt of a pack, unless several are being ticked off."""
        if self.only_one and self.source != KEPT and not self.keeps_picture:
            self.chosen = [self.rows[place].prompt_id]
            self._tell_read()

    def turn(self, place: int) -> None:
        """Add a prompt to the chosen ones, or take it away. That of a picture to keep stays."""
        name = self.rows[place].prompt_id
        if name not in {prompt.prompt_id for prompt in self._first}:
            self.chosen = [other for other in self.chosen if other != name] + ([] if name in self.chosen else [name])
            self._tell_read()

    def take_one(self, on: bool) -> None:
        """Let only one prompt be chosen, or choose several again."""
        self.only_one = on
        self.chosen = self._sample()
        self._tell_read()

    @property
    def _first(self) -> tuple[PlanPrompt, ...]:
        """The prompt of a picture to keep, as it was sent; () without such a picture."""
        return self._kept.prompts[:1] if self.keeps_picture else ()

    @property
    def _others(self) -> list[PackPrompt]:
        """The prompts that were read of the pack, without that of a picture to keep."""
        return [one for one in self._read if one.prompt_id not in {first.prompt_id for first in self._first}]

    def _sample(self) -> list[str]:
        """The prompts of the pack to begin with, by id. No more than pictures of a value are wanted, and only those
        that have the slot that is varied.
        """
        first = [one.prompt_id for one in self._first]
        known = [one.prompt_id for one in self._read if names_slot(one, self.draft.focus)]
        each = self._raised[0] if self.draft.each == self._raised[1] else self.draft.each.strip()
        wanted_each = whole_number(each)
        most = min(SAMPLED, max(1, wanted_each)) if wanted_each >= 0 else SAMPLED
        most = 1 if self.draft.focus == WHOLE else most
        wanted = [known.index(name) for name in first or self._controller.settings.chosen_prompts if name in known]
        if self.only_one:
            # The first one in the pack is no better than any other, the one chosen in Create is.
            return first or known[wanted[0] if wanted else 0 :][:1]
        spread_over = [known[place] for place in spread(len(known), most - (not wanted and bool(first)), wanted)]
        return first + [name for name in spread_over if name not in first]

    def type_own(self, text: str, negative: str) -> None:
        """The own prompt as it is typed now; it is named by how it begins."""
        if self.source == OWN:
            name = text if len(text) <= 40 else text[:40].rsplit(" ", 1)[0].rstrip(",;: ") or text[:40]
            self._own = PackPrompt(name, name, text, negative, 1)
            self._tell(OWN_PACK, _OWN_TITLE, self._own_prompts(self._own))

    def _own_prompts(self, own: PackPrompt) -> tuple[PlanPrompt, ...]:
        return (self._plan_prompt(own, self._presets_of(OWN_PACK, [own.prompt_id])),) if own.positive else ()

    def _tell_read(self) -> None:
        if isinstance(self.source, PackFile):
            if self._asked is not None and self._asked.kept != self._kept_texts():
                # What is known for one prompt alone does not hold for several.
                self._made = self._open = {}
                self._ask(self._asked)
            self._tell(self.source.pack_id, self.source.title, self._chosen_prompts())

    def _chosen_prompts(self) -> list[PlanPrompt]:
        """The chosen prompts of the pack as they are sent."""
        if not isinstance(self.source, PackFile):
            return []
        sources = self._presets_of(self.source.pack_id, self.chosen)
        texts = self._open if self.draft.focus.startswith(SLOT) else self._made
        made = [texts[one.prompt_id] for one in self._others if one.prompt_id in texts]
        chosen = [self._plan_prompt(prompt, sources) for prompt in made if prompt.prompt_id in self.chosen]
        return [*self._first, *chosen]

    def _words_there(self, prompts: Sequence[PlanPrompt]) -> dict[str, tuple[str, ...]]:
        """The texts that can be varied, by their focus: those of the chosen prompts and of their slots."""
        if self.keeps_picture or not isinstance(self.source, PackFile):
            own = self._own if self.source == OWN else None
            texts = [(own.positive, own.negative)] if own is not None else [(p.positive, p.negative) for p in prompts]
            return {WHOLE: tuple(one for one, _ in texts[:1]), NEGATIVE: tuple(dict.fromkeys(two for _, two in texts))}
        made = [self._made[name] for name in self.chosen if name in self._made]
        names = dict.fromkeys(
            name for one in self._read if one.prompt_id in self.chosen for name in slots_of_prompt(one, self._slots)
        )
        found = {f"{SLOT}{name}": self._wordings[name] for name in names if name in self._wordings}
        whole = {WHOLE: tuple(one.positive for one in made[:1]), NEGATIVE: tuple({one.negative: 1 for one in made})}
        return whole | found

    def _presets_of(self, pack_id: str, prompt_ids: Sequence[str]) -> ValueSources:
        """The sources whose presets hold for these prompts."""
        return FormValues(self._controller, pack_id=pack_id, prompts=prompt_ids).sources

    def _plan_prompt(self, prompt: PackPrompt, sources: ValueSources) -> PlanPrompt:
        """The prompt as Create would send it, with the LoRAs of these presets."""
        texts = self._controller.settings.globals
        if isinstance(self.source, PackFile):
            own = self._controller.packs.settings_of(self.source.path)
            texts = texts.for_pack(positive=own.positive, negative=own.negative)
        sent = planned(with_place(prompt, self.draft.focus), texts)
        loras = self._profile_loras(sent.positive)
        self._added[prompt.prompt_id] = tuple(f"{LORA}{one.tag}" for one in loras)
        return sent.with_missing_loras(loras).with_preset_loras(sources.lora_weights, loras_put_in(sources))

    def _profile_loras(self, prompt: str) -> tuple[AddedLora, ...]:
        """What the profile of the draft's checkpoint, the loaded one if it names none, adds to a prompt."""
        controller, found = self._controller, self._controller.capabilities
        checkpoint = self.draft.base.checkpoint or (found.loaded_checkpoint if found is not None else "")
        entry = controller.models.find(checkpoint)
        model = controller.models.settings(entry.path) if entry is not None else None
        return added(loras_of(controller, model, checkpoint, [prompt]))

    def _tell(self, pack_id: str, title: str, prompts: Sequence[PlanPrompt]) -> None:
        texts, chosen = self._kept_texts(), [one for one in self._read if one.prompt_id in self.chosen]
        there = dict.fromkeys(name for one in chosen for name in slots_of_prompt(one, self._slots))
        self.known = {name: texts[name] for name in there if name in texts}
        new = self._with_prompts(pack_id, title, prompts)
        if new != self.draft:
            self.draft = new
            self._change(new)

    def _with_prompts(self, pack_id: str, title: str, prompts: Sequence[PlanPrompt]) -> PlanDraft:
        """The draft with these prompts."""
        each = self._raised[0] if self.draft.each == self._raised[1] else self.draft.each
        if 0 <= whole_number(each) < len(prompts):
            # Every prompt gets a row; with fewer prompts again, so few pictures as were wanted do.
            self._raised = each, str(len(prompts))
            each = self._raised[1]
        kept = {path: origin for path, origin in self.draft.origins.items() if not path.startswith(LORA)}
        added_to = (path for prompt in prompts for path in self._added.get(prompt.prompt_id, ()))
        origins: dict[str, Origin] = {**kept, **dict.fromkeys(added_to, "profile")}
        if self.source == KEPT:
            origins |= {path: origin for path, origin in self._kept.origins.items() if path.startswith(LORA)}
        changes = {"pack_id": pack_id, "pack_title": title, "prompts": tuple(prompts), "origins": origins, "each": each}
        return replace(self.draft, **changes, wordings=self._words_there(prompts))


def claim(choice: PromptChoice) -> str:
    """What the verdict will be about with the prompts chosen now, and which texts of slots are known; "" for none."""
    about = _about(choice)
    known = [f"{slot_words(name)} is “{text}” in all of them, as known." for name, text in choice.known.items()]
    return " ".join([about, *known]) if about else ""


def _about(choice: PromptChoice) -> str:
    chosen, whole = len(choice.chosen), len(choice.rows)
    picture = " The picture you come from is part of this run, so its prompt stays." if choice.keeps_picture else ""
    if not chosen or not whole:
        return ""
    if choice.source == KEPT:
        about = "this prompt alone" if chosen == 1 else f"these {chosen} prompts"
        return f"The verdict will be about {about}.{picture}"
    if chosen == 1:
        left = whole - 1
        others = f"whether it holds for the other {counted(left, 'prompt')} of the pack, it cannot say"
        return f"Only one prompt: the verdict will be about this one; {others}.{picture}" if left else _ONLY + picture
    return f"{chosen} of {whole} prompts, row by row in turn: the verdict will be about these {chosen}.{picture}"


def _first(errors: Sequence[PackProblem]) -> str:
    return f"Line {errors[0].line}: {errors[0].message}" if errors else ""
