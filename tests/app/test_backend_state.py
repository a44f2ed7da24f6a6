"""What is known about the backend in force."""

from __future__ import annotations

import pytest

from stablenew_tk.app.engines.backend_state import BackendState
from stablenew_tk.backends.base import Capabilities
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.pipeline.messages.jobs import BackendChecked, NodeWaiting

TOWER = "http://tower:7860"


def checked(address=TOWER, brief=""):
    found = None if brief else Capabilities(kind="webui", name="Forge")
    return BackendChecked(address=address, capabilities=found, seconds=0.1, problem=brief and "Why.", brief=brief)


@pytest.fixture
def state():
    return BackendState(Settings(backend=TOWER))


def test_until_somebody_answers_nothing_is_said_against_it(state):
    assert (state.asked, state.why_not, state.place) == (True, "", "tower:7860")


@pytest.mark.parametrize(
    ("brief", "again"), [("no answer", True), ("not ready", True), ("wants a login", False), ("failed", False)]
)
def test_what_is_the_matter_is_told_with_its_place_and_only_the_patient_kinds_are_asked_again(state, brief, again):
    state.fold(checked(brief=brief))
    assert state.why_not == f"tower:7860: {brief}"
    assert state.problem == "Why."
    assert state.may_come_back is again
    state.fold(checked())
    assert (state.why_not, state.problem, state.may_come_back) == ("", "", False)


def test_how_long_nobody_has_answered_is_told_from_ten_seconds_on():
    now = [1000.0]
    state = BackendState(Settings(backend=TOWER), lambda: now[0])
    told = []
    for seconds in (0, 9, 47, 200, 9000):
        now[0] = 1000.0 + seconds
        state.fold(checked(brief="no answer"))
        told.append(state.lasting.removeprefix("tower:7860: "))
    assert told == ["no answer", "no answer", "no answer for 40 s", "no answer for 3 min", "no answer for 2 h"]
    state.fold(checked())
    state.fold(checked(brief="no answer"))
    assert state.lasting == "tower:7860: no answer", "another silence"
    now[0] += 60
    state.fold(checked(brief="wants a login"))
    now[0] += 60
    assert state.lasting == "tower:7860: wants a login", "that does not change by waiting"


def test_the_answer_of_another_address_tells_nothing(state):
    state.fold(checked("http://attic:7860", "no answer"))
    assert (state.asked, state.why_not) == (True, "")


def test_another_backend_begins_anew_and_the_same_one_does_not(state):
    state.fold(NodeWaiting(job_id="j", message="Gone.", brief="no answer", retry_in_s=1))
    assert not state.follow(Settings(backend=TOWER, go_on_after_rating=False))
    assert state.why_not == "tower:7860: no answer"
    assert state.follow(Settings(backend="sketch"))
    assert (state.why_not, state.place) == ("", "Sketch")


def test_an_engine_of_the_apps_own_is_not_started_again_and_again():
    state = BackendState(Settings(backend="sd-server"))
    state.fold(BackendChecked(address="sd-server", capabilities=None, seconds=0, problem="Gone.", brief="no answer"))
    assert (state.why_not, state.may_come_back) == ("sd-server: no answer", False)


def test_a_login_in_the_address_is_never_told():
    assert BackendState(Settings(backend="http://me:secret@tower:7860")).place == "tower:7860"
