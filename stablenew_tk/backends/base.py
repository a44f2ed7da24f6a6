"""The `Backend` protocol of all engines, and its values: capabilities, stage orders, results, progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from ..domain.base.errors import Refused
from ..domain.base.lora_tags import loras_in
from ..domain.base.model_hash import same_hash
from ..domain.config.catalogue import Value
from ..domain.config.controlnet import ControlInput
from ..domain.config.pipeline_config import PipelineConfig, stage_spec
from ..domain.models.families import Family, FamilyCatalogue
from ..domain.runs.job import Job
from ..domain.workflows.node_kinds import NodeKinds


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a backend offers right now. Names are exactly those the backend accepts.

    `stages` is a subset of `domain.config.pipeline_config.STAGES`. `features` may hold: refiner, hires, inpaint,
    controlnet, preview, progress, interrupt, scheduler, vae, checkpoint (= can switch it), face_restore, loras
    (= `loras` are all it has), guidance, shift, clip_skip, variation (seeds) and prediction (= can be told them),
    shift_for_some (= only for families that Forge Neo gives their shift in place of guidance).
    `names_checkpoints`: it keeps none loaded that a job without a name could mean; `loaded_checkpoint` is its only one
    then, if it has only one.
    `lora_aliases` are further names by which a prompt may call a LoRA. `checkpoint_hashes` has hashes by the name of
    the checkpoint, as far as the backend tells them. `device` is that of the backend, `nodes` are the classes that
    workflows can be made of. `server` is equal for one server at several addresses, "" where nobody can tell.
    """

    kind: str
    name: str
    version: str = ""
    device: str = ""
    server: str = ""
    loaded_checkpoint: str = ""
    names_checkpoints: bool = False
    checkpoints: tuple[str, ...] = ()
    checkpoint_hashes: Mapping[str, str] = {}
    vaes: tuple[str, ...] = ()
    text_encoders: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    lora_aliases: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    hires_upscalers: tuple[str, ...] = ()
    adetailer_models: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    nodes: NodeKinds = NodeKinds()

    def choices(self, name: str) -> tuple[str, ...]:
        """The list with this name (`choices` of a catalogue parameter); () when the backend has none."""
        listed: tuple[str, ...] = getattr(self, name, ())
        if name == "lora_files":
            # Several files may share an alias, so it names no file.
            return self.loras
        return (*listed, *self.lora_aliases) if name == "loras" else listed

    def checkpoint_of_hash(self, digits: str) -> str:
        """The name of the checkpoint with a hash, which may be the beginning of the whole one; "" for none known."""
        return next((name for name, whole in self.checkpoint_hashes.items() if same_hash(whole, digits)), "")

    def unlisted_loras(self, prompts: Iterable[str]) -> tuple[str, ...]:
        """LoRAs that prompts name and the backend does not have, each once; () where it does not list its LoRAs."""
        if "loras" not in self.features:
            return ()
        known = frozenset(self.choices("loras"))
        return tuple(dict.fromkeys(name for text in prompts for name in loras_in(text) if name not in known))


class StageOrder(Struct, frozen=True, kw_only=True):
    """One stage of one job to make: seed ≥ 0, `image` is the picture to start from (b"" if it needs none).

    `mask` is what img2img, this stage or a later one, paints anew where it is white, b"" without inpainting; `units`
    are those of ControlNet. `workflow` is the text of the workflow that the config names.

    `later` are the stages of the job that are to follow, with the same config: nothing is made when one of them cannot
    be, because its picture would have been made for nothing. `family` is that of the checkpoint ("sdxl"), `variant` its
    form ("turbo"), as far as the model library tells them, else ""; the engine may know better. `families` is the table
    in force.
    """

    job_id: str
    stage: str
    prompt: str
    negative: str
    seed: int
    config: PipelineConfig
    image: bytes = b""
    mask: bytes = b""
    units: tuple[ControlInput, ...] = ()
    later: tuple[str, ...] = ()
    family: str = ""
    variant: str = ""
    families: FamilyCatalogue = FamilyCatalogue()
    workflow: bytes = b""

    def known_family(self) -> Family:
        """The family of the checkpoint by the model library, else by its name; an unknown one where nothing tells."""
        name = self.config.checkpoint
        family = self.families.family(self.family or self.families.id_in_name(name))
        return family.as_variant(self.variant or family.named_variants(name))

    def each_stage(self) -> Iterator[StageOrder]:
        """This order, and one for each later stage, without pictures: to check them all."""
        yield self
        for stage in self.later:
            yield msgspec.structs.replace(self, stage=stage, later=())


def beyond(engine: str, seed: int, most: int) -> str:
    """The sentence about a seed that an engine does not take."""
    return f"seed: {seed} is more than {engine} takes (0 to {most}). Give another seed, or choose ComfyUI."


def not_runnable(workflow: str, engine: str) -> str:
    """The sentence about a workflow of ComfyUI where the engine is another."""
    return (
        f"“{workflow}” is a workflow of ComfyUI, which {engine} cannot run. Choose a ComfyUI server, or leave the "
        "workflow away."
    )


def check_stage(order: StageOrder, offered: Collection[str], engine: str, *, runs_workflows: bool = False) -> None:
    """Raise Refused for a stage that the engine cannot make, now or later, or one without the picture it needs, and for
    a workflow of ComfyUI where the engine is another.
    """
    if order.config.workflow and not runs_workflows:
        raise Refused(not_runnable(order.config.workflow.name, engine))
    for stage in (order.stage, *order.later):
        if stage not in offered:
            raise Refused(f"{engine} has no stage {stage!r}. It has {', '.join(offered)}.")
    if stage_spec(order.stage).needs_picture and not order.image:
        raise Refused(f"{order.stage} needs a picture to start from, and none was given.")


class StageImage(Struct, frozen=True, kw_only=True):
    """One complete, checked picture from the backend. `data` is written to disk byte for byte.

    `suspect` codes: "mismatch:<path>" (applied differs from asked), "black", "interrupted", "unchanged" (an upscale
    that changed nothing), "size". A suspect picture is shown but never counts as evidence. `pixels` is the digest of
    the decoded picture (domain.base.pixels), "" where the backend has not decoded it.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    seed: int
    infotext: str = ""
    suspect: tuple[str, ...] = ()
    pixels: str = ""


class StageResult(Struct, frozen=True, kw_only=True):
    """Result of one stage. `interrupted`: the backend was stopped, so its pictures are unfinished.

    `asked` and `applied` are catalogue values by path; `applied` has only the values that the backend reports.
    `notes` are sentences for the user (a fallback taken, a retry, fewer pictures than asked). `seconds` is how long it
    took where somebody else has measured it; None: whoever asked measures.
    """

    images: tuple[StageImage, ...]
    asked: Mapping[str, Value] = {}
    applied: Mapping[str, Value] = {}
    queue_wait_s: float = 0.0
    attempts: int = 1
    interrupted: bool = False
    notes: tuple[str, ...] = ()
    seconds: float | None = None


class StageProgress(Struct, frozen=True, kw_only=True):
    """Progress of the running stage. `fraction` 0–1, `step` of `steps` (0 = unknown), `preview` an image file or b"".

    `state` is a short text or "": "loading checkpoint", "waiting behind another job".
    """

    fraction: float = 0.0
    step: int = 0
    steps: int = 0
    preview: bytes = b""
    state: str = ""


class Backend(Protocol):
    """One engine on one machine.

    Obligations:
    - `check` and `generate` are called by one thread at a time (the node's thread). `progress`, `interrupt` and `close`
      may be called by any thread at any time and return soon (≤ 5 s), also while `generate` waits.
    - `generate` asks `check_stage` before anything else, with the stages for which the backend has a way to make them,
      and checks the names and values of all `order.each_stage()` before it makes the first picture.
    - `generate` makes one stage and returns whole pictures only, in the order made. The same order twice gives the same
      picture where the engine can promise it. It never changes the order's values silently: what the engine did
      otherwise stands in `applied` and in `suspect`.
    - It raises only BackendError (see domain.base.errors) and, when `interrupt` stopped it before any picture,
      Cancelled.
    - Nothing is left running on the engine when `generate` has raised, as far as the engine allows it.
    - `progress` never raises; None means nothing is known. A watcher calls it every 0.5 s to 1 s while `generate` runs;
      a backend may use these calls as its heartbeat and make a hanging `generate` raise AnswerLost.
    - `interrupt` makes a running `generate` return soon, with `interrupted=True` or Cancelled, and every picture
      marked "interrupted"; it never stops somebody else's job on a shared server. Interrupting an idle backend does
      nothing.
    - Passwords are never part of `name`, an error, a note or a log line.
    """

    @property
    def kind(self) -> str:
        """The kind of engine: "sketch", "webui", "comfyui"; "" as long as nobody has answered who that is."""
        ...

    @property
    def name(self) -> str:
        """What to call it, with its address."""
        ...

    @property
    def version(self) -> str:
        """The engine's version; "" until `check` has asked."""
        ...

    @property
    def device(self) -> str:
        """What computes there, as far as the engine tells ("RTX 4090"), else where it is: then it is like no other."""
        ...

    def check(self) -> Capabilities:
        """Query what the backend offers. Raises Unreachable, NotReady, AccessDenied, Refused or EngineFault."""
        ...

    def rescan(self) -> str:
        """Let the engine look for new files, where it does not by itself; `check` lists them then. Raises as `check`.

        Returns a sentence about what it could not look for now, "" for nothing.
        """
        ...

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage. Blocks until done."""
        ...

    def progress(self) -> StageProgress | None:
        """Progress of the running stage, None when nothing is known."""
        ...

    def interrupt(self) -> None:
        """Stop the running stage soon."""
        ...

    def close(self) -> None:
        """Close connections. The backend is not used afterwards."""
        ...


@runtime_checkable
class MayGoAway(Protocol):
    """A backend somewhere else, which may be switched off while it has nothing to do."""

    def is_there(self) -> bool:
        """Whether anything listens at its address; much less work than `check`, for both sides."""
        ...


@runtime_checkable
class MakesWholeJobs(Protocol):
    """A backend that is given a whole job at its first stage, and answers the later ones of the same result.

    `begin` comes before the first `generate` of a job. `ended` comes after its last one: `kept` says whether record and
    pictures are on disk here, so that nobody else needs to keep them. Both return at once.
    """

    def begin(self, job: Job) -> None:
        """The next stages are those of this job."""
        ...

    def ended(self, *, kept: bool) -> None:
        """The job is over."""
        ...
