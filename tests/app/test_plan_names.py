"""Learning Runs in lists can be told apart, also when they vary the same thing."""

from __future__ import annotations

from msgspec.structs import replace
from plans import plan

from stablenew_tk.app.wording import plan_names
from stablenew_tk.domain.runs.plan import PlanMetadata


def run(plan_id, name, when):
    return replace(plan(), plan_id=plan_id, name=name, metadata=PlanMetadata(when=when))


def test_one_of_its_name_needs_no_number():
    assert plan_names([run("A", "Steps of rain", ""), run("B", "CFG of rain", "")]) == {
        "A": ("Steps of rain", ""),
        "B": ("CFG of rain", ""),
    }


def test_runs_of_the_same_name_are_numbered_by_age_and_tell_their_time():
    names = plan_names(
        [
            run("NEW", "Steps of rain", "2025-03-02T12:00:00.000Z"),
            run("OLD", "Steps of rain", "2025-03-01T12:00:00.000Z"),
        ]
    )
    assert names["OLD"][0] == "Steps of rain · run 1"
    assert names["OLD"][1].startswith("1 Mar 2025, ")
    assert names["NEW"][0] == "Steps of rain · run 2"
    assert names["NEW"][1].startswith("2 Mar 2025, ")


def test_one_without_a_name_is_called_by_what_it_varies():
    assert set(plan_names([run("A", "", "")]).values()) == {("Steps", "")}
