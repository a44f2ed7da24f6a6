"""The kinds of lines in the journal: record of a job, feedback (stars, tags, notes), place of files, undo, plan lines.

Lines are never rewritten: a rating, a correction or an undo is another line. The member `kind` names the kind of line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import UNSET, Struct, UnsetType

from ..base.journal_line import Line
from ..config.catalogue import Value
from ..config.global_texts import StageText
from ..config.origins import Origin
from ..config.pipeline_config import PipelineConfig
from ..models.preset_scope import PresetUse
from ..runs.job import LearningTag, RandomizerChoice
from ..runs.known_value import KnownValue
from ..runs.plan import MOST_PICTURES, START_ROWS, LearningPlan, LearningRunResult, LearningRunStep, PlanPrompt
from ..runs.preset import Preset

Status = Literal["ok", "failed", "cancelled", "partial"]


class BackendInfo(Struct, frozen=True, kw_only=True):
    """The backend that made the pictures. `kind` is sketch, webui or comfyui; sketches are never analysed with others.

    `node` is the name of the machine. `fingerprint` stands for engine, version and graphics card: with another one the
    same seed is another picture. Both are "" in records of older versions.
    """

    kind: str
    name: str
    version: str = ""
    node: str = ""
    fingerprint: str = ""


class StageRecord(Struct, frozen=True, kw_only=True):
    """One stage: the values asked for, and the values that the backend reports (by catalogue path)."""

    stage: str
    asked: Mapping[str, Value] = {}
    applied: Mapping[str, Value] = {}
    seconds: float = 0.0
    queue_wait_s: float = 0.0
    attempts: int = 1
    notes: tuple[str, ...] = ()


class Output(Struct, frozen=True, kw_only=True):
    """One picture on disk. `path` is relative to the output root, with /. For the codes in `suspect` see
    `backends.base.StageImage`. `sha256` is of the file, `pixels` of the decoded picture: pictures with the same
    `pixels` look the same, whatever their files say. "": written before this was recorded, or not decodable.
    """

    image_id: str
    stage: str
    path: str
    sha256: str
    width: int
    height: int
    seed: int
    suspect: tuple[str, ...] = ()
    infotext: str = ""
    pixels: str = ""


class Failure(Struct, frozen=True, kw_only=True):
    """Why a job ended without all its pictures. `message` is the sentence the user saw, at most 2,000 characters."""

    error: str
    message: str
    stage: str = ""
    status: int = 0
    retryable: bool = False


class LearningRecord(Line, tag="run", frozen=True, kw_only=True):
    """The record of a finished job. It contains all its settings, so no other file is needed to understand it.

    `prompt` and `negative` are what the first stage was sent; `stage_texts` has the stages that were sent another text.
    `presets` are those that gave values, learned values among them, with the scope each had then and whether the job
    was outside of it. `rebuilt`: made again from the pictures after the journal was lost.
    """

    run_id: str
    run_name: str = ""
    job_id: str
    pack_id: str
    prompt_id: str
    interactive: bool = True
    prompt: str
    negative: str
    stage_texts: Mapping[str, StageText] = {}
    seed: int
    stages: tuple[str, ...]
    config: PipelineConfig
    origins: Mapping[str, Origin] = {}
    presets: tuple[PresetUse, ...] = ()
    randomizer: RandomizerChoice = RandomizerChoice()
    learning: LearningTag = LearningTag()
    backend: BackendInfo
    stage_results: tuple[StageRecord, ...] = ()
    outputs: tuple[Output, ...] = ()
    # The output root at that time. Pictures are looked up in the current output root first.
    output_root: str = ""
    start_image: str = ""
    status: Status
    error: Failure | None = None
    seconds: float = 0.0
    rebuilt: bool = False


class Feedback(Line, tag="feedback", frozen=True, kw_only=True):
    """Feedback of the user on one picture. `rating` 1–5, 0 = cleared, None = unchanged; `note` None = unchanged.

    `rejected`: the picture is not wanted any more, False takes that back, None = unchanged. So do stars of 1 to 5.

    `blind`: the user did not see the values. `repeat`: blind rating showed the picture again to measure how consistent
    the user's stars are; such a rating does not change the picture's stars.
    """

    image_id: str
    run_id: str = ""
    rating: int | None = None
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    note: str | None = None
    blind: bool = False
    repeat: bool = False
    rejected: bool | None = None


Better = Literal["first", "second", "none"]


class PairVote(Line, tag="pair", frozen=True, kw_only=True):
    """Which of two pictures of one row is better: "first" (`image_id`), "second" (`other_id`) or "none", no difference.

    `blind`: the user did not see the values. A later line about the same two pictures replaces it.
    """

    image_id: str
    other_id: str
    better: Better
    blind: bool = False


class PictureFiles(Line, tag="files", frozen=True, kw_only=True):
    """Where the files of some pictures are now; their records stay as they are. `paths`: absolute path by image id, ""
    = where the record says.

    `trashed`: they are in the system's trash. A path is then that of the file in it, "" where the system does not tell.
    Of several lines on a picture the latest holds.
    """

    paths: Mapping[str, str]
    trashed: bool = False


class Void(Line, tag="void", frozen=True, kw_only=True):
    """Undoes one earlier line. `target` is its event_id."""

    target: str


PlanLine = LearningPlan | LearningRunStep | LearningRunResult | Preset | KnownValue
JournalLine = LearningRecord | Feedback | PairVote | PictureFiles | Void | PlanLine
KINDS = tuple(kind.__struct_config__.tag for kind in get_args(JournalLine))


class ImageFeedback(Struct, frozen=True):
    """The current feedback on one picture, after all feedback and undo lines. `rating` 0 = unrated."""

    rating: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""
    # Left out of documents where it is not: most pictures never are.
    rejected: bool | UnsetType = UNSET


class FoldedRecord(Struct, frozen=True):
    """A record with the current feedback on its pictures, by image_id."""

    record: LearningRecord
    feedback: Mapping[str, ImageFeedback]


def draft_of(record: LearningRecord, seed: int) -> LearningPlan:
    """A plan with the prompt and settings of a record, and `seed` for row 1, without focus parameter and values. It
    goes step by step.
    """
    return LearningPlan(
        plan_id="",
        name="",
        focus_parameter="",
        pack_id=record.pack_id,
        prompts=(PlanPrompt(record.prompt_id, record.prompt, record.negative, record.stage_texts),),
        base_config=record.config,
        origins=record.origins,
        presets=record.presets,
        variant_values=(),
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(seed,),
        start_image=record.start_image,
        backend_kind=record.backend.kind,
    )
