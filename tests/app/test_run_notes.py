"""What a backend told about pictures is said once for a run."""

from __future__ import annotations

from journal_lines import record

from stablenew_tk.app.wording import RunNotes
from stablenew_tk.domain.journal.record import StageRecord


def made(*notes, run="one"):
    return record(run_id=run, stage_results=(StageRecord(stage="txt2img", notes=notes),))


def test_each_thing_is_told_once_for_a_run_and_again_for_the_next():
    notes = RunNotes()
    assert notes.sentence(made("A.")) == ("A.", "")
    assert notes.sentence(made("A.")) == ("", "")
    assert notes.sentence(made()) == ("", "")
    assert notes.sentence(made("A.", run="two")) == ("A.", "")


def test_what_is_new_joins_what_was_told_in_one_sentence():
    notes = RunNotes()
    notes.sentence(made("A."))
    assert notes.sentence(made("B.", "A.")) == ("A. B.", "A.")


def test_many_things_are_counted():
    notes = RunNotes()
    words, _ = notes.sentence(made("A.", "B.", "C.", "D.", "E."))
    assert words == "A. B. C. And 2 more: see the pictures in Review."
