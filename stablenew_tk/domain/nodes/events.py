"""What happens to nodes and jobs, and what is decided about them: the words in which `Placement` is spoken to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from .offer import Need, NodeOffer


class Task(Struct, frozen=True, kw_only=True):
    """A waiting job as the placement sees it. `plan_id` "" = it belongs to no Learning Run; `mixed`: its plan may use
    machines of several fingerprints. `work` is how much there is to do, in any unit that all jobs share, above 0.
    """

    job_id: str
    need: Need
    plan_id: str = ""
    row: int = 0
    mixed: bool = False
    work: float = 1.0


# ---- events


class NodeCame(Struct, frozen=True):
    """A node is there; what it offers is not known yet. Nodes are asked in the order in which they came."""

    node: str


class NodeOffered(Struct, frozen=True):
    """A node has said what it offers: it is ready."""

    node: str
    offer: NodeOffer


class NodeLost(Struct, frozen=True):
    """A node does not answer, or cannot be used now. The job that it has goes on until it says otherwise."""

    node: str


class NodeGone(Struct, frozen=True):
    """A node is removed or surely dead. Whatever it still answers comes too late."""

    node: str


class NodePaused(Struct, frozen=True):
    """The user pauses a node after its job, or lets it go on."""

    node: str
    paused: bool


class NodeDraining(Struct, frozen=True):
    """The user wants a node to leave: it finishes the rows that it has begun. `on` False: it stays after all."""

    node: str
    on: bool


class JobWaits(Struct, frozen=True):
    """The node of a job does not answer, and its picture was surely not begun. `tries` counts from 1."""

    node: str
    job_id: str
    tries: int


class JobDone(Struct, frozen=True):
    """A job has ended on a node. `doubtful`: it failed, or its pictures are suspect. `again`: it was stopped so that it
    can be given to another node. `lost`: the node did not answer. `seconds` 0 = the time tells nothing.
    `fingerprint` is that of its record, "" = unknown.
    """

    node: str
    job_id: str
    doubtful: bool = False
    again: bool = False
    lost: bool = False
    seconds: float = 0.0
    fingerprint: str = ""


class RowKnown(Struct, frozen=True):
    """An earlier session made pictures of a row: where, and with which fingerprint."""

    plan_id: str
    row: int
    node: str
    fingerprint: str


NodeEvent = NodeCame | NodeOffered | NodeLost | NodeGone | NodePaused | NodeDraining | JobWaits | JobDone | RowKnown


# ---- decisions


class Start(Struct, frozen=True):
    """Give a job to a node. `names` has the node's own names of checkpoints, where they are others."""

    node: str
    job_id: str
    names: Mapping[str, str] = {}


class TakeBack(Struct, frozen=True):
    """Stop what a node does with a job that it has not begun: another one can make it. JobDone follows."""

    node: str
    job_id: str


class PutBack(Struct, frozen=True):
    """The job is to be queued again now, because its node is gone."""

    job_id: str


class DropAnswer(Struct, frozen=True):
    """This answer comes too late: the job was given to another node, or was made. It must leave no record."""

    node: str
    job_id: str


class Leave(Struct, frozen=True):
    """A draining node has nothing left to do."""

    node: str


Decision = Start | TakeBack | PutBack | DropAnswer | Leave
