"""What the list of machines says of each: its state as a sign and a word, what it has, what it makes now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted, pack_title
from ...domain.config.engines import CLUSTER
from .node_state import NodeState, State

Wanted = Literal["all", "work", "trouble"]
_WORDS: dict[State, tuple[str, str, Role]] = {
    "asking": ("asking", "half", "info"),
    "ready": ("ready", "disc", "ok"),
    "busy": ("busy", "disc", "ok"),
    "waiting": ("waiting", "half", "info"),
    "draining": ("draining", "half", "info"),
    "leaving": ("leaving", "half", "info"),
    "paused": ("paused", "pause", "text3"),
    "away": ("no answer", "warning", "danger"),
    "refused": ("refused", "warning", "danger"),
}
_TROUBLE = ("away", "refused", "waiting")
_AT_WORK = ("busy", "draining", "leaving", "waiting")


class NodeLine(Struct, frozen=True):
    """One machine. `facts` are up to three lines about it; `now` what it makes, `step` how far, with the share `done`
    (None = nothing to show). `pace` and `suspect` are "–" as long as nobody knows.
    """

    name: str
    word: str
    sign: str
    ink: Role
    facts: tuple[str, ...]
    now: str
    now_ink: Role
    step: str
    done: float | None
    pace: str
    suspect: str
    suspect_ink: Role


def node_line(state: NodeState, now_s: float, *, is_blind: Callable[[str], bool]) -> NodeLine:
    """The line of a machine. Of a blind Learning Run (`is_blind(run_id)`) neither value nor seed is told."""
    word, sign, ink = _WORDS[state.state]
    if state.state == "refused" and state.brief:
        word = f"refused ({state.brief})"
    found = state.capabilities
    address = state.spec.address
    facts = (
        " · ".join(filter(None, (state.engine, state.device))) or "not known yet",
        address if "://" in address else "in the cluster" if address.startswith(CLUSTER) else "here",
        counted(len(found.checkpoints), "checkpoint") if found is not None else "",
    )
    now, now_ink = _now(state, now_s, is_blind)
    running = state.running
    step = ""
    if running is not None and not running.waiting:
        step = f"{running.stage} {running.step} of {running.steps}" if running.steps else running.state or running.stage
    share = state.suspect_share
    return NodeLine(
        name=state.name,
        word=word,
        sign=sign,
        ink=ink,
        facts=tuple(filter(None, facts)),
        now=now,
        now_ink=now_ink,
        step=step,
        done=running.done if running is not None else None,
        pace=f"{state.per_minute:.1f}" if state.per_minute is not None else "–",
        suspect=f"{share:.0%}".replace("%", " %") if share is not None else "–",
        suspect_ink="warn" if share else "text2",
    )


def _now(state: NodeState, now_s: float, is_blind: Callable[[str], bool]) -> tuple[str, Role]:
    since = state.activity.away_since
    if state.brief and since is not None and not state.spec.address.startswith(CLUSTER):
        return f"no answer for {_for(now_s - since)}", "danger"
    if state.brief:
        return state.problem, "danger"
    if state.running is None:
        return ("takes nothing until it is let go on" if state.paused else ""), "text2"
    if state.draining:
        return "the last pictures of its row, then it rests", "text"
    job = state.running.job
    if job.learning.plan_id:
        row = f"row {job.learning.row + 1} stays here"
        return f"{pack_title(job.pack_id)} · Learning Run · {row}", "text"
    hidden = is_blind(job.run_id)
    return " · ".join((pack_title(job.pack_id), job.prompt_id, *(() if hidden else (f"seed {job.seed}",)))), "text"


def _for(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def shown(states: Iterable[NodeState], wanted: Wanted) -> list[NodeState]:
    """Those that are wanted."""
    kinds = {"work": _AT_WORK, "trouble": _TROUBLE}.get(wanted)
    return [one for one in states if kinds is None or one.state in kinds]


def title_note(states: Sequence[NodeState]) -> str:
    """How many there are of each kind: "4 machines · 2 busy, 1 draining, 1 no answer"."""
    if len(states) < 2:
        return "only this machine" if states and "://" not in states[0].spec.address else "one machine"
    counts = Counter(_WORDS[one.state][0] for one in states)
    order = [word for word, _, _ in _WORDS.values() if counts[word]]
    return f"{len(states)} machines · {', '.join(f'{counts[word]} {word}' for word in order)}"
