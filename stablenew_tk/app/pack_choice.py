"""The pack in sight on the Create page: which of its prompts a run takes, and their texts as edited there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from ..domain.prompts.pack import PackPrompt, PromptPack, successors
from ..storage.packs.pack_file import PackFile


class PackChoice:
    """Edited texts count for runs; the file stays as it is.

    `file` is the pack in sight and `pack` what was read of it, None until then. `place` is the number of the prompt
    in sight, `chosen` are ids of prompts, and `wanted` is the id of a pack that comes into sight once it is listed.
    """

    def __init__(self, wanted: str, chosen: Collection[str]) -> None:
        self.wanted = wanted
        self.file: PackFile | None = None
        self.pack: PromptPack | None = None
        self.place = 0
        self.chosen = set(chosen)
        self._edits: dict[str, PackPrompt] = {}
        self._before: tuple[PackPrompt, ...] = ()

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
            return f"{self.pack.pack_id}, line {first.line}: {first.message}"
        return "" if self.prompts else "Choose at least one prompt."

    def is_edited(self, prompt: PackPrompt | None) -> bool:
        """Whether the text of this prompt was changed here."""
        return prompt is not None and prompt.prompt_id in self._edits

    def place_in(self, files: Sequence[PackFile]) -> int:
        """Which of these packs shall be in sight: the one wanted, else the one that is, else the first; −1 for none."""
        wanted, self.wanted, file = self.wanted, "", self.file
        if file is None or wanted:
            found = next((place for place, one in enumerate(files) if one.pack_id == wanted), -1)
        else:
            found = next((place for place, one in enumerate(files) if one.path == file.path), -1)
        return 0 if found < 0 and file is None and files else found

    def pick(self, file: PackFile) -> None:
        """Another pack is in sight, or the same one that is to be read again."""
        if self.file is not None and file.path != self.file.path:
            self.chosen.clear()
            self._edits.clear()
            self._before = ()
        self.file, self.pack = file, None

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

    def turn(self, place: int) -> None:
        """Choose a prompt or leave it out; it is in sight now."""
        self.place = place
        self.chosen ^= {self.all_prompts[place].prompt_id}

    def choose_all(self, on: bool) -> None:
        """Choose all prompts or none."""
        self.chosen = {prompt.prompt_id for prompt in self.all_prompts} if on else set()

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
