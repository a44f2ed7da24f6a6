"""Jobs and capabilities in the words of the placement: what a job needs, what a node offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from ...backends.base import Capabilities
from ...domain.base.lora_tags import loras_in
from ...domain.config.catalogue import get_value
from ...domain.config.engines import COMFYUI
from ...domain.config.origins import SHORT_SEED
from ...domain.config.pipeline_config import PipelineConfig, stage_spec, work
from ...domain.nodes.events import Task
from ...domain.nodes.fingerprint import fingerprint
from ...domain.nodes.offer import Need, NodeOffer
from ...domain.runs.job import Job
from ...domain.runs.plan import LearningPlan
from .node_state import NodeState

_KEPT = 20_000


def offer_of(found: Capabilities) -> NodeOffer:
    """What a node offers."""
    device = found.device
    # Some servers tell their version only with the first picture; until then it is guessed in words.
    sure = found.version if " " not in found.version else ""
    can_switch = "checkpoint" in found.features or not found.loaded_checkpoint
    names = found.checkpoints if can_switch else (found.loaded_checkpoint,)
    return NodeOffer(
        kind=found.kind,
        likeness=fingerprint(found.kind, found.name, "", device),
        fingerprint=fingerprint(found.kind, found.name, sure, device) if sure else "",
        checkpoints={name: found.checkpoint_hashes.get(name, "") for name in names},
        samplers=found.samplers,
        stages=found.stages,
        loras=found.choices("loras") if "loras" in found.features else None,
    )


class TaskBook:
    """The tasks of jobs, each worked out once. `leading()` is what the first machine offers: a job without a checkpoint
    means the one that is loaded there. `plan_of` finds a Learning Run.
    """

    def __init__(
        self, leading: Callable[[], Capabilities | None], plan_of: Callable[[str], LearningPlan | None]
    ) -> None:
        self._leading, self._plan_of = leading, plan_of
        self._tasks: dict[str, Task] = {}
        self._needs: dict[tuple[int, str, tuple[str, ...], bool], tuple[PipelineConfig, Need, float]] = {}
        self._led_by: Capabilities | None = None

    def of_queue(self, queue: Sequence[Job]) -> Callable[[], Iterator[Task]]:
        """The tasks of waiting jobs, worked out as they are asked for."""
        if self._led_by is not self._leading() or len(self._tasks) > _KEPT:
            self._led_by = self._leading()
            self._tasks.clear()
            self._needs.clear()
        return lambda: map(self.of, queue)

    def of(self, job: Job) -> Task:
        """The task of one job."""
        known = self._tasks.get(job.job_id)
        if known is None:
            known = self._tasks[job.job_id] = self._made(job)
        return known

    def _made(self, job: Job) -> Task:
        plan = self._plan_of(job.learning.plan_id) if job.learning.plan_id else None
        prompts = {job.prompt, *(text.prompt for text in job.stage_texts.values())}
        loras = tuple(dict.fromkeys(name for text in sorted(prompts) for name in loras_in(text)))
        kind = plan.backend_kind if plan is not None else ""
        # Only ComfyUI can run a workflow, whatever else works on the queue.
        kind = kind or (COMFYUI if job.config.workflow else "")
        # Thousands of jobs share a few configs. Kept, so that no other one gets the same id meanwhile.
        long_seed = job.seed > SHORT_SEED
        key = (id(job.config), kind, loras, long_seed)
        if key not in self._needs:
            need = replace(self._need(job.config, kind, loras), long_seed=long_seed)
            self._needs[key] = (job.config, need, work(job.config))
        _, need, much = self._needs[key]
        return Task(
            job_id=job.job_id,
            need=need,
            plan_id=job.learning.plan_id,
            row=job.learning.row if job.learning.plan_id else 0,
            mixed=plan is not None and plan.mixed_machines,
            work=much,
        )

    def _need(self, config: PipelineConfig, kind: str, loras: tuple[str, ...]) -> Need:
        found = self._leading()
        names = [config.checkpoint] if any(stage_spec(stage).samples(config) for stage in config.stages()) else []
        if names == [""] and found is not None:
            names = [found.loaded_checkpoint]
        if config.refiner.enabled:
            names.append(config.refiner.checkpoint)
        if config.hires.enabled:
            names.append(config.hires.checkpoint)
        hashes: Mapping[str, str] = found.checkpoint_hashes if found is not None else {}
        samplers = [str(get_value(config, f"{stage}.sampler")) for stage in config.stages() if stage in _SAMPLING]
        return Need(
            checkpoints=tuple((name, hashes.get(name, "")) for name in dict.fromkeys(names) if name),
            samplers=tuple(dict.fromkeys(name for name in samplers if name)),
            stages=config.stages(),
            # What the first machine does not have is no reason either: there the tag does nothing as well.
            loras=tuple(name for name in loras if found is None or not found.unlisted_loras([f"<lora:{name}:1>"])),
            kind=kind,
        )


_SAMPLING = ("txt2img", "img2img")


def alike_machines(states: Iterable[NodeState], *, mixed: bool = False) -> tuple[str, ...]:
    """The machines that a Learning Run can use together: those that make the pictures of the first one, as far as
    anybody knows; `mixed`: all with the same kind of engine.
    """
    offers = [(one.name, offer_of(one.capabilities)) for one in states if one.capabilities is not None]
    return tuple(name for name, offer in offers if _are_alike(offers[0][1], offer, mixed))


def _are_alike(first: NodeOffer, other: NodeOffer, mixed: bool) -> bool:
    if first.kind != other.kind or mixed:
        return first.kind == other.kind
    unsure = "" in (first.fingerprint, other.fingerprint)
    return first.likeness == other.likeness if unsure else first.fingerprint == other.fingerprint


def left_out(states: Iterable[NodeState], *, mixed: bool) -> str:
    """A sentence about the machines that a Learning Run leaves alone because they differ from the first; "" = none."""
    known = [one for one in states if one.capabilities is not None]
    alike = alike_machines(known, mixed=mixed)
    others = [one.name for one in known if one.name not in alike]
    if not others:
        return ""
    names, take = ", ".join(others), "takes" if len(others) == 1 else "take"
    unless = "" if mixed else ", unless the Learning Run may use different machines"
    why = "another engine, version or graphics card makes other pictures of the same seed"
    return f"{names} {take} no part: {why}{unless}."
