"""Fields of the Create page whose text cannot be used: what is wrong with them in reading order, and going there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..forms.form import Form
from ..forms.stage_cards import Section
from ..widgets.entries import Entry
from ..widgets.row_list import reveal
from .run_fields import SeedFields


class FieldProblems:
    """Looks at the fields as they are now; `go_on` puts the keyboard on one after the other. Main thread."""

    def __init__(self, general: Form, sections: Sequence[Section], seeds: SeedFields) -> None:
        self._general, self._sections, self._seeds = general, sections, seeds
        self._at: Entry | None = None

    @property
    def sentences(self) -> list[str]:
        """What is wrong, the first field of the page first."""
        return [sentence for sentence, _, _ in self._found()]

    @property
    def way(self) -> str:
        """What a button that leads to a field says; "" where nothing is wrong."""
        count = len(self._found())
        return "" if not count else "Go to it" if count == 1 else f"Next of {count}"

    def forget(self, paths: Sequence[str] | None = None) -> None:
        """Let go of texts that were not taken at these paths, None = everywhere."""
        for form in self._forms():
            form.forget(paths)
        if paths is None:
            for entry in (self._seeds.seed_entry, self._seeds.each_entry):
                entry.forget()

    def go_on(self) -> None:
        """Put the keyboard on the first field that is wrong; called again, on the one after it."""
        found = self._found()
        if not found:
            return
        fields = [entry for _, entry, _ in found]
        at = (fields.index(self._at) + 1) % len(fields) if self._at in fields and self._at is not None else 0
        _, entry, unfold = found[at]
        self._at = entry
        unfold()
        entry.commit()
        entry.update_idletasks()
        _focus(entry)

    def _forms(self) -> list[Form]:
        return [self._general, *(form for section in self._sections for form in section.forms), self._seeds.batch]

    def _found(self) -> list[tuple[str, Entry, Callable[[], object]]]:
        found = _in_form(self._general, lambda: None)
        for place, section in enumerate(self._sections):
            for form in section.forms:
                found += _in_form(form, section.unfold_rare if form is section.rare else section.unfold)
            if place == 0:
                entries = (self._seeds.seed_entry, self._seeds.each_entry)
                found += [(entry.problem, entry, section.unfold) for entry in entries if entry.problem]
                found += _in_form(self._seeds.batch, section.unfold)
        return found


def _focus(entry: Entry, tries: int = 100) -> None:
    """Put the keyboard on a field once it is there: a card that was folded grows by several rounds of layout.

    It is scrolled into sight first, for what lies below the edge is not drawn, and takes no keyboard.
    """
    if entry.winfo_viewable() or not tries:
        reveal(entry)
        entry.focus_set()
    else:
        entry.after_idle(entry.after, 0, lambda: _focus(entry, tries - 1))


def _in_form(form: Form, unfold: Callable[[], object]) -> list[tuple[str, Entry, Callable[[], object]]]:
    return [
        (f"{field.spec.title}: {field.problem}", field.editor, unfold)
        for field in form.made()
        if field.problem and isinstance(field.editor, Entry)
    ]
