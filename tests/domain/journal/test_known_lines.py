"""Known values, folded from the journal: the latest line counts, an undo brings the one before back."""

from journal_lines import new_id, reopened, undo
from msgspec.structs import replace

from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import BEGINNING
from stablenew_tk.domain.journal.record import KINDS
from stablenew_tk.domain.runs.known_value import KnownValue, settings_after, what_goes_before

STEPS = "txt2img.steps"


def known(value=28, known_id="K", **changes):
    line = KnownValue(
        event_id=new_id(),
        ts="2026-01-01T00:00:00.000Z",
        known_id=known_id,
        path=STEPS,
        values={STEPS: value},
        pack_id="rain",
        checkpoint="dream",
        engine="sketch",
    )
    return replace(line, **changes)


def history(*lines):
    held = History()
    for line in lines:
        held.fold(line, BEGINNING)
    return held


def values(held):
    return [(one.known_id, one.value, one.on) for one in held.plans.known.values()]


def test_a_later_line_replaces_an_earlier_one_and_an_undo_brings_it_back():
    first, second = known(20), known(28)
    assert values(history(first, second)) == [("K", 28, True)]
    assert values(history(first, second, undo(second))) == [("K", 20, True)]
    assert values(history(first, undo(first))) == []


def test_one_that_is_off_stays_known_and_others_are_as_they_were():
    assert values(history(known(20), known(7, "L"), known(20, on=False))) == [("K", 20, False), ("L", 7, True)]


def test_the_same_line_twice_counts_once_and_a_snapshot_holds_them_all():
    line = known()
    held = history(line, line, known(7, "L"))
    assert values(held) == [("L", 7, True), ("K", 28, True)]
    assert values(reopened(held)) == values(held)


def test_an_undo_of_an_undo_is_about_the_same_line():
    line = known()
    taken_back = undo(line)
    again = undo(taken_back)
    held = history(line, taken_back, again)
    assert values(held) == [("K", 28, True)]
    assert held.plans.known.told_by(again.event_id) == line


def test_the_journal_knows_its_kind():
    assert "known" in KINDS


def test_only_last_runs_where_it_holds_give_way_and_newer_ones_are_never_overwritten():
    runs = {"rain\ndream": {STEPS: 31}, "rain\nink": {STEPS: 12}, "fog\ndream": {STEPS: 9}}
    settings = Settings(values={STEPS: 31}, last_runs=runs)
    line = known()
    line = replace(line, forgot=what_goes_before(line, settings))
    after = settings_after(settings, line, holds=True)
    assert after.last_runs == {**runs, "rain\ndream": {}}
    assert settings_after(after, line, holds=False) == settings
    typed_since = replace(after, last_runs={**after.last_runs, "rain\ndream": {STEPS: 40}})
    assert settings_after(typed_since, line, holds=False).last_runs["rain\ndream"] == {STEPS: 40}
