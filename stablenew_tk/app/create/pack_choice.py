"""The pack chosen on the Create page: the prompts selected for a run, and their texts as edited there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, cast

from msgspec.structs import replace

from ...domain.base.wording import pack_title
from ...domain.config.learning_mode import PackLearning
from ...domain.prompts.pack import PackPrompt, PromptPack, successors
from ...pipeline.messages.packs import LoadPack

if TYPE_CHECKING:
    from ...storage.packs.pack_file import PackFile
    from ..controller import Controller


class PackChoice:
    """Edited texts count for runs; the file stays as it is.

    `file` is the pack in sight and `pack` what was read of it, None until then. `place` is the number of the prompt
    in sight, `chosen` are ids of prompts, `files` the packs that are listed, and `wanted` is the id of one that comes
    into sight once it is listed.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.wanted = controller.settings.pack
        self.files: tuple[PackFile, ...] = ()
        self.file: PackFile | None = None
        self.pack: PromptPack | None = None
        self.place = 0
        self.chosen = set(controller.settings.chosen_prompts)
        self._edits: dict[str, PackPrompt] = {}
        self._before: tuple[PackPrompt, ...] = ()
        # The id of a pack and a prompt of it: chosen alone, with these texts, as soon as the pack is taken in.
        self.wanted_prompt: tuple[str, PackPrompt] | None = None

    @property
    def all_prompts(self) -> Sequence[PackPrompt]:
        """All prompts of the pack as they stand in the file."""
        return self.pack.prompts if self.pack is not None else ()

    @property
    def prompts(self) -> tuple[PackPrompt, ...]:
        """The chosen prompts in the pack's order, with the texts as edited here."""
        return tuple(self._edits.get(p.prompt_id, p) for p in self.all_prompts if p.prompt_id in self.chosen)

    @property
    def current(self) -> PackPrompt | None:
        """The prompt in sight, as edited here."""
        prompts = self.all_prompts
        return self._edits.get(prompts[self.place].prompt_id, prompts[self.place]) if prompts else None

    @property
    def problem(self) -> str:
        """Why nothing can be run from here, or ""."""
        if self.pack is None:
            return self.file.problem if self.file is not None and self.file.problem else "Choose a pack."
        if self.pack.errors:
            first = self.pack.errors[0]
            return f"{pack_title(self.pack.pack_id)}, line {first.line}: {first.message}"
        return "" if self.prompts else "Choose at least one prompt."

    def is_edited(self, prompt: PackPrompt | None) -> bool:
        """Whether the text of this prompt was changed here."""
        return prompt is not None and prompt.prompt_id in self._edits

    # ---- packs

    def find(self, text: str) -> int:
        """List the packs whose title holds the text; gives the place of the one in sight, −1 for none of them.

        That is the one wanted, else the one before, else the first. Another one than before is read: PackLoaded tells.
        """
        word, wanted, file = text.strip().casefold(), self.wanted, self.file
        self.wanted = ""
        self.files = tuple(one for one in self._controller.packs.files if word in one.title.casefold())
        if file is None or wanted:
            place = next((place for place, one in enumerate(self.files) if one.pack_id == wanted), -1)
        else:
            place = next((place for place, one in enumerate(self.files) if one.path == file.path), -1)
        if place < 0 and file is None and self.files:
            place = 0
        if place >= 0 and (file is None or self.files[place].path != file.path):
            self.pick(place)
        return place

    def pick(self, place: int) -> None:
        """A pack of those listed comes into sight and is read; PackLoaded tells."""
        file = self.files[place]
        if self.file is not None and file.path != self.file.path:
            self.chosen.clear()
            self._edits.clear()
            self._before = ()
        self.file, self.pack = file, None
        self._controller.ask(LoadPack(path=file.path))

    def follow(self) -> bool:
        """The packs were listed again, perhaps after a change by another program: True when the one in sight changed.

        Its text is read again then; one that is gone gives way to another at the next `find`.
        """
        before, packs = self.file, self._controller.packs
        known = packs.find(before.path) if before is not None else None
        if before is None or known == before:
            return False
        if known is None:
            if packs.files:
                # Gone, or a text file has taken its place.
                self.wanted, self.file = before.pack_id, None
            return False
        self.file = known
        if (known.seen, known.problem) != (before.seen, before.problem):
            self._controller.ask(LoadPack(path=known.path))
        return True

    @property
    def learning(self) -> PackLearning | Literal[""]:
        """What learning may do for the pack in sight; "" = as for all packs."""
        return self._controller.packs.settings_of(self.file.path).learning if self.file is not None else ""

    def set_learning(self, mode: str) -> None:
        """Write what learning may do for the pack in sight; PackSettingsSaved or PackNotSaved tells."""
        if self.file is not None:
            packs = self._controller.packs
            packs.save_settings(
                self.file.path, replace(packs.settings_of(self.file.path), learning=cast(PackLearning, mode))
            )

    # ---- prompts

    def take(self, pack: PromptPack | None) -> None:
        """The pack was read, perhaps again: what was chosen and edited stays, whatever the prompts are called now."""
        self.pack = pack
        prompts = self.all_prompts
        self.place = min(self.place, max(0, len(prompts) - 1))
        if pack is None:
            return
        before, self._before = self._before, tuple(prompts)
        known, later = {prompt.prompt_id for prompt in prompts}, successors(before, prompts)
        kept = {later.get(one, one) for one in self.chosen} & known
        was_whole = len(self.chosen) == len(before)
        self.chosen = known if was_whole or not (kept or before) else kept
        edits = ((later.get(one, one), edit) for one, edit in self._edits.items())
        self._edits = {one: replace(edit, prompt_id=one) for one, edit in edits if one in known}
        self._take_wanted()

    def _take_wanted(self) -> None:
        if self.wanted_prompt is None or self.pack is None or self.pack.pack_id != self.wanted_prompt[0]:
            return
        wanted, self.wanted_prompt = self.wanted_prompt[1], None
        ids = [prompt.prompt_id for prompt in self.all_prompts]
        if wanted.prompt_id in ids:
            self.place, self.chosen = ids.index(wanted.prompt_id), {wanted.prompt_id}
            self.edit(positive=wanted.positive, negative=wanted.negative)

    def turn(self, place: int) -> None:
        """Choose a prompt or leave it out; it is in sight now."""
        self.place = place
        self.chosen ^= {self.all_prompts[place].prompt_id}

    def choose_only(self, prompts: Collection[str]) -> None:
        """Choose the prompts with these ids, as far as the pack has them, and no others."""
        self.chosen = {prompt.prompt_id for prompt in self.all_prompts} & set(prompts)

    def edit(self, **texts: str) -> None:
        """Change texts of the prompt in sight; nothing where there is none."""
        if self.current is not None:
            changed, original = replace(self.current, **texts), self.all_prompts[self.place]
            self._edits[original.prompt_id] = changed
            if changed == original:
                self.forget_edit()

    def forget_edit(self) -> None:
        """The prompt in sight is again as in the file."""
        if self.current is not None:
            self._edits.pop(self.current.prompt_id, None)
