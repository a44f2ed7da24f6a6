"""Which machine makes which job: rules by example, and any course of events as a state machine.

The long form: `STABLENEW_LONG=1 python3 scripts/test.py tests/domain/nodes`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stablenew_tk.domain.nodes.events import (
    DropAnswer,
    JobDone,
    JobWaits,
    Leave,
    NodeCame,
    NodeDraining,
    NodeGone,
    NodeLost,
    NodeOffered,
    NodePaused,
    PutBack,
    RowKnown,
    Start,
    TakeBack,
    Task,
)
from stablenew_tk.domain.nodes.offer import Need, NodeOffer
from stablenew_tk.domain.nodes.placement import MOST_DOUBTFUL, ROW_PATIENCE, Placement, tasks_in_order

EXAMPLES = 10_000 if os.environ.get("STABLENEW_LONG") else 60
HARBOUR = Need(checkpoints=(("harbour", ""),))


def offer(checkpoints=("harbour",), **what):
    names = checkpoints if isinstance(checkpoints, dict) else dict.fromkeys(checkpoints, "")
    printed = {"fingerprint": "print"} | what
    return NodeOffer(**{"kind": "webui", "likeness": printed["fingerprint"]} | printed | {"checkpoints": names})


def nodes(**offers):
    made = Placement()
    for name, one in offers.items():
        made.handle(NodeCame(name))
        made.handle(NodeOffered(name, one))
    return made


def jobs(count, **what):
    return [Task(**{"job_id": f"j{n}", "need": HARBOUR} | what) for n in range(count)]


def rows(values, count, **what):
    """The jobs of a plan in the order of its cells: row by row."""
    return [
        Task(**{"job_id": f"{v}.{r}", "need": HARBOUR, "plan_id": "P", "row": r} | what)
        for r in range(count)
        for v in range(values)
    ]


def given(placement, tasks):
    """Who begins what, by node."""
    return {one.node: one.job_id for one in placement.decide(tasks_in_order(tasks)) if isinstance(one, Start)}


class Course:
    """Lets nodes work in model time: each takes its seconds for every job; what waits is given at once."""

    def __init__(self, placement, tasks, seconds):
        self.placement, self.waiting, self.seconds = placement, list(tasks), seconds
        self.now, self.busy, self.ends, self.made = 0.0, {}, {}, {}

    def run(self):
        while True:
            for node, job in given(self.placement, self.waiting).items():
                self.waiting = [one for one in self.waiting if one.job_id != job]
                self.busy[node] = (self.now + self.seconds[node], job)
            if not self.busy:
                return self
            node = min(self.busy, key=lambda one: self.busy[one][0])
            self.now, job = self.busy.pop(node)
            self.ends[node] = self.now
            self.made[job] = node
            assert self.placement.handle(JobDone(node, job, seconds=self.seconds[node])) == ()


class TestWhoMay:
    @pytest.mark.parametrize(
        ("need", "has", "lacks"),
        [
            (Need(checkpoints=(("harbour", ""),)), offer(["Harbour.safetensors [0a1b2c3d4e]"]), ""),
            (Need(checkpoints=(("sdxl/harbour.ckpt", ""),)), offer(["harbour"]), ""),
            (Need(checkpoints=(("harbour", "0a1b2c3d4e"),)), offer({"bay": "0a1b2c3d4e55"}), ""),
            (Need(checkpoints=(("harbour", "0a1b2c3d4e"),)), offer({"harbour": "ffffffffff"}), "checkpoint harbour"),
            (Need(checkpoints=(("harbour", "0a1b2c3d4e"),)), offer({"harbour": ""}), ""),
            (Need(checkpoints=(("harbour", ""), ("fine", ""))), offer(["harbour"]), "checkpoint fine"),
            (Need(samplers=("euler_a",)), offer(samplers=("Euler a",)), ""),
            (Need(samplers=("DDIM",)), offer(samplers=("Euler a",)), "sampler DDIM"),
            (Need(samplers=("DDIM",)), offer(), ""),
            (Need(stages=("txt2img", "adetailer")), offer(stages=("txt2img",)), "stage adetailer"),
            (Need(loras=("ink",)), offer(loras=("style/Ink.safetensors",)), ""),
            (Need(loras=("ink",)), offer(loras=()), "LoRA ink"),
            (Need(loras=("ink",)), offer(), ""),
            (Need(kind="comfyui"), offer(), "engine comfyui"),
        ],
    )
    def test_a_node_must_have_all_that_a_job_needs(self, need, has, lacks):
        assert has.lacks(need) == lacks

    def test_a_checkpoint_that_is_called_otherwise_there_is_asked_for_by_that_name(self):
        placement = nodes(a=offer(["other"]), b=offer({"bay.ckpt": "0a1b2c3d4e"}))
        task = Task(job_id="j", need=Need(checkpoints=(("harbour", "0a1b2c3d4e"),)))
        assert placement.decide(tasks_in_order([task])) == (Start("b", "j", {"harbour": "bay.ckpt"}),)

    def test_a_job_that_no_node_can_make_waits_and_the_others_go_on(self):
        placement = nodes(a=offer(), b=offer(["bay"]))
        tall = Task(job_id="tall", need=Need(checkpoints=(("tower", ""),)))
        assert given(placement, [tall, *jobs(2)]) == {"a": "j0"}
        assert placement.why_waiting(tall) == (
            "No machine can make this job: a lacks checkpoint tower; b lacks checkpoint tower."
        )

    def test_the_only_node_is_given_everything_in_order_whatever_is_known_of_it(self):
        placement = Placement()
        placement.handle(NodeCame("local"))
        assert given(placement, jobs(2)) == {"local": "j0"}
        assert given(placement, jobs(2)) == {}
        placement.handle(JobDone("local", "j0", lost=True))
        assert given(placement, jobs(2)[1:]) == {"local": "j1"}

    def test_a_paused_node_takes_nothing_more_and_its_jobs_say_what_they_wait_for(self):
        placement = nodes(a=offer(), b=offer(["bay"]))
        placement.handle(NodePaused("a", True))
        assert given(placement, jobs(1)) == {}
        assert placement.why_waiting(jobs(1)[0]).startswith("a is paused")
        placement.handle(NodePaused("a", False))
        assert (given(placement, jobs(1)), placement.why_waiting(jobs(1)[0])) == ({"a": "j0"}, "")

    def test_a_node_whose_pictures_are_in_doubt_gets_no_more_while_another_can_make_them(self):
        placement = nodes(a=offer(), b=offer())
        for number in range(MOST_DOUBTFUL):
            task = Task(job_id=f"d{number}", need=HARBOUR)
            placement.handle(NodePaused("b", True))
            assert given(placement, [task]) == {"a": task.job_id}
            placement.handle(NodePaused("b", False))
            placement.handle(JobDone("a", task.job_id, doubtful=True))
        assert given(placement, jobs(2)) == {"b": "j0"}
        placement.handle(NodeGone("b"))
        placement.handle(NodeCame("c"))
        assert given(placement, jobs(1)) == {"a": "j0"}


class TestRows:
    def test_a_row_stays_on_its_node_and_the_others_take_the_next_rows(self):
        course = Course(nodes(a=offer(), b=offer(), c=offer()), rows(6, 4), {"a": 1.0, "b": 1.1, "c": 1.3}).run()
        assert len(course.made) == 24
        assert all(len({course.made[f"{v}.{r}"] for v in range(6)}) == 1 for r in range(4))

    def test_one_plan_keeps_to_one_fingerprint_unless_it_says_otherwise(self):
        same, other = offer(), offer(fingerprint="another")
        assert set(Course(nodes(a=same, b=other), rows(2, 4), {"a": 1, "b": 1}).run().made.values()) == {"a"}
        mixed = Course(nodes(a=same, b=other), rows(2, 4, mixed=True), {"a": 1, "b": 1}).run()
        assert set(mixed.made.values()) == {"a", "b"}

    def test_a_plan_goes_on_where_it_was_made_before(self):
        placement = nodes(a=offer(fingerprint="another"), b=offer(), c=offer())
        placement.handle(RowKnown("P", 1, "c", "print"))
        assert given(placement, rows(2, 2)) == {"b": "0.0", "c": "0.1"}
        only = nodes(a=offer(fingerprint="another"), b=offer(["bay"]))
        only.handle(RowKnown("P", 1, "c", "print"))
        assert given(only, rows(2, 2)) == {}
        assert "Allow several machines" in only.why_waiting(rows(1, 1)[0])

    def test_a_node_whose_first_picture_tells_another_version_makes_no_second_one(self):
        unsure = offer(likeness="WebUI", fingerprint="")
        placement, tasks = nodes(a=unsure, b=unsure), rows(2, 3)
        assert given(placement, tasks) == {"a": "0.0", "b": "0.1"}
        placement.handle(JobDone("a", "0.0", fingerprint="1.10"))
        placement.handle(JobDone("b", "0.1", fingerprint="1.9"))
        assert given(placement, [tasks[1], *tasks[3:]]) == {"a": "1.0"}

    def test_a_row_moves_when_its_node_is_gone_and_a_late_answer_is_dropped(self):
        placement = nodes(a=offer(), b=offer())
        assert given(placement, rows(2, 2)) == {"a": "0.0", "b": "0.1"}
        assert placement.handle(NodeGone("b")) == (PutBack("0.1"),)
        placement.handle(NodeCame("c"))
        placement.handle(NodeOffered("c", offer()))
        assert given(placement, rows(2, 2)[2:]) == {"c": "0.1"}
        assert placement.handle(JobDone("b", "0.1")) == (DropAnswer("b", "0.1"),)
        assert placement.home_of("P", 1) == "c"

    def test_a_draining_node_finishes_its_row_and_leaves(self):
        placement = nodes(a=offer(), b=offer())
        tasks = rows(2, 3)
        assert given(placement, tasks) == {"a": "0.0", "b": "0.1"}
        placement.handle(NodeDraining("b", True))
        placement.handle(JobDone("b", "0.1"))
        assert given(placement, tasks[3:]) == {"b": "1.1"}
        placement.handle(JobDone("b", "1.1"))
        assert placement.decide(tasks_in_order(tasks[4:])) == (Leave("b"),)


class TestTrouble:
    def test_a_job_that_surely_did_not_begin_goes_to_another_node(self):
        placement = nodes(a=offer(), b=offer())
        assert given(placement, jobs(1)) == {"a": "j0"}
        assert placement.handle(JobWaits("a", "j0", 1)) == (TakeBack("a", "j0"),)
        assert placement.handle(JobWaits("a", "j0", 2)) == ()
        placement.handle(JobDone("a", "j0", again=True))
        assert given(placement, jobs(3)) == {"b": "j0"}
        placement.handle(NodeOffered("a", offer()))
        assert given(placement, jobs(3)[1:]) == {"a": "j1"}

    def test_a_row_is_patient_with_its_node(self):
        placement = nodes(a=offer(), b=offer())
        given(placement, rows(2, 2))
        for tries in range(1, ROW_PATIENCE):
            assert placement.handle(JobWaits("a", "0.0", tries)) == ()
        placement.handle(JobDone("b", "0.1"))
        assert given(placement, [*rows(2, 1)[1:], *rows(2, 2)[3:]]) == {"b": "1.1"}
        assert placement.handle(JobWaits("a", "0.0", ROW_PATIENCE)) == (TakeBack("a", "0.0"),)

    def test_nobody_waits_for_a_fast_node_that_is_not_trusted_any_more(self):
        placement = nodes(a=offer(), b=offer())
        steps = list(zip(rows(6, 1), rows(6, 2)[6:], strict=True))
        for number, step in enumerate(steps[:-1]):
            assert given(placement, step) == {"a": f"{number}.0", "b": f"{number}.1"}
            placement.handle(JobDone("a", f"{number}.0", seconds=1.1))
            placement.handle(JobDone("b", f"{number}.1", doubtful=number > 1, seconds=1.0))
        assert len(steps[2:-1]) == MOST_DOUBTFUL
        assert given(placement, steps[-1][1:]) == {"a": "5.1"}

    def test_nothing_is_taken_back_when_nobody_else_can_make_it(self):
        placement = nodes(a=offer(), b=offer(["bay"]))
        given(placement, jobs(1))
        assert placement.handle(JobWaits("a", "j0", 9)) == ()

    def test_nodes_that_do_not_answer_get_nothing(self):
        placement = nodes(a=offer(), b=offer())
        placement.handle(NodeLost("a"))
        placement.handle(NodeLost("b"))
        assert (given(placement, jobs(1)), placement.why_waiting(jobs(1)[0])) == ({}, "No machine answers.")


class TestPace:
    def test_a_node_ten_times_slower_delays_the_end_by_at_most_one_of_its_jobs(self):
        fast = Course(nodes(a=offer(), b=offer(), c=offer()), jobs(200), {"a": 2.0, "b": 2.0, "c": 2.0}).run()
        mixed = Course(
            nodes(a=offer(), b=offer(), c=offer(), slow=offer()),
            jobs(200),
            {"a": 2.0, "b": 2.0, "c": 2.0, "slow": 20.0},
        ).run()
        assert len(mixed.made) == 200
        assert mixed.now <= fast.now + 20.0
        # Better than that: it begins none that the others would have made before it.
        assert mixed.now <= fast.now
        assert mixed.ends["slow"] > 0

    def test_a_slow_node_begins_no_row_that_the_others_would_finish_first(self):
        placement = nodes(fast=offer(), slow=offer())
        course = Course(placement, [*jobs(2), *rows(6, 4)], {"fast": 1.0, "slow": 10.0}).run()
        assert {node for job, node in course.made.items() if "." in job} == {"fast"}


NAMES = ("a", "b", "c", "d")
PRINTS = ("one", "two")
HAVE = {"one": ("harbour", "bay"), "two": ("harbour",)}


class AnyCourse(RuleBasedStateMachine):
    """Machines come, go, wait, lie and answer late, while the user pauses and removes them; jobs of plans and single
    ones arrive. Nothing may be lost, made twice, or made where it must not be.
    """

    def __init__(self):
        super().__init__()
        self.placement, self.offers = Placement(), {}
        self.tasks, self.waiting, self.count = {}, [], 0
        self.holds = {}  # node → job, as the nodes see it: also one that was removed goes on
        self.done, self.late, self.taken = set(), [], set()
        self.lost, self.paused, self.draining = set(), set(), set()
        self.homes, self.prints, self.doubt = {}, {}, {}

    # ---- the world

    @initialize()
    def begin(self):
        for name in NAMES[:2]:
            self.come(name, "one")

    @rule(name=st.sampled_from(NAMES), printed=st.sampled_from(PRINTS))
    def come(self, name, printed):
        if name not in self.offers:
            self.holds.pop(name, None)  # a machine that comes back is a new one
            self.offers[name] = offer(HAVE[printed], fingerprint=printed)
            self.placement.handle(NodeCame(name))
            self.answers(name)

    @rule(name=st.sampled_from(NAMES))
    def answers(self, name):
        if name in self.offers:
            self.lost.discard(name)
            self.placement.handle(NodeOffered(name, self.offers[name]))

    @rule(name=st.sampled_from(NAMES))
    def loses_sight(self, name):
        if name in self.offers:
            self.lost.add(name)
            self.placement.handle(NodeLost(name))

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name):
        if self.offers.pop(name, None) is None:
            return
        self.lost.discard(name), self.paused.discard(name), self.draining.discard(name)
        job = self.holds.pop(name, "")
        told = self.placement.handle(NodeGone(name))
        assert told == ((PutBack(job),) if job else ())
        self.taken.discard(job)
        if job:
            self.late.append((name, job))
            self.waiting.insert(0, job)
        self.homes = {row: home for row, home in self.homes.items() if home != name}

    @rule(name=st.sampled_from(NAMES), on=st.booleans())
    def pause(self, name, on):
        if name in self.offers:
            (self.paused.add if on else self.paused.discard)(name)
            self.placement.handle(NodePaused(name, on))

    @rule(name=st.sampled_from(NAMES), on=st.booleans())
    def drain(self, name, on):
        if name in self.offers:
            (self.draining.add if on else self.draining.discard)(name)
            self.placement.handle(NodeDraining(name, on))

    @rule(plan=st.sampled_from(("", "P", "Q")), count=st.integers(1, 4), name=st.sampled_from(("harbour", "bay")))
    def add(self, plan, count, name):
        for variant in range(count):
            self.count += 1
            job = f"j{self.count}"
            need = Need(checkpoints=((name if not plan else "harbour", ""),))
            row = self.count // 5 if plan else 0
            self.tasks[job] = Task(job_id=job, need=need, plan_id=plan, row=row, mixed=plan == "Q", work=1 + variant)
            self.waiting.append(job)

    # ---- the work

    @rule()
    def decide(self):
        for one in self.placement.decide(lambda: [self.tasks[job] for job in self.waiting]):
            if isinstance(one, Leave):
                assert one.node in self.draining
                continue
            assert isinstance(one, Start)
            self.begins(one.node, self.tasks[one.job_id])
        if not self.holds:
            assert not [job for job in self.waiting if self.could_begin(self.tasks[job])], "all wait for nothing"

    def could_begin(self, task):
        free = set(self.placement.able(task)) - self.paused - self.draining - self.lost
        home = self.placement.home_of(task.plan_id, task.row)
        return free and (not home or home in free)

    def begins(self, node, task):
        assert task.job_id in self.waiting, "what is being made or was made is given again"
        assert node in self.offers
        assert node not in self.holds
        assert node not in self.paused
        if len(self.offers) > 1:
            assert node not in self.lost
            assert self.offers[node].lacks(task.need) == ""
            self.keeps_together(node, task)
        self.waiting.remove(task.job_id)
        self.holds[node] = task.job_id

    def keeps_together(self, node, task):
        if not task.plan_id:
            assert node not in self.draining
            return
        own = self.offers[node].fingerprint
        assert task.mixed or self.prints.setdefault(task.plan_id, own) == own
        row = (task.plan_id, task.row)
        home = self.homes.get(row, node)
        if home != node:
            assert home in self.lost or home not in self.offers or home in self.doubted, f"{row} left {home}"
        self.homes[row] = node

    @property
    def doubted(self):
        return {name for name in NAMES if self.doubt.get(name, 0) >= MOST_DOUBTFUL}

    @rule(name=st.sampled_from(NAMES), doubtful=st.booleans(), seconds=st.sampled_from((0.0, 1.0, 9.0)))
    def finish(self, name, doubtful, seconds):
        job = self.holds.pop(name, "")
        if job:
            assert self.placement.handle(JobDone(name, job, doubtful=doubtful, seconds=seconds)) == ()
            assert job not in self.done
            self.done.add(job)
            self.taken.discard(job)
            self.lost.discard(name)
            self.doubt[name] = self.doubt.get(name, 0) + 1 if doubtful else 0

    @rule(name=st.sampled_from(NAMES), tries=st.integers(1, 4))
    def wait_for_server(self, name, tries):
        job = self.holds.get(name, "")
        if not job:
            return
        patience = ROW_PATIENCE if self.tasks[job].plan_id else 1
        if tries >= patience:
            self.lost.add(name)
        for one in self.placement.handle(JobWaits(name, job, tries)):
            assert one == TakeBack(name, job)
            assert job not in self.taken
            assert len(self.offers) > 1
            self.taken.add(job)

    @rule(name=st.sampled_from(NAMES))
    def is_taken_back(self, name):
        job = self.holds.get(name, "")
        if job in self.taken:
            del self.holds[name]
            self.taken.discard(job)
            assert self.placement.handle(JobDone(name, job, again=True)) == ()
            self.homes = {row: home for row, home in self.homes.items() if home != name}
            self.waiting.insert(0, job)

    @rule(data=st.data())
    def answer_late(self, data):
        if self.late:
            node, job = data.draw(st.sampled_from(self.late))
            if self.holds.get(node) != job:
                assert self.placement.handle(JobDone(node, job)) == (DropAnswer(node, job),)

    # ---- what always holds

    @invariant()
    def every_job_is_in_exactly_one_place(self):
        held = list(self.holds.values())
        everywhere = [*self.waiting, *held, *self.done]
        assert sorted(everywhere) == sorted(self.tasks)
        assert all(self.placement.job_of(name) == self.holds.get(name, "") for name in self.offers)

    @invariant()
    def what_waits_for_ever_says_why(self):
        for job in self.waiting[:3]:
            task = self.tasks[job]
            if not self.placement.able(task):
                assert self.placement.why_waiting(task)

    def teardown(self):
        """When all are well again and every fingerprint is there, everything comes to its end."""
        for name, printed in zip(NAMES, (*PRINTS, *PRINTS), strict=True):
            self.remove(name)
            self.come(name, printed)
        for _ in range(len(self.tasks) + 1):
            self.decide()
            for name in list(self.holds):
                self.finish(name, False, 1.0)
        assert self.done == set(self.tasks)


AnyCourse.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
TestAnyCourse = AnyCourse.TestCase


def test_a_node_that_is_not_what_it_said_goes_on_with_what_it_began():
    placement, tasks = nodes(a=offer(), b=offer()), rows(2, 2)
    assert given(placement, tasks) == {"a": "0.0", "b": "0.1"}
    placement.handle(JobDone("a", "0.0", fingerprint="told"))
    placement.handle(JobDone("b", "0.1", fingerprint="told"))
    assert given(placement, [tasks[1], tasks[3]]) == {"a": "1.0", "b": "1.1"}
