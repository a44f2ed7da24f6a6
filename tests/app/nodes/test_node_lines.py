"""What the list of machines says of each, from its events alone."""

from __future__ import annotations

import pytest
from jobs import job
from journal_lines import output, record
from msgspec.structs import replace

from stablenew_tk.app.nodes.node_lines import node_line, shown, title_note
from stablenew_tk.app.nodes.node_state import NodeState
from stablenew_tk.app.nodes.running import Running
from stablenew_tk.app.nodes.specs import NodeSpec
from stablenew_tk.app.nodes.tasks import alike_machines, left_out
from stablenew_tk.backends.base import Capabilities, StageProgress
from stablenew_tk.domain.nodes.activity import INTERVAL_S, Activity
from stablenew_tk.domain.runs.job import LearningTag
from stablenew_tk.pipeline.messages.jobs import CheckBackend, NodeLooked, NodeWaiting, StageProgressed

FORGE = Capabilities(kind="webui", name="Forge · tower:7860", version="2.1", device="24 GB", checkpoints=("a", "b"))


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def machine(name="tower", clock=None, found=FORGE):
    state = NodeState(NodeSpec(name, CheckBackend(address=f"http://{name}:7860")), clock or Clock())
    if found is not None:
        state.looked(NodeLooked(node=name, capabilities=found))
    return state


def begins(state, one=None):
    state.running = Running(job=one or job(), began=0.0, node=state.name)
    return state


def line(state, now=1000.0, blind=False):
    return node_line(state, now, is_blind=lambda _run: blind)


def test_a_ready_machine_says_what_it_is_and_has():
    said = line(machine())
    assert (said.word, said.sign, said.facts) == (
        "ready",
        "disc",
        ("Forge 2.1 · 24 GB", "http://tower:7860", "2 checkpoints"),
    )
    assert (said.now, said.done, said.pace, said.suspect) == ("", None, "–", "–")


def test_a_busy_machine_says_what_it_makes_and_how_far_it_is():
    state = begins(machine())
    progress = StageProgress(fraction=0.5, step=14, steps=28, preview=b"small")
    state.progressed(StageProgressed(job_id="", stage="txt2img", progress=progress))
    said = line(state)
    assert (said.word, said.now, said.done) == ("busy", "Starter · Boat · seed 7", 0.5)
    assert said.step.endswith("14 of 28")
    assert state.preview == b"small"
    assert "seed" not in line(state, blind=True).now


def test_of_a_learning_run_the_row_is_told_and_that_it_stays():
    one = replace(job(), learning=LearningTag(mode="active", plan_id="P", step_id="P.1.1", value=7.0, row=1))
    said = line(begins(machine(), one))
    assert said.now == "Starter · Learning Run · row 2 stays here"
    assert "7" not in said.now


def test_a_machine_that_does_not_answer_says_since_when():
    clock = Clock()
    state = begins(machine(clock=clock))
    state.progressed(NodeWaiting(job_id="", message="It does not answer.", brief="no answer", retry_in_s=1))
    assert (state.state, line(state, 1180.0).now) == ("away", "no answer for 3 min")
    state.looked(NodeLooked(node="tower", capabilities=FORGE))
    assert (state.state, line(state).now_ink) == ("waiting", "text")
    refused = machine(found=None)
    refused.looked(NodeLooked(node="tower", capabilities=None, problem="Say who you are.", brief="wants a login"))
    assert (line(refused).word, line(refused).now) == ("refused (wants a login)", "Say who you are.")


def test_what_it_made_is_counted_with_its_pace_and_what_is_suspect():
    state = machine()
    for suspect in ((), (), ("black",), ()):
        begins(state).ended(record(outputs=(output(suspect=suspect),), seconds=30.0))
    begins(state).ended(record(status="failed", outputs=()))
    said = line(state)
    assert (state.done, state.failed, said.pace, said.suspect, said.suspect_ink) == (4, 1, "2.0", "25 %", "warn")


def test_the_title_counts_them_and_the_filter_finds_those_in_trouble():
    states = [begins(machine("a")), machine("b"), machine("c", found=None)]
    states[2].looked(NodeLooked(node="c", capabilities=None, problem="Gone.", brief="no answer"))
    assert title_note(states) == "3 machines · 1 ready, 1 busy, 1 no answer"
    assert [one.name for one in shown(states, "work")] == ["a"]
    assert [one.name for one in shown(states, "trouble")] == ["c"]


@pytest.mark.parametrize(
    ("other", "together"),
    [
        ({}, True),
        ({"device": "8 GB"}, False),
        ({"device": ""}, False),
        ({"version": "2.2"}, False),
        ({"version": ""}, True),
        ({"kind": "comfyui"}, False),
    ],
)
def test_a_learning_run_uses_machines_that_are_alike_as_far_as_anybody_knows(other, together):
    states = [machine("a"), machine("b", found=replace(FORGE, **other))]
    assert (alike_machines(states) == ("a", "b")) == together
    assert bool(left_out(states, mixed=False)) != together
    assert (alike_machines(states, mixed=True) == ("a", "b")) == (other.get("kind") is None)


def test_the_last_hour_knows_what_was_made_when_and_forgets_what_is_older():
    hour = Activity()
    hour.note(10.0, 2)
    hour.note(10.0 + INTERVAL_S, 3, 1)
    hour.set_away(10.0 + 3 * INTERVAL_S, True)
    hour.set_away(20.0 + 3 * INTERVAL_S, False)
    last = hour.intervals(10.0 + 4 * INTERVAL_S)[-5:]
    assert [(one.made, one.suspect, one.away) for one in last] == [
        (2, 0, False),
        (3, 1, False),
        (0, 0, False),
        (0, 0, True),
        (0, 0, False),
    ]
    assert not any(one.made or one.away for one in hour.intervals(10.0 + 40 * INTERVAL_S))
