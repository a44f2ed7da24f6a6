"""Builds the graph of a job from a workflow of the user's own: its values are put in, everything else stays as it is.

What the user did not set is never touched, but for two things: the seed, and the beginning of the file's name, because
a server makes nothing new for an equal graph.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.base.errors import InvalidInput, Refused
from ...domain.base.lora_tags import LoraTag, lora_key
from ...domain.config.catalogue import Value, get_value
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.workflows.check import above, end_nodes, missing_in
from ...domain.workflows.fields import NEGATIVE, PROMPT, SEED
from ...domain.workflows.node_kinds import NodeKinds
from ...domain.workflows.workflow import Workflow, read_workflow
from ...domain.workflows.workflow_nodes import InputPlace, WorkflowNode
from ..base import StageOrder
from .graphs import MAX_SEED, Graph
from .names import Offered, sampling
from .nodes import Node, Plain, Spot
from .object_info import ServerWords, pick
from .schedule import PassTiming
from .words import split_loras, vocabulary, words

_SAID = 3
_STEPS = 20
_TITLE = "In ComfyUI, give the node that is meant the title stablenew:{name}."


def workflow_graph(order: StageOrder, server: ServerWords, *, prefix: str, nth: int = 0) -> Graph:
    """The graph for the picture number `nth` of an order that names a workflow; `prefix` as for other graphs.

    Raises Refused naming node and input for what the server lacks, and for values that the workflow has no place for.
    """
    use = order.config.workflow
    try:
        workflow = read_workflow(order.workflow, f"The workflow “{use.name}”", server.kinds)
    except InvalidInput as error:
        raise Refused(str(error)) from error
    job = _Filling(order, workflow, server)
    job.put_words()
    job.put_seed((order.seed + nth) % (MAX_SEED + 1))
    job.put_values()
    outputs = job.name_files(prefix)
    job.check()
    return Graph(
        prompt=job.graph,
        outputs=outputs,
        seed=(order.seed + nth) % (MAX_SEED + 1),
        asked=job.asked,
        read_back=job.spots,
        notes=tuple(job.notes),
    )


class _Filling:
    """A copy of a workflow that is filled with the values of one picture."""

    def __init__(self, order: StageOrder, workflow: Workflow, server: ServerWords) -> None:
        self._order, self._workflow, self._server = order, workflow, server
        self._name = order.config.workflow.name
        self._inputs = {name: _as_run(node, server.kinds) for name, node in workflow.nodes.items()}
        self._added: dict[str, Node] = {}
        self.asked: dict[str, Value] = {}
        self.spots: dict[str, Spot] = {}
        self.notes: list[str] = list(workflow.notices)

    @property
    def graph(self) -> dict[str, Node]:
        """The nodes as the server is sent them."""
        nodes: dict[str, Node] = {}
        for name, node in self._workflow.nodes.items():
            nodes[name] = {"class_type": node.kind, "inputs": self._inputs[name]}
            if node.title:
                nodes[name]["_meta"] = {"title": node.title}
        return nodes | self._added

    def check(self) -> None:
        """Raise Refused for what the server does not take, as it is now."""
        nodes = self._workflow.nodes
        now = {name: WorkflowNode(node.kind, self._inputs[name], node.title) for name, node in nodes.items()}
        missing = missing_in(now, self._server.kinds)
        if missing:
            more = f" {len(missing) - _SAID} more things are missing." if len(missing) > _SAID else ""
            raise Refused(" ".join(one.sentence for one in missing[:_SAID]) + more)

    # ---- words

    def put_words(self) -> None:
        """Put prompt and negative prompt in, and the weights of the LoRAs that the prompt names."""
        text, loras, notes = split_loras(self._order.prompt)
        self.notes += notes
        if PROMPT not in self._workflow.found:
            name = "positive"
            raise Refused(f"The workflow “{self._name}” has no place for the prompt. {_TITLE.format(name=name)}")
        self._put(PROMPT, self._words(text, "prompt"))
        for lora in loras:
            self._put_lora(lora)
        negative, _, notes = split_loras(self._order.negative, "negative")
        self.notes += notes
        if negative.strip() and NEGATIVE not in self._workflow.found:
            self.notes.append(f"The workflow “{self._name}” has no negative prompt, so that of the pack was left out.")
        elif negative.strip():
            self._put(NEGATIVE, self._words(negative, "negative"))

    def _words(self, text: str, field: str) -> str:
        known = vocabulary(self._server.embeddings, self._server.name)
        # How many steps there are does not matter: words that change on the way are refused anyway.
        told = words(text, field, known, PassTiming(steps=_STEPS, total=_STEPS))
        self.notes += told.notes
        chunks = [chunk for part in told.parts for span in part for chunk in span.chunks]
        if len(chunks) > 1:
            raise Refused(
                f"{field}: BREAK, AND and [a:b:0.5] have no place in the one text that the workflow “{self._name}” "
                "has. Remove them from the prompt."
            )
        return chunks[0]

    def _put_lora(self, tag: LoraTag) -> None:
        loaders = [one for one in self._workflow.loras if lora_key(one.name) == lora_key(tag.name)]
        if not loaders:
            had = ", ".join(one.name for one in self._workflow.loras) or "none"
            raise Refused(
                f"prompt: the workflow “{self._name}” loads no LoRA {tag.name!r}; it loads {had}. "
                "Take it out of the prompt, or choose it at a loader of the workflow."
            )
        for loader in loaders:
            for place in loader.places:
                self._write(f"lora:{tag.name}", place, tag.weight)

    # ---- numbers and names

    def put_seed(self, seed: int) -> None:
        """Put the seed in. Raises Refused where there is no place for it: every picture would be the same."""
        if SEED not in self._workflow.found:
            raise Refused(f"The workflow “{self._name}” has no place for the seed. {_TITLE.format(name='seed')}")
        self._put(SEED, seed)

    def put_values(self) -> None:
        """Put in what differs from the workflow's own values, and nothing else."""
        config, use = self._order.config, self._order.config.workflow
        now = {path: get_value(config, path) for path in use.found if path in self._workflow.found}
        self.asked |= now
        changed = {path: value for path, value in now.items() if value != use.found[path]}
        for path in now.keys() - changed.keys():
            # It is sent as it stands in the workflow, and what the server says of it is compared all the same.
            place = self._workflow.found[path].places[0]
            sent = self._inputs[place.node][place.input]
            if isinstance(sent, (str, int, float)):
                self.spots[path] = Spot(place.node, place.input, sent)
        for path, raw in self._in_comfy_words(changed, config).items():
            self._put(path, raw)
        for path, value in use.values.items():
            one = self._workflow.open_values.get(path)
            if one is None:
                raise Refused(f"{path}: the workflow “{self._name}” has no such value.")
            self.asked[path] = value
            self._write(path, one.place, value)

    def _in_comfy_words(self, changed: Mapping[str, Value], config: PipelineConfig) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        for path, value in changed.items():
            block, _, name = path.rpartition(".")
            if name in ("sampler", "scheduler"):
                sampler = str(get_value(config, f"{block}.sampler"))
                scheduler = str(get_value(config, f"{block}.scheduler"))
                told = sampling(block, sampler, scheduler, self._offered(block))
                found[path] = told.sampler if name == "sampler" else told.scheduler
            elif name == "clip_skip":
                found[path] = -abs(int(value))
            elif name in ("checkpoint", "vae"):
                found[path] = pick(path, str(value), self._choices(path), self._server.name)
            else:
                found[path] = value
        return found

    def _offered(self, block: str) -> Offered:
        samplers = self._choices(f"{block}.sampler") or self._server.samplers
        return Offered(self._server.name, samplers, self._choices(f"{block}.scheduler") or self._server.schedulers)

    def _choices(self, path: str) -> tuple[str, ...]:
        found = self._workflow.found.get(path)
        if found is None:
            return ()
        place = found.places[0]
        return self._server.choices(self._workflow.nodes[place.node].kind, place.input)

    def _put(self, path: str, value: Plain) -> None:
        for place in self._workflow.found[path].places:
            self._write(path, place, value)

    def _write(self, path: str, place: InputPlace, value: Plain) -> None:
        self._inputs[place.node][place.input] = value
        if path in self.asked:
            self.spots[path] = Spot(place.node, place.input, value)

    # ---- files

    def name_files(self, prefix: str) -> tuple[str, ...]:
        """Give every node that saves pictures a file name of its own; where none does, one is added that saves what is
        shown. The ids of those whose pictures are taken, the last one made of them at the end.
        """
        nodes, kinds = self._workflow.nodes, self._server.kinds
        ends = [name for name in end_nodes(nodes, kinds) if isinstance(nodes[name].inputs.get("images"), list)]
        saving = [name for name in ends if isinstance(nodes[name].inputs.get("filename_prefix"), str)]
        for number, name in enumerate(saving, start=1):
            self._inputs[name]["filename_prefix"] = prefix if number == 1 else f"{prefix}-{number}"
        if saving:
            return tuple(sorted(saving, key=lambda name: len(above(nodes, [name]))))
        if not ends:
            raise Refused(f"The workflow “{self._name}” saves no picture. Add a node Save Image to it.")
        added = []
        for number, name in enumerate(ends, start=1):
            own = _free(f"stablenew{number}", nodes)
            images = self._inputs[name]["images"]
            named = {"images": images, "filename_prefix": prefix if number == 1 else f"{prefix}-{number}"}
            self._added[own] = {"class_type": "SaveImage", "inputs": named}
            added.append(own)
        return tuple(added)


def _free(name: str, nodes: Mapping[str, WorkflowNode]) -> str:
    return name if name not in nodes else _free(f"{name}x", nodes)


def _as_run(node: WorkflowNode, kinds: NodeKinds) -> dict[str, object]:
    """The inputs of a node as the server reads them: it makes numbers of texts and whole numbers of others."""
    known = kinds.inputs.get(node.kind, {})
    found = dict(node.inputs)
    for key, value in found.items():
        about = known.get(key)
        if about is None or not isinstance(value, (str, int, float)):
            continue
        try:
            if about.kind == "INT":
                found[key] = int(value)
            elif about.kind == "FLOAT":
                found[key] = float(value)
            elif about.kind == "STRING":
                found[key] = str(value)
            elif about.kind == "BOOLEAN":
                found[key] = bool(value)
        except (ValueError, OverflowError):
            continue  # the check names it
    return found
