"""Detects kind, version, routes, models, samplers and extensions of a WebUI (`survey`).

It uses the OpenAPI schema of the server; without one it tests the routes one by one. A WebUI makes its schema when it
is first asked for and never again, so one that is still starting must not be asked: its API would be missing for good.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from ...domain.base.errors import AnswerLost, NotReady
from ...domain.config.pipeline_config import LANCZOS
from ...domain.recipes.sdnext import SIGMAS
from ..base import Capabilities
from ..decoding import json_as
from ..transport import Answer, Connection, decode, raise_for_status
from .model_needs import family_features
from .requests import REQUESTS
from .server_facts import AUTOMATIC, MODULES, SIGMA, Listed, ServerFacts, fields_without_schema, server_kind

API = "/sdapi/v1/"
_log = logging.getLogger(__name__)
_NAMES = {
    "forge": "Forge",
    "forge-neo": "Forge Neo",
    "sdnext": "SD.Next",
    "koboldcpp": "KoboldCpp",
    "sd-server": "sd-server",
}
# POST these, and the server looks into its folders again.
RESCANS = ("refresh-checkpoints", "refresh-vae", "refresh-loras")
_PROBED = (
    *RESCANS,
    "progress",
    "interrupt",
    "extra-single-image",
    "version",
    "hypernetworks",
    "/internal/progress",
    "/sdcpp/v1/capabilities",
    "/api/extra/version",
)
# Forge lists VAEs and text encoders together; only the folder tells them apart.
_ENCODERS = re.compile(r"[/\\](text_encoders?|clip)[/\\]", re.IGNORECASE)
# What every ADetailer brings; for versions too old to list them.
_DETECTORS = ("face_yolov8n.pt", "face_yolov8s.pt", "hand_yolov8n.pt", "person_yolov8n-seg.pt", "mediapipe_face_full")


class _Properties(Struct):
    properties: dict[str, msgspec.Raw] = {}


class _Components(Struct):
    schemas: dict[str, _Properties] = {}


class _Schema(Struct):
    paths: dict[str, msgspec.Raw] = {}
    components: _Components = msgspec.field(default_factory=_Components)

    def fields(self, word: str) -> frozenset[str]:
        """Field names of the request whose schema's name ends with the word; empty when there is no such schema.

        On SD.Next the answer's name ends alike, and only a request has a prompt.
        """
        found = (body.properties for name, body in self.components.schemas.items() if name.endswith(word))
        return frozenset(next((one for one in found if "prompt" in one), {}))

    @property
    def restores_faces(self) -> bool:
        """Whether a request has a field for it."""
        return any("gfpgan_visibility" in body.properties for body in self.components.schemas.values())


class _Style(Struct):
    """A row of the server's styles; one without texts is a heading of its list."""

    name: str = ""
    prompt: str | None = None
    negative_prompt: str | None = None


class _Setting(Struct):
    default: object = None


class _Settings(Struct):
    options: dict[str, _Setting] = {}


class _Total(Struct):
    total: float = 0.0


class _Cuda(Struct):
    system: _Total = msgspec.field(default_factory=_Total)


class _Memory(Struct):
    cuda: _Cuda = msgspec.field(default_factory=_Cuda)


class _Detectors(Struct):
    ad_model: list[str] = []


def survey(connection: Connection) -> ServerFacts:
    """Query everything that determines what may be sent, with about fifteen GET requests that change nothing.

    Raises Unreachable, NotReady (no API, or still starting), AccessDenied, Refused (not a WebUI), EngineFault or
    AnswerLost.
    """
    # The last route to appear while a WebUI starts; servers without the LoRA extension never have it.
    started = _ask(connection, "loras").status == 200
    # Extensions answer without a login, so only a core route shows whether ours is right.
    options = read_options(connection)
    if not options and not started:
        raise_for_status(_ask(connection, "samplers"), connection.address, "listing its samplers")
    schema = _schema(connection) if started else _Schema()
    # Somebody else may have asked too early: then all its life it lists the page's routes and none of the API.
    if API + "txt2img" in schema.paths:
        routes = frozenset(path.removeprefix(API) for path in schema.paths)
    else:
        schema = _Schema()
        # GET on a route that only takes POST answers 405; one that is missing answers 404.
        routes = frozenset(path for path in _PROBED if _ask(connection, path).status in (200, 204, 405))
    txt2img = schema.fields("Txt2Img")
    kind = server_kind(routes, txt2img, options)
    if kind == "sdnext":
        options = _default_options(connection) | options
    # What SD.Next lists under this name are samplers, if it can list them at all.
    schedulers = _rows(connection, "schedulers") if kind != "sdnext" else _sigmas(options)
    plain = fields_without_schema(kind, since_1_9=bool(schedulers))
    loras = _rows(connection, "loras")
    modules = _rows(connection, "sd-modules" if MODULES in options else "sd-vae")
    encoders = frozenset(_names(tuple(row for row in modules if _ENCODERS.search(row.filename or ""))))
    facts = ServerFacts(
        name=f"{_NAMES.get(kind, 'WebUI')} · {connection.address.host}",
        kind=kind,
        routes=routes,
        txt2img=txt2img or plain,
        img2img=schema.fields("Img2Img") or plain,
        checkpoints=tuple(row.as_checkpoint() for row in _rows(connection, "sd-models")),
        vaes=tuple(name for name in _names(modules) if name not in encoders),
        encoders=encoders,
        samplers=_names(_rows(connection, "samplers")),
        schedulers=tuple(row.label or row.name or "" for row in schedulers),
        scheduler_names={row.name: row.label or row.name for row in schedulers if row.name},
        upscalers=_names(_rows(connection, "upscalers")),
        latent_upscalers=_names(_rows(connection, "latent-upscale-modes")),
        loras={row.name: row.path or "" for row in loras if row.name},
        lora_aliases=_aliases(loras),
        lists_loras=started,
        # SD.Next did so once, and only a schema tells whether it still does.
        restores_faces="extra-single-image" in routes and (kind != "sdnext" or schema.restores_faces),
        styles=_styles(connection),
        control_models=_control_names(connection, "model_list"),
        control_modules=_control_names(connection, "module_list"),
        options=options,
        device=_device(connection) if "memory" in routes else "",
    )
    return facts if facts.is_subset else _with_detailer(connection, facts)


def _device(connection: Connection) -> str:
    """The size of the graphics memory: no WebUI tells the name of its card without asking PyTorch for long."""
    answer = _ask(connection, "memory")
    if answer.status != 200:
        return ""
    try:
        total = decode(answer, _Memory, connection.address.host).cuda.system.total
    except AnswerLost:
        return ""
    return f"{total / 1024**3:.0f} GB" if total else ""


def _schema(connection: Connection) -> _Schema:
    answer = _ask(connection, "/openapi.json")
    return decode(answer, _Schema, connection.address.host) if answer.status == 200 else _Schema()


def _ask(connection: Connection, path: str) -> Answer:
    full = path if path.startswith("/") else API + path
    answer = connection.get(full, timeout_s=connection.limits.lists_s)
    if 300 <= answer.status < 400 or answer.status in (401, 403):
        raise_for_status(answer, connection.address, f"reading {full}")
    return answer


def _rows(connection: Connection, name: str) -> tuple[Listed, ...]:
    """One of the server's lists; empty when it has no such list or cannot make it."""
    answer = _ask(connection, name)
    if answer.status >= 400:
        if answer.status >= 500:
            _log.warning("%s cannot list its %s (status %d)", connection.address.host, name, answer.status)
        return ()
    return tuple(decode(answer, list[Listed], connection.address.host))


def _control_names(connection: Connection, name: str) -> tuple[str, ...]:
    """A list of the ControlNet extension, which always has "None"; empty where there is no such extension."""
    answer = _ask(connection, f"/controlnet/{name}")
    found = decode(answer, dict[str, msgspec.Raw], connection.address.host) if answer.status == 200 else {}
    return tuple(json_as(bytes(found[name]), list[str])) if name in found else ()


def _styles(connection: Connection) -> dict[str, tuple[str, str]]:
    answer = _ask(connection, "prompt-styles")
    rows = decode(answer, list[_Style], connection.address.host) if answer.status == 200 else []
    texts = {row.name: (row.prompt or "", row.negative_prompt or "") for row in rows}
    return {name: both for name, both in texts.items() if name and any(both)}


def _names(rows: tuple[Listed, ...]) -> tuple[str, ...]:
    return tuple(name for row in rows if (name := row.name or row.model_name))


def _aliases(loras: tuple[Listed, ...]) -> tuple[str, ...]:
    """Names that training tools wrote into LoRAs. One that several have loads none: saved epochs share it."""
    names = {row.name for row in loras}
    count = Counter(row.alias for row in loras)
    return tuple(alias for alias, times in count.items() if alias and times == 1 and alias not in names)


def read_options(connection: Connection) -> dict[str, object]:
    """The server's settings as they are now; {} when it has none. Raises BackendError."""
    answer = _ask(connection, "options")
    if answer.status == 404:
        return {}
    raise_for_status(answer, connection.address, "reading its settings")
    return decode(answer, dict[str, object], connection.address.host)


def _sigmas(options: Mapping[str, object]) -> tuple[Listed, ...]:
    names = (AUTOMATIC, *SIGMAS) if SIGMA in options else ()
    return tuple(Listed(name=name) for name in names)


def _default_options(connection: Connection) -> dict[str, object]:
    """The settings that SD.Next has, by their defaults: among its settings it lists only what somebody changed."""
    answer = _ask(connection, "options-info")
    if answer.status != 200:
        return {}
    return {name: one.default for name, one in decode(answer, _Settings, connection.address.host).options.items()}


def _with_detailer(connection: Connection, facts: ServerFacts) -> ServerFacts:
    answer = _ask(connection, "/adetailer/v1/ad_model")
    if answer.status == 200:
        models = tuple(decode(answer, _Detectors, connection.address.host).ad_model)
    elif any((row.name or "").lower() == "adetailer" for row in _rows(connection, "script-info")):
        models = _DETECTORS
    else:
        return facts
    keys = _ask(connection, "/adetailer/v1/schema")
    known = decode(keys, _Properties, connection.address.host).properties if keys.status == 200 else {}
    most = facts.options.get("ad_max_models")
    return msgspec.structs.replace(
        facts,
        adetailer_models=models,
        adetailer_keys=frozenset(known),
        adetailer_most=int(most) if isinstance(most, (int, float)) else 0,
    )


def capabilities(facts: ServerFacts, version: str, device: str = "") -> Capabilities:
    """The capabilities for the user. `version` is that in the last picture, "" before the first."""
    if not facts.samplers:
        raise NotReady(f"{facts.name} lists no samplers: it is still starting, or not a WebUI.")
    offered = {
        "hires": "enable_hr" in facts.txt2img,
        "refiner": "refiner_checkpoint" in facts.txt2img,
        "inpaint": "mask" in facts.img2img,
        "controlnet": facts.has_controlnet,
        "scheduler": bool(facts.schedulers),
        "variation": "subseed_strength" in facts.txt2img,
        "progress": "progress" in facts.routes,
        "preview": "progress" in facts.routes,
        "interrupt": "interrupt" in facts.routes,
        "face_restore": facts.restores_faces,
        "loras": facts.lists_loras,
        "checkpoint": facts.chooses_checkpoint,
        "vae": facts.chooses_vae,
        "clip_skip": facts.takes_clip_skip,
        **family_features(facts),
    }
    loaded = facts.loaded
    since = "1.9 or later" if facts.schedulers else "before 1.9"
    return Capabilities(
        kind="webui",
        name=facts.name,
        version=version or (since if facts.kind == "a1111" else ""),
        device=device,
        loaded_checkpoint=loaded.name if loaded else "",
        checkpoints=tuple(known.name for known in facts.checkpoints),
        checkpoint_hashes={known.name: known.hash for known in facts.checkpoints if known.hash},
        vaes=(AUTOMATIC, "None", *facts.vaes) if offered["vae"] else (),
        text_encoders=tuple(sorted(facts.encoders)),
        loras=tuple(facts.loras),
        lora_aliases=facts.lora_aliases,
        samplers=facts.samplers,
        schedulers=facts.schedulers,
        upscalers=facts.upscalers if "extra-single-image" in facts.routes else (LANCZOS,),
        hires_upscalers=(*facts.latent_upscalers, *facts.upscalers),
        adetailer_models=facts.adetailer_models,
        styles=tuple(facts.styles) if "styles" in facts.txt2img else (),
        stages=tuple(stage for stage in REQUESTS if stage != "adetailer" or facts.adetailer_models),
        features=frozenset(name for name, has in offered.items() if has),
    )
