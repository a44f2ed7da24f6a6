"""Records made again from pictures, when the journal that had them is lost: from the settings inside the pictures and
from the names of their folders, `DAY/TIME-PACK/STAGE/NUMBER_PROMPT_sSEED.png`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ..base.errors import InvalidInput
from ..base.ids import ulid
from ..config.catalogue import Value, with_values
from ..config.engines import COMFYUI, SKETCH, WEBUI
from ..config.pipeline_config import FIRST_STAGE, STAGES, PipelineConfig
from ..recipes.recipe import Recipe
from .record import BackendInfo, Feedback, LearningRecord, Output

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_RUN = re.compile(r"\d{6}-(?P<pack>.+)")
_NAME = re.compile(r"(?P<job>\d{3,}_(?P<prompt>.+))_s\d+(?:-\d+)?")


class FoundPicture(Struct, frozen=True):
    """A picture that no record names. `path` is relative to the output root with /, `made_ms` its file's time in ms
    since 1970 and `made` the same in UTC, ISO 8601 with Z; `digest` is the SHA-256 of the file, `stars` what somebody
    gave it elsewhere, 0 = none.
    """

    path: str
    made_ms: int
    made: str
    digest: bytes
    width: int
    height: int
    pixels: str
    recipe: Recipe
    stars: int = 0


class PicturePlace(Struct, frozen=True):
    """What the path of a picture says. `job` is the same for all stages of one job."""

    run: str
    pack_id: str
    prompt_id: str
    stage: str
    job: tuple[str, ...]


def place_of(path: str) -> PicturePlace:
    """The place of a picture; in folders of others the run is the folder, and each picture is a job of its own."""
    *folders, file = path.split("/")
    stem = file.rpartition(".")[0] or file
    name = _NAME.fullmatch(stem)
    if len(folders) == 3 and _DAY.fullmatch(folders[0]) and folders[2] in STAGES and name:
        run = _RUN.fullmatch(folders[1])
        pack = run["pack"] if run else folders[1]
        return PicturePlace(folders[1], pack, name["prompt"], folders[2], (folders[0], folders[1], name["job"]))
    folder = folders[-1] if folders else "pictures"
    return PicturePlace(folder, folder, stem, FIRST_STAGE, (path,))


def rebuilt(pictures: Iterable[FoundPicture], *, output_root: str) -> list[LearningRecord | Feedback]:
    """Records, each followed by the ratings of its pictures, oldest first. Their ids follow from the pictures, so that
    rebuilding again makes none twice.
    """
    jobs: dict[tuple[str, ...], list[FoundPicture]] = {}
    for picture in sorted(pictures, key=lambda one: (one.made_ms, one.path)):
        jobs.setdefault(place_of(picture.path).job, []).append(picture)
    lines: list[LearningRecord | Feedback] = []
    for job in sorted(jobs.values(), key=lambda same: same[0].made_ms):
        lines += _job(sorted(job, key=lambda one: STAGES.index(place_of(one.path).stage)), output_root)
    return lines


def _job(pictures: Sequence[FoundPicture], output_root: str) -> list[LearningRecord | Feedback]:
    first, place = pictures[0], place_of(pictures[0].path)
    stages = tuple(dict.fromkeys(place_of(one.path).stage for one in pictures))
    outputs = tuple(_output(one) for one in pictures)
    run_id = _id(min(one.made_ms for one in pictures), place.run.encode("utf-8", "replace"))
    record = LearningRecord(
        event_id=_id(first.made_ms, b"record" + first.digest),
        ts=first.made,
        run_id=run_id,
        run_name=place.run,
        job_id=_id(first.made_ms, b"job" + first.digest),
        pack_id=place.pack_id,
        prompt_id=place.prompt_id,
        prompt=first.recipe.prompt,
        negative=first.recipe.negative,
        seed=first.recipe.seed or 0,
        stages=stages,
        config=_config(pictures, stages),
        backend=_backend(first.recipe.tool),
        outputs=outputs,
        output_root=output_root,
        status="ok",
        rebuilt=True,
    )
    rated = [
        Feedback(
            event_id=_id(one.made_ms, b"stars" + one.digest + bytes((one.stars,))),
            ts=one.made,
            image_id=output.image_id,
            run_id=run_id,
            rating=one.stars,
        )
        for one, output in zip(pictures, outputs, strict=True)
        if one.stars
    ]
    return [record, *rated]


def _output(one: FoundPicture) -> Output:
    return Output(
        image_id=_id(one.made_ms, b"image" + one.digest),
        stage=place_of(one.path).stage,
        path=one.path,
        sha256=one.digest.hex(),
        width=one.width,
        height=one.height,
        seed=one.recipe.seed or 0,
        infotext=one.recipe.infotext,
        pixels=one.pixels,
    )


def _config(pictures: Sequence[FoundPicture], stages: Sequence[str]) -> PipelineConfig:
    """What the picture of the first stage says, and of each later one what is of that stage."""
    values: dict[str, Value] = {}
    for one in pictures:
        stage = place_of(one.path).stage
        later = stage != stages[0]
        values |= {
            path: value for path, value in one.recipe.values.items() if not later or path.startswith(f"{stage}.")
        }
    values |= {f"{stage}.enabled": True for stage in stages if stage != FIRST_STAGE}
    return _with_valid(values)


def _with_valid(values: Mapping[str, Value]) -> PipelineConfig:
    config = PipelineConfig()
    for path, value in values.items():
        try:
            config = with_values(config, {path: value})
        except InvalidInput:
            continue  # what no run could have had is not put into a record
    return config


def _backend(tool: str) -> BackendInfo:
    kind = SKETCH if SKETCH in tool.lower() else COMFYUI if tool == "ComfyUI" else WEBUI
    return BackendInfo(kind=kind, name=tool)


def _id(made_ms: int, of: bytes) -> str:
    """An id that is always the same for the same picture."""
    return ulid(min(max(0, made_ms), (1 << 48) - 1), hashlib.sha256(of).digest()[:10])
