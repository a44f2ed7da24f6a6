"""A WebUI made of nothing but the standard library and Pillow: a real HTTP server on loopback that answers like Forge,
A1111, SD.Next or sd-server, traps included, and that can break in every way a WebUI was seen to break.

    with FakeWebUI() as fake:                       # mode="forge-ui" | "a1111" | "old-a1111" | "sdnext" | "sd-server"
        backend = WebUI(fake.url)
        fake.fault("reset")                         # the next generation request is answered by a reset
        fake.fault("oom", nth=2)                    # the second one from now runs out of memory
        fake.fault("hang", route="/sdapi/v1/progress", times=99)
        fake.count("txt2img")                       # how many such POSTs came; fake.posts has (path, body) of all

Work takes no time unless told: `fake.hold(step=3)` stops a job before its third step (`loading=True`: while it loads
the checkpoint) until `fake.release()` or an interrupt; `fake.held` is an event that says it stands there.
`with watched(backend):` calls `progress` all the time, as the pipeline's watcher does. `fake.busy_with_another()` puts
somebody else's job on the server. `fake.go_down()` / `fake.come_back()` close and open the port. The pictures are small
real PNGs that depend on prompt, seed, steps, CFG, sampler, size and checkpoint.

By hand:  python tests/fake_webui.py --port 7861 --mode forge --fault black --steps-delay 0.2
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import gzip
import hashlib
import io
import itertools
import json
import os
import random
import re
import select
import socket
import struct
import sys
import threading
import time
import traceback
import zlib
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from held_work import HeldWork
from kept_port import KeptPort
from PIL import Image, PngImagePlugin

API = "/sdapi/v1"
WORK = (f"{API}/txt2img", f"{API}/img2img", f"{API}/extra-single-image")


class Mode(NamedTuple):
    version: str
    forge: bool = False
    openapi: bool = True
    internal: bool = False
    schedulers: bool = True
    subset: bool = False
    extras: bool = True
    interrupt_status: int = 200
    tells_task: bool = False
    sdnext: bool = False


MODES = {
    "forge": Mode("f2.0.1v1.10.1-previous-669-gdfdcbab6", forge=True),
    "forge-ui": Mode("f2.0.1v1.10.1-previous-669-gdfdcbab6", forge=True, internal=True),
    "neo": Mode("neo-2.9", forge=True),
    "a1111": Mode("v1.10.1", internal=True),
    "old-a1111": Mode("v1.6.0", internal=True, schedulers=False),
    "sdnext": Mode("sdnext", openapi=False, interrupt_status=204, tells_task=True, sdnext=True),
    "sdnext-docs": Mode("sdnext", interrupt_status=204, tells_task=True, sdnext=True),
    "sd-server": Mode("stable-diffusion.cpp", openapi=False, subset=True, extras=False),
    "koboldcpp": Mode("koboldcpp", openapi=False, subset=True, extras=False),
}

# Broken before any work is done.
BEFORE = {
    "reset", "hang", "drip", "drip-headers", "html", "html-502", "redirect", "other-protocol", "gzip-bomb",
    "huge-length", "many-headers", "long-header", "500", "oom", "oom-a1111", "oom-dead", "400", "401", "403", "404",
    "422", "login-page", "403-page", "plain-404", "keepalive-closed", "early-eof", "empty",
}  # fmt: skip
# The work is done, or goes on, but the answer is spoiled.
AFTER = {
    "reset-running", "reset-after", "cut", "cut-chunked", "cut-nolength", "truncated-base64", "truncated-png",
    "flipped-png", "trailing-png", "not-an-image", "data-url", "folded-base64", "not-json", "info-garbage", "nan",
    "no-images", "null-images", "fewer-images", "chunked", "gzipped",
}  # fmt: skip
# The answer is whole and untrue, the picture is worthless, or ("forgotten") an interrupt has no effect.
TWISTS = {
    "other-sampler", "other-scheduler", "other-checkpoint", "other-seed", "other-size", "other-steps", "other-cfg",
    "other-denoise", "black", "unchanged", "no-hires", "forgotten", "no-vae", "keeps-overrides", "nan-cfg",
    "endless-text", "plain-hires", "no-variation", "no-styles", "no-mask", "no-controlnet", "own-sampler",
}  # fmt: skip
FAULTS = BEFORE | AFTER | TWISTS

SAMPLERS = {
    "DPM++ 2M": ("k_dpmpp_2m", "karras"),
    "DPM++ SDE": ("k_dpmpp_sde", "karras"),
    "DPM++ 2M SDE": ("k_dpmpp_2m_sde", "exponential"),
    "Euler a": ("k_euler_a", None),
    "Euler": ("k_euler", None),
    "Heun": ("k_heun", None),
    "DDIM": ("ddim", None),
    "UniPC": ("unipc", None),
}
# sd-server's own; "default" is what it uses for every name it does not know, and it tells "NONE" then.
NATIVE = (
    "default", "euler", "euler_a", "heun", "dpm2", "dpm++2s_a", "dpm++2m", "dpm++2mv2", "lcm", "ddim_trailing",
    "dpm++2m_sde", "lms",
)  # fmt: skip
SCHEDULERS = {
    "automatic": "Automatic",
    "uniform": "Uniform",
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "beta": "Beta",
}
UPSCALERS = ("None", "Lanczos", "Nearest", "ESRGAN_4x", "R-ESRGAN 4x+", "SwinIR 4x")
LATENT = ("Latent", "Latent (antialiased)", "Latent (bicubic)", "Latent (nearest)", "Latent (nearest-exact)")
DETECTORS = ("face_yolov8n.pt", "hand_yolov8n.pt", "person_yolov8n-seg.pt", "mediapipe_face_full")
# Name and the alias that the training tool wrote into the file (ss_output_name).
LORAS = {"inkwash": "inkwash", "paper grain": "grain_final"}
MODULES = {
    "ae.safetensors": "/models/VAE/ae.safetensors",
    "soft.safetensors": "/models/VAE/soft.safetensors",
    "clip_l.safetensors": "/models/text_encoder/clip_l.safetensors",
}
AD_KEYS = (
    "ad_model", "ad_tab_enable", "ad_prompt", "ad_negative_prompt", "ad_confidence", "ad_mask_k", "ad_dilate_erode",
    "ad_mask_blur", "ad_denoising_strength", "ad_inpaint_only_masked", "ad_inpaint_only_masked_padding", "ad_use_steps",
    "ad_steps", "ad_use_cfg_scale", "ad_cfg_scale", "ad_use_sampler", "ad_sampler", "ad_scheduler",
)  # fmt: skip

_COMMON_FIELDS = {
    "prompt": "", "negative_prompt": "", "styles": None, "seed": -1, "subseed": -1, "subseed_strength": 0,
    "seed_resize_from_h": -1, "seed_resize_from_w": -1, "sampler_name": None, "scheduler": None, "batch_size": 1,
    "n_iter": 1, "steps": 50, "cfg_scale": 7.0, "distilled_cfg_scale": 3.5, "width": 512, "height": 512,
    "restore_faces": None, "tiling": None, "do_not_save_samples": False, "do_not_save_grid": False, "eta": None,
    "denoising_strength": 0.75, "s_min_uncond": None, "s_churn": None, "s_tmax": None, "s_tmin": None, "s_noise": None,
    "override_settings": None, "override_settings_restore_afterwards": True, "refiner_checkpoint": None,
    "refiner_switch_at": None, "disable_extra_networks": False, "firstpass_image": None, "comments": None,
}  # fmt: skip
_HIRES_FIELDS = {
    "enable_hr": False, "firstphase_width": 0, "firstphase_height": 0, "hr_scale": 2.0, "hr_upscaler": None,
    "hr_second_pass_steps": 0, "hr_resize_x": 0, "hr_resize_y": 0, "hr_checkpoint_name": None,
    "hr_additional_modules": None, "hr_sampler_name": None, "hr_scheduler": None, "hr_prompt": "",
    "hr_negative_prompt": "", "hr_cfg": 1.0, "hr_distilled_cfg": 3.5,
}  # fmt: skip
_IMAGE_FIELDS = {
    "init_images": None, "resize_mode": 0, "image_cfg_scale": None, "mask": None, "mask_blur_x": 4, "mask_blur_y": 4,
    "mask_blur": None, "mask_round": True, "inpainting_fill": 0, "inpaint_full_res": True,
    "inpaint_full_res_padding": 0, "inpainting_mask_invert": 0, "initial_noise_multiplier": None, "latent_mask": None,
    "hr_distilled_cfg": 3.5, "include_init_images": False,
}  # fmt: skip
_API_FIELDS = {
    "force_task_id": None, "sampler_index": "Euler", "script_name": None, "script_args": [], "send_images": True,
    "save_images": False, "alwayson_scripts": {}, "infotext": None,
}  # fmt: skip
_EXTRAS_FIELDS = {
    "resize_mode": 0, "show_extras_results": True, "gfpgan_visibility": 0, "codeformer_visibility": 0,
    "codeformer_weight": 0, "upscaling_resize": 2, "upscaling_resize_w": 512, "upscaling_resize_h": 512,
    "upscaling_crop": True, "upscaler_1": "None", "upscaler_2": "None", "extras_upscaler_2_visibility": 0,
    "upscale_first": False, "image": "",
}  # fmt: skip
_FORGE_ONLY = {"distilled_cfg_scale", "hr_additional_modules", "hr_cfg", "hr_distilled_cfg"}
_OWN_HIRES = ("hr_sampler_name", "hr_scheduler", "hr_checkpoint_name", "hr_prompt", "hr_negative_prompt")
_SINCE_1_9 = {"scheduler", "hr_scheduler", "force_task_id", "infotext", "firstpass_image"}
# As measured with SD.Next of July 2026.
_SDNEXT_LACKS = {
    "scheduler", "force_task_id", "infotext", "firstpass_image", "refiner_checkpoint", "refiner_switch_at",
    "restore_faces", "comments", *_OWN_HIRES, *_FORGE_ONLY,
}  # fmt: skip
_SDNEXT_FIELDS = {
    "sampler_name": "Default", "sampler_index": 0, "clip_skip": 1, "steps": 20, "cfg_scale": 6.0, "width": 1024,
    "height": 1024, "denoising_strength": 0.3, "hr_sampler_name": "Same as primary",
}  # fmt: skip
_SDNEXT_HIRES = {"hr_resize_mode": 0, "hr_force": False, "hr_denoising_strength": 0.0, "hr_upscaler": "None"}
_SDNEXT_LATENT = ("Latent Nearest", "Latent Bilinear")
# Its names for the classes that compute them; a model has one of them as its own.
_SDNEXT_CLASSES = {
    "Euler": "EulerDiscreteScheduler",
    "Euler a": "EulerAncestralDiscreteScheduler",
    "DPM++ 2M": "DPMSolverMultistepScheduler",
    "DPM++ SDE": "DPMSolverMultistepScheduler",
    "DPM++ 2M SDE": "DPMSolverMultistepScheduler",
    "Heun": "HeunDiscreteScheduler",
    "DDIM": "DDIMScheduler",
    "UniPC": "UniPCMultistepScheduler",
}
_INTEGERS = {"seed", "steps", "width", "height", "batch_size", "n_iter", "hr_second_pass_steps"}
_TEXTS = {"sampler_index"}


def fields(kind: str, mode: Mode) -> dict[str, object]:
    """Request fields of a route with their defaults, as the mode's schema lists them."""
    if kind == "extra":
        faces = ("gfpgan_visibility", "codeformer_visibility", "codeformer_weight")
        return {key: value for key, value in _EXTRAS_FIELDS.items() if not (mode.sdnext and key in faces)}
    middle = _HIRES_FIELDS if kind == "txt2img" else _IMAGE_FIELDS
    every = {**_COMMON_FIELDS, **middle, **_API_FIELDS}
    if mode.sdnext:
        every = {**every, **_SDNEXT_FIELDS, **(_SDNEXT_HIRES if kind == "txt2img" else {})}
        return {key: value for key, value in every.items() if key not in _SDNEXT_LACKS - {"hr_sampler_name"}}
    missing = (set() if mode.forge else _FORGE_ONLY) | (set() if mode.schedulers else _SINCE_1_9)
    return {key: value for key, value in every.items() if key not in missing}


class Reply(Exception):
    """Any answer that is not the usual one."""

    def __init__(self, status: int, payload: object) -> None:
        super().__init__(status)
        self.status, self.payload = status, payload


class Seen(NamedTuple):
    path: str
    body: dict


class Fault(NamedTuple):
    name: str
    route: str
    nth: int
    times: int


class FakeWebUI(HeldWork):
    """The server. Use it as a context manager, or call `start()` and `close()`."""

    def __init__(
        self,
        mode: str = "forge",
        *,
        faults: tuple[str, ...] = (),
        port: int = 0,
        auth: str = "",
        adetailer: bool = True,
        step_delay_s: float = 0.0,
    ) -> None:
        super().__init__()
        self.mode_name, self.mode = mode, MODES[mode]
        self.port, self.auth, self.adetailer, self.step_delay_s = (
            port,
            auth,
            adetailer and not self.mode.subset,
            step_delay_s,
        )
        # False: gradio alone answers, as while a WebUI starts. A schema asked for now is kept for good.
        self.ready = True
        # False: the last routes (those of extensions, /loras) are not there yet.
        self.extensions = True
        self._kept_schema: dict | None = None
        self.posts: list[Seen] = []
        self.gets: list[str] = []
        self.authorizations: list[str] = []
        self.loras = dict(LORAS)
        self.damaged_loras: set[str] = set()
        # sd-server takes only those that somebody has listed since it started.
        self._listed_loras: set[str] = set()
        # Upscalers whose weights cannot be loaded: the server enlarges with Lanczos and says nothing.
        self.without_weights: set[str] = set()
        self.models = {"photo_model": "0a1b2c3d4e", "ink_model": "5f6a7b8c9d"}
        self.loaded = ""
        self.loads = 0
        # Checkpoints whose hash is known: it is worked out when one is first loaded, and kept.
        self.hashed: set[str] = set()
        # Files that were put into its folders; it lists them only when it was told to look.
        self._unseen: list[tuple[str, str]] = []
        self.more_vaes: list[str] = []
        # Text encoders that were put beside its own.
        self.more_encoders: list[str] = []
        # What an extension puts in place of words of the prompts, such as wildcards.
        self.rewrites = ("", "")
        # The styles that its user saved: texts for prompt and negative prompt. The first row is a heading.
        self.styles: dict[str, tuple[str | None, str | None]] = {
            "---- Looks ----": (None, None),
            "Ink": ("ink drawing of {prompt}", "photo"),
            "Film": ("film grain", ""),
        }
        self.options: dict[str, object] = {
            "samples_format": "png",
            "sd_model_checkpoint": "photo_model.safetensors",
            "sd_checkpoint_hash": "",
            "sd_vae": "Automatic",
            "CLIP_stop_at_last_layers": 1,
            "eta_noise_seed_delta": 0.0,
            "show_progress_every_n_steps": 10.0,
            "img2img_fix_steps": False,
        }
        if self.mode.forge:
            self.options["forge_additional_modules"] = []
        if self.mode.sdnext:
            self.options |= {
                "samples_format": "jpg",
                "schedulers_sigma": "default",
                "schedulers_shift": 3.0,
                "sd_text_encoder": "Default",
            }
            self.options |= {"schedulers_prediction_type": "default", "schedulers_rescale_betas": False}
        self._defaults = dict(self.options)
        # Keys that the server has a value of its own for. Forge gives back only these after override_settings.
        self.config = {"sd_model_checkpoint", "sd_checkpoint_hash", "img2img_fix_steps"}
        # What stands in config.json: written as a whole whenever a setting is posted.
        self.file = {key: self.options[key] for key in sorted(self.config)}
        self._queue: deque[object] = deque()
        self._faults: list[Fault] = []
        self._calls: dict[Fault, int] = {}
        self._clock = itertools.count(20261122171757)
        self._state = self._idle()
        self._task = ""
        self._finished: deque[str] = deque(maxlen=16)
        self._pending: list[str] = []
        self._failed_task = ""
        self._preview: Image.Image | None = None
        self._interrupted = self._skipped = False
        self.sockets: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self._kept: KeptPort | None = None
        for name in faults:
            self.fault(name)

    # -- what tests use ---------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FakeWebUI:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> FakeWebUI:
        self.closing = False
        self._release_port()
        self._server = _Listener(("127.0.0.1", self.port), _RequestHandler, self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="fake-webui")
        self._thread.start()
        return self

    def close(self) -> None:
        """End everything; no thread is left."""
        self.stop_listening()
        # First the connections: a job that ends because of the closing must not be able to answer any more.
        self._drop_connections()
        with self._turn:
            self.closing = True
            self._turn.notify_all()
        if self._server is not None:
            self._server.server_close()
            self._server = None
        self._release_port()

    def go_down(self) -> None:
        """Close the port and all connections: what a client sees when the WebUI was closed, or is started later."""
        self.close()
        self._kept = KeptPort(self.port)
        self.port = self._kept.number

    def come_back(self) -> None:
        """Open the same port again with nothing loaded."""
        self.loaded, self._state, self._interrupted = "", self._idle(), False
        self._kept_schema = None
        self._listed_loras.clear()
        self.start()

    def fault(self, name: str, *, route: str = "work", nth: int = 1, times: int = 1) -> None:
        """Play a failure at the nth coming request to the route ("work" = the three that make pictures, "*" = all)."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(FAULTS))}")
        self._faults.append(Fault(name, route, nth, times))

    def clear_faults(self) -> None:
        self._faults.clear()

    def put(self, kind: str, name: str) -> None:
        """Put a file into a folder of the server: a "checkpoint", "lora" or "vae"."""
        self._unseen.append((kind, name))

    def _look(self, kind: str) -> None:
        if kind != "lora":
            # These wait for the job that runs.
            with self._turn:
                self._turn.wait_for(lambda: self.closing or not self._queue)
        if kind == "vae" and self.mode.forge:
            # Its modules are listed anew by a button of its page only.
            return
        for one in [one for one in self._unseen if one[0] == kind]:
            self._unseen.remove(one)
            name = one[1]
            if kind == "checkpoint":
                self.models[name] = hashlib.sha256(name.encode()).hexdigest()[:10]
            elif kind == "lora":
                self.loras[name] = name
            else:
                self.more_vaes.append(name)

    def count(self, what: str) -> int:
        """How many POSTs came to routes that end with `what`."""
        return sum(1 for seen in list(self.posts) if seen.path.endswith(what))

    def last(self, what: str) -> dict:
        """Body of the latest POST to a route that ends with `what`."""
        return next(seen.body for seen in reversed(self.posts) if seen.path.endswith(what))

    @property
    def busy(self) -> bool:
        return bool(self._queue)

    @contextlib.contextmanager
    def busy_with_another(self, steps: int = 20, **fields: object):
        """Somebody else's job runs (and holds the queue) until the block ends; `fields` are more of its body."""
        body = {"prompt": "somebody else's", "steps": steps, "width": 64, "height": 64, "sampler_name": "Euler"}
        body |= fields
        if self.mode.internal or self.mode.tells_task:
            body["force_task_id"] = "task(somebody-else)"
        self.hold(step=5)
        another = self._hold
        thread = threading.Thread(target=lambda: self._quietly(body), name="somebody-else")
        thread.start()
        self.held.wait(60)
        try:
            yield self
        finally:
            if self._hold == another:
                self.release()
            thread.join()

    def _quietly(self, body: dict) -> None:
        with contextlib.suppress(Reply):
            self._generate("txt2img", body, "")

    # -- routes -----------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict, body: object, twist: str) -> object:
        """The usual answer of a route: a JSON value. Raises Reply for every other status."""
        if path == "/openapi.json" and self.mode.openapi:
            # FastAPI makes its schema when it is first asked for, and never again.
            self._kept_schema = self._kept_schema or self.openapi()
            return self._kept_schema
        if not self.ready:
            raise Reply(404, {"detail": "Not Found"})
        name = path.removeprefix(API + "/") if path.startswith(API) else path
        allowed = self._routes()
        if name not in allowed:
            raise Reply(404, {"detail": "Not Found"})
        if method not in allowed[name]:
            raise Reply(405, {"detail": "Method Not Allowed"})
        if method == "POST":
            return self._post(name, body if isinstance(body, dict) else {}, twist)
        return self._get(name, query)

    def _routes(self) -> dict[str, tuple[str, ...]]:
        get, post, both = ("GET",), ("POST",), ("GET", "POST")
        routes = {"txt2img": post, "img2img": post, "samplers": get, "sd-models": get, "loras": get, "upscalers": get}
        routes |= {"options": get} | ({} if self.mode.sdnext else {"latent-upscale-modes": get})
        if self.mode.schedulers:
            routes["schedulers"] = get
        if self.mode_name == "sd-server":
            routes["/sdcpp/v1/capabilities"] = get
        if self.mode_name == "koboldcpp":
            routes["/api/extra/version"] = get
        if self.mode.subset:
            return routes
        routes |= {"options": both, "progress": get, "interrupt": post, "skip": post, "extra-single-image": post}
        routes |= {"sd-modules" if self.mode.forge else "sd-vae": get, "memory": get, "refresh-loras": post}
        routes |= {"refresh-vae": post, "refresh-embeddings": post, "prompt-styles": get}
        routes |= {"script-info": get, "scripts": get, "embeddings": get, "refresh-checkpoints": post, "cmd-flags": get}
        if self.mode_name == "neo":
            routes |= {"interrogate": post, "realesrgan-models": get}
        elif not self.mode.sdnext:
            routes |= {"hypernetworks": get, "interrogate": post, "realesrgan-models": get}
        if self.mode.sdnext:
            routes |= {"version": get, "status": get, "options-info": get}
        if self.mode.internal:
            routes |= {"/internal/ping": get, "/internal/progress": post, "/internal/pending-tasks": get}
        if not self.mode.sdnext:
            routes |= {"/controlnet/model_list": get, "/controlnet/module_list": get}
        if self.adetailer:
            routes |= {"/adetailer/v1/ad_model": get, "/adetailer/v1/schema": get, "/adetailer/v1/version": get}
        if not self.extensions:
            routes = {name: verbs for name, verbs in routes.items() if name != "loras" and "adetailer" not in name}
        return routes

    def _get(self, name: str, query: dict) -> object:
        simple = {
            "samplers": self._samplers,
            "schedulers": self._schedulers,
            "sd-models": self._models,
            "upscalers": self._upscalers,
            "options": self._options,
            "script-info": self._script_info,
        }
        if name == "loras":
            self._listed_loras |= {f"/models/Lora/{one}.safetensors" for one in self.loras}
        if name in simple:
            return simple[name]()
        if name == "progress":
            return self._progress(skip_image=query.get("skip_current_image", ["false"])[0].lower() == "true")
        if name == "cmd-flags":
            raise Reply(
                500, {"error": "ResponseValidationError", "detail": "", "body": {"api_auth": self.auth}, "message": ""}
            )
        fixed: dict[str, object] = {
            "latent-upscale-modes": [{"name": latent} for latent in LATENT],
            "loras": [
                {"name": name, "path": f"/models/Lora/{name}.safetensors"}
                | ({} if self.mode.subset else {"alias": alias, "metadata": {"ss_output_name": alias}})
                for name, alias in self.loras.items()
            ],
            "sd-vae": [
                {"model_name": name, "filename": f"/models/VAE/{name}"} for name in ("soft.vae.pt", *self.more_vaes)
            ],
            "sd-modules": [
                {"model_name": name, "filename": path}
                for name, path in [
                    *MODULES.items(),
                    *((one, f"/models/VAE/{one}") for one in self.more_vaes),
                    *((one, f"/models/text_encoder/{one}") for one in self.more_encoders),
                ]
            ],
            "prompt-styles": [
                {"name": name, "prompt": prompt, "negative_prompt": negative}
                for name, (prompt, negative) in self.styles.items()
            ],
            "embeddings": {"loaded": {}, "skipped": {}},
            "scripts": {"txt2img": self._script_names(), "img2img": self._script_names()},
            "memory": {"ram": {"free": 1, "used": 1, "total": 2}, "cuda": {"error": "unavailable"}},
            "options-info": {"options": {key: {"default": value} for key, value in self._defaults.items()}},
            "version": {"app": "sd.next", "updated": "2026-11-01", "hash": "abc1234"},
            "/controlnet/model_list": {"model_list": ["None", "control_canny [d14c016b]"]},
            "/controlnet/module_list": {"module_list": ["None", "canny", "depth_midas"]},
            "/internal/ping": {},
            "/internal/pending-tasks": {"size": len(self._pending), "tasks": list(self._pending)},
            "/adetailer/v1/ad_model": {"ad_model": list(DETECTORS)},
            "/adetailer/v1/version": {"version": "24.9.0"},
            "/adetailer/v1/schema": {"title": "ADetailerArgs", "properties": {key: {} for key in AD_KEYS}},
        }
        return fixed.get(name, [])

    def _post(self, name: str, body: dict, twist: str) -> object:
        if name in ("txt2img", "img2img"):
            return self._generate(name, body, twist)
        if name == "extra-single-image":
            return self._extras(body, twist)
        if name == "options":
            return None if twist == "keeps-overrides" else self._set_options(body)
        if name == "/internal/progress":
            return self._internal_progress(str(body.get("id_task", "")))
        if name.startswith("refresh-"):
            self._look(name.removeprefix("refresh-").removesuffix("s"))
        if name == "skip":
            with self._turn:
                self._skipped = self._state["skipped"] = True
                self._turn.notify_all()
        if name == "interrupt" and twist != "forgotten":
            with self._turn:
                self._interrupted = True
                self._state["interrupted"] = True
                self._turn.notify_all()
            if self.mode.interrupt_status == 204:
                raise Reply(204, None)
            return {}
        return {} if name == "interrupt" else None

    def openapi(self) -> dict:
        """A schema of the same shape as the real one: paths, and properties of the request bodies."""
        verbs = {"POST": "post", "GET": "get"}
        names = {"txt2img": "StableDiffusionProcessingTxt2Img", "img2img": "StableDiffusionProcessingImg2Img"}
        names["extra-single-image"] = "ExtrasSingleImageRequest"
        paths: dict[str, dict] = {}
        if not self.ready:
            gradio = ("/", "/config", "/info", "/queue/join", "/queue/data", "/theme.css", "/upload")
            plain = {"get": {"responses": {"200": {"description": "Successful Response"}}}}
            return {"openapi": "3.1.0", "info": {"title": "FastAPI", "version": "0.1.0"}} | {
                "paths": dict.fromkeys(gradio, plain),
                "components": {"schemas": {"HTTPValidationError": {"properties": {"detail": {}}}}},
            }
        for route, methods in self._routes().items():
            full = route if route.startswith("/") else f"{API}/{route}"
            paths[full] = {verbs[m]: {"responses": {"200": {"description": "Successful Response"}}} for m in methods}
            if route in names:
                ref = {"$ref": f"#/components/schemas/{names[route]}"}
                paths[full]["post"]["requestBody"] = {
                    "content": {"application/json": {"schema": ref}},
                    "required": True,
                }
        # The answers' names end like those of the requests, and come first.
        schemas: dict[str, object] = {
            answer: {"title": answer, "properties": {key: {} for key in ("images", "parameters", "info")}}
            for answer in (("ResTxt2Img", "ResImg2Img") if self.mode.sdnext else ())
        }
        kinds = {"txt2img": "txt2img", "img2img": "img2img", "extra-single-image": "extra"}
        schemas |= {
            schema: {
                "type": "object",
                "title": schema,
                "properties": {f: {"title": f} for f in fields(kinds[route], self.mode)},
            }
            for route, schema in names.items()
        }
        return {"openapi": "3.1.0", "info": {"title": "FastAPI", "version": "0.1.0"}, "paths": paths} | {
            "components": {"schemas": schemas}
        }

    def _samplers(self) -> list[dict]:
        if self.mode_name == "sd-server":
            return [{"name": n, "aliases": [n], "options": {}} for n in NATIVE]
        if self.mode.subset:
            names = [n.lower().replace(" ", "_") for n in SAMPLERS]
            return [{"name": n, "aliases": [n], "options": {}} for n in names]
        if not self.mode.schedulers:
            joined = [f"{n} Karras" for n, (_, own) in SAMPLERS.items() if own == "karras"]
            return [{"name": n, "aliases": [], "options": {}} for n in [*SAMPLERS, *joined]]
        return [
            {"name": n, "aliases": [alias], "options": {"scheduler": own} if own else {}}
            for n, (alias, own) in SAMPLERS.items()
        ]

    def _schedulers(self) -> list[dict]:
        if self.mode.sdnext:
            # One of its own rows is not what its own answer may hold.
            rows = [{"name": "Default", "cls": None, "options": {}}]
            raise Reply(500, {"error": "ResponseValidationError", "code": 500, "detail": "", "body": rows})
        if self.mode.subset:
            return [{"name": n, "label": n} for n in ("default", "discrete", "normal", "karras", "exponential")]
        rest = {"aliases": None, "default_rho": -1.0, "need_inner_model": False}
        return [{"name": name, "label": label, **rest} for name, label in SCHEDULERS.items()]

    def _models(self) -> list[dict]:
        rows = []
        for name, short in self.models.items():
            known = name in self.hashed
            title = f"{name}.safetensors [{short}]" if known else f"{name}.safetensors"
            row = {"title": title, "model_name": name, "hash": short if known else None}
            row["sha256"] = short + "0" * 54 if known else None
            rows.append(row | {"filename": f"/models/Stable-diffusion/{name}.safetensors", "config": None})
        return rows[:1] if self.mode.subset else rows

    def _upscalers(self) -> list[dict]:
        return [
            {"name": n, "model_name": None, "model_path": None, "model_url": None, "scale": 4.0}
            for n in self._upscaler_names
        ]

    @property
    def _upscaler_names(self) -> tuple[str, ...]:
        return (*UPSCALERS, *(_SDNEXT_LATENT if self.mode.sdnext else ()))

    def _options(self) -> dict:
        if self.mode.subset:
            return {"samples_format": "png", "sd_model_checkpoint": "photo_model"}
        # Numbers of the sliders come as floats, whatever stands in the file.
        whole = {"CLIP_stop_at_last_layers"}
        if self.mode.sdnext:
            # Only what somebody changed, and what is loaded.
            shown = {key: value for key, value in self.options.items() if value != self._defaults[key]}
            return {"clip_skip": 1, "sd_model_checkpoint": self.options["sd_model_checkpoint"]} | shown
        return {key: float(value) if key in whole else value for key, value in self.options.items()}  # type: ignore[arg-type]

    def _script_names(self) -> list[str]:
        return ["x/y/z plot", "controlnet", *(["adetailer"] if self.adetailer else [])]

    def _script_info(self) -> list[dict]:
        return [
            {"name": name, "is_alwayson": name != "x/y/z plot", "is_img2img": False, "args": []}
            for name in self._script_names()
        ]

    def _set_options(self, body: dict) -> None:
        for key, value in body.items():
            if key not in self.options:
                raise Reply(500, self._error("KeyError", f"'{key}'"))
            if key == "sd_model_checkpoint" and not self._alias(str(value)):
                raise Reply(500, self._error("RuntimeError", f"model '{value}' not found"))
        for key, value in body.items():
            self._set_option(key, value)
        self.file = {key: self.options[key] for key in sorted(self.config)}

    def choose(self, **settings: object) -> None:
        """What the user chooses in the browser."""
        self._set_options(settings)

    def _set_option(self, key: str, value: object) -> None:
        if key == "forge_additional_modules":
            # Names it does not know are left out, and what seems to change nothing is not even noted.
            known = [os.path.basename(str(name)) for name in value]  # type: ignore[attr-defined]
            value = [MODULES[name] for name in known if name in MODULES]
            if sorted(value) == sorted(self.options[key]):  # type: ignore[call-overload]
                return
        self.options[key] = value
        self.config.add(key)

    def _error(self, kind: str, text: str) -> dict:
        place = "message" if self.mode.forge else "errors"
        return {"error": kind, "detail": "", "body": "", place: text}

    # -- making pictures --------------------------------------------------------------------------------------------

    def _generate(self, kind: str, sent: dict, twist: str) -> dict:
        self._validate(sent)
        self._check_scripts(kind, sent)
        known = fields(kind, self.mode)
        asked = known | {key: value for key, value in sent.items() if key in known or self.mode.subset}
        if self.mode.subset and not asked.get("prompt"):
            raise Reply(400, {"error": "prompt required"})
        named = asked["sampler_name"] != "Default" if self.mode.sdnext else not self.mode.schedulers
        if named and asked["sampler_name"] not in {row["name"] for row in self._samplers()}:
            raise Reply(404, {"detail": "Sampler not found"})
        for one in sent.get("lora") or []:
            if one["path"] not in self._listed_loras:
                raise Reply(400, {"error": f"invalid lora path: {one['path']}"})
        pictures = [self._picture(text) for text in sent.get("init_images") or []]
        if asked.get("mask"):
            asked["mask"] = self._picture(str(asked["mask"])).convert("L")
        if kind == "img2img" and not pictures:
            empty = "init_images" in sent
            raise (
                Reply(500, self._error("IndexError", "Dimension out of range"))
                if empty
                else Reply(404, {"detail": "Init image not found"})
            )
        with self._my_turn(str(asked.get("force_task_id") or "")):
            return self._work(kind, asked, pictures, twist)

    def _validate(self, sent: dict) -> None:
        problems = []
        for key, value in sent.items():
            if key in _INTEGERS and value is not None and (not isinstance(value, int) or isinstance(value, bool)):
                problems.append(("int_parsing", key, "Input should be a valid integer", value))
            if key in _TEXTS and not isinstance(value, str):
                problems.append(("string_type", key, "Input should be a valid string", value))
        if problems:
            rows = [{"type": t, "loc": ["body", key], "msg": msg, "input": v, "url": ""} for t, key, msg, v in problems]
            raise Reply(422, {"detail": rows})
        if sent.get("infotext"):
            raise Reply(500, self._error("TypeError", "isinstance() argument 2 cannot be a parameterized generic"))

    def _check_scripts(self, kind: str, sent: dict) -> None:
        for name, value in (sent.get("alwayson_scripts") or {}).items():
            if name.lower() not in self._script_names():
                raise Reply(422, {"detail": f"Script '{name}' not found"})
            if name.lower() != "adetailer" or not isinstance(value, dict):
                continue
            units = [unit for unit in value["args"] if isinstance(unit, dict)]
            strange = {key for unit in units for key in unit} - set(AD_KEYS)
            if strange:
                raise Reply(500, self._error("ValueError", f"extra fields not permitted: {sorted(strange)}"))

    @contextlib.contextmanager
    def _my_turn(self, task: str):
        ticket = object()
        with self._turn:
            self._queue.append(ticket)
            if task:
                self._pending.append(task)
            self._turn.wait_for(lambda: self.closing or self._queue[0] is ticket)
            if task in self._pending:
                self._pending.remove(task)
            # The flag of an interrupt that came a moment too early is lost here, as in the real thing.
            self._interrupted, self._skipped, self._task, self._failed_task = False, False, task, ""
            self._state = self._idle() | {
                "job": "scripts_txt2img",
                "job_count": -1,
                "job_timestamp": str(next(self._clock)),
            }
        try:
            yield
            self._finished.append(task)
        except Reply:
            self._failed_task = task
            raise
        finally:
            with self._turn:
                self._queue.remove(ticket)
                # That it was interrupted or skipped stays to be seen until the next job begins.
                kept = {key: self._state[key] for key in ("job_timestamp", "interrupted", "skipped")}
                self._state = self._idle() | kept
                self._task, self._preview = "", None
                self._turn.notify_all()

    @contextlib.contextmanager
    def _overridden(self, asked: dict, twist: str):
        wanted = asked.get("override_settings") or {}
        if not self._alias(str(wanted.get("sd_model_checkpoint", ""))):
            wanted.pop("sd_model_checkpoint", None)
        if twist == "no-vae":
            wanted = {key: value for key, value in wanted.items() if key not in ("sd_vae", "forge_additional_modules")}
        if self.mode.sdnext:
            wanted = {key: value for key, value in wanted.items() if key in self.options}
        unknown = next((key for key in wanted if key not in self.options), None)
        if unknown is not None:
            raise Reply(500, self._error("KeyError", f"'{unknown}'"))
        stored = {key: self.options[key] for key in wanted if not self.mode.forge or key in self.config}
        noted = set(self.config)
        for key, value in wanted.items():
            self._set_option(key, value)
        self.config = noted | (set(wanted) if self.mode.forge else set())
        yield
        if asked.get("override_settings_restore_afterwards", True) and twist != "keeps-overrides":
            for key, value in stored.items():
                self._set_option(key, value)

    def _work(self, kind: str, asked: dict, pictures: list[Image.Image], twist: str) -> dict:
        with self._overridden(asked, twist):
            self._load(str(self.options["sd_model_checkpoint"]))
            truth = self._truth(kind, asked, twist)
            self._check_names(asked)
            total = truth["n_iter"] * truth["batch_size"]
            second = bool(truth["enable_hr"])
            self._state |= {
                "job_count": truth["n_iter"] * (2 if second else 1),
                "job": f"Batch 1 out of {truth['n_iter']}",
            }
            images, texts = [], []
            for index in range(total):
                whole = self._steps(truth, index // truth["batch_size"])
                if second:
                    self._second_pass(truth, asked)
                images.append(self._paint(truth, index, pictures, twist, whole=whole))
                texts.append(self._text(truth, index))
                if self._interrupted and (index + 1) % truth["batch_size"] == 0:
                    break
            return self._result(asked, truth, images, texts, twist)

    def _load(self, checkpoint: str) -> None:
        name = self._alias(checkpoint) or next(iter(self.models))
        if name != self.loaded:
            self._wait_here(0, loading=True)
            self.loaded = name
            self.hashed.add(name)
            self.loads += 1

    def _alias(self, text: str) -> str:
        """Forge takes title, file name or stem."""
        stem = text.split(" [")[0].removesuffix(".safetensors")
        return stem if stem in self.models else ""

    def _truth(self, kind: str, asked: dict, twist: str) -> dict:
        """What is really done, whatever was asked."""
        sampler, scheduler = self._sampler(
            str(asked["sampler_name"] or asked.get("sampler_index")), asked.get("scheduler")
        )
        truth = {**asked, "kind": kind, "sampler_name": sampler, "scheduler": scheduler, "model": self.loaded}
        if twist != "no-styles":
            truth |= self._styled(asked)
        for key in ("prompt", "hr_prompt"):
            truth[key] = str(truth.get(key) or "").replace(*self.rewrites)
        truth.setdefault("enable_hr", False)
        if self.mode.sdnext:
            truth["class"] = _SDNEXT_CLASSES["Euler" if sampler == "Default" or twist == "own-sampler" else sampler]
            if truth["enable_hr"]:
                # Without a way to resize it does not enlarge, without force it only enlarges.
                truth["enable_hr"] = asked["hr_resize_mode"] > 0 and asked["hr_upscaler"] != "None"
                truth["denoising_strength"] = asked["hr_denoising_strength"] or asked["denoising_strength"]
                truth["hr_force"] = bool(asked["hr_force"] and truth["denoising_strength"])
        truth["units"] = self._units(asked)
        truth["loras"] = [] if twist == "no-loras" else self._used_loras(truth)
        truth["n_iter"] = int(asked.get("n_iter") or 1)
        # sd-server tells the size that it was asked for, whatever the picture has.
        step = 1 if self.mode_name == "sd-server" else 8
        truth["width"], truth["height"] = (int(asked[side]) // step * step for side in ("width", "height"))
        if self._detailing(asked):
            # ADetailer on its own skips the img2img around it.
            truth["steps"], truth["sampler_name"] = 1, "Euler"
        changes: dict[str, dict] = {
            "other-sampler": {"sampler_name": "Heun"},
            "other-scheduler": {"scheduler": "" if self.mode.subset else "Beta"},
            "other-checkpoint": {"model": next(name for name in self.models if name != self.loaded)},
            "other-seed": {"seed": int(asked["seed"]) + 1000},
            "other-steps": {"steps": int(asked["steps"]) + 3},
            "other-cfg": {"cfg_scale": 1.5},
            "other-denoise": {"denoising_strength": 0.99},
            "other-size": {"width": truth["width"] + 64},
            "no-hires": {"enable_hr": False},
            "no-variation": {"subseed_strength": 0},
            "no-mask": {"mask": None},
            "no-controlnet": {"units": []},
            "plain-hires": {"hr_prompt": "", "hr_negative_prompt": ""}
            | dict.fromkeys(("hr_sampler_name", "hr_scheduler", "hr_checkpoint_name")),
        }
        return truth | changes.get(twist, {})

    def _used_loras(self, truth: dict) -> list[str]:
        """Those that are told with their hash. An unknown name makes the server look into its folder; one that is still
        not there, and a damaged file, costs Forge all of them."""
        texts = [truth["prompt"], truth["hr_prompt"] if truth["enable_hr"] else ""]
        names = list(dict.fromkeys(name for text in texts for name in re.findall(r"<lora:([^:>]+)", text)))
        if self.mode.subset or self.mode.sdnext:
            return []
        if not self.loras.keys() >= set(names):
            self._look("lora")
        found = [name for name in names if name in (self.loras.keys() | self.loras.values()) - self.damaged_loras]
        return found if found == names or not self.mode.forge else []

    def _styled(self, asked: dict) -> dict[str, str]:
        """The prompts with the styles around them, those of the second pass too. An unknown style is none."""
        found = {}
        for key in ("prompt", "negative_prompt", "hr_prompt", "hr_negative_prompt"):
            text = str(asked.get(key) or "")
            if key.startswith("hr_") and not text:
                continue
            for name in asked.get("styles") or []:
                style = self.styles.get(name, ("", ""))["negative" in key] or ""
                text = (
                    style.replace("{prompt}", text) if "{prompt}" in style else ", ".join(filter(None, (text, style)))
                )
            found[key] = text
        return found

    def _sampler(self, name: str, scheduler: object) -> tuple[str, str]:
        label = next((lab for key, lab in SCHEDULERS.items() if scheduler in (key, lab)), "Automatic")
        if self.mode.subset:
            known = {row["name"] for row in self._schedulers()} - {"default"}
            used = "discrete" if scheduler == "normal" else str(scheduler) if scheduler in known else ""
            return name if name in {row["name"] for row in self._samplers()} - {"default"} else "NONE", used
        if not self.mode.schedulers or self.mode.sdnext:
            return name, ""
        for suffix in ("Karras", "Exponential"):
            if name.endswith(" " + suffix):
                name, label = name.removesuffix(" " + suffix), suffix
        if name not in SAMPLERS:
            return "DPM++ 2M", "Karras"
        own = SAMPLERS[name][1]
        return name, SCHEDULERS[own] if label == "Automatic" and own else label

    def _check_names(self, asked: dict) -> None:
        upscaler = asked.get("hr_upscaler")
        if asked.get("enable_hr") and upscaler is not None and upscaler not in (*self._upscaler_names, *LATENT):
            raise Reply(500, self._error("Exception", f"could not find upscaler named {upscaler}"))
        if asked.get("enable_hr"):
            self._must_have(asked.get("hr_checkpoint_name"))
        refiner = asked.get("refiner_checkpoint")
        if refiner and not self._alias(str(refiner)):
            raise Reply(500, self._error("Exception", f"Could not find checkpoint with name {refiner}"))

    def _must_have(self, checkpoint: object) -> None:
        if checkpoint and checkpoint != "Use same checkpoint" and not self._alias(str(checkpoint)):
            raise Reply(500, self._error("Exception", f"Could not find checkpoint with name {checkpoint}"))

    def _second_pass(self, truth: dict, asked: dict) -> None:
        """What goes wrong only when the first pass is done: unlike that of the first, a sampler must exist here."""
        if self.mode.forge and "Use same choices" not in (asked["hr_additional_modules"] or []):
            raise Reply(500, self._error("TypeError", "argument of type 'NoneType' is not iterable"))
        sampler = truth.get("hr_sampler_name") if not self.mode.sdnext else None
        # "Use same sampler" is a word of the page; here it is a name that nobody has.
        if sampler is not None and sampler not in {row["name"] for row in self._samplers()}:
            raise Reply(500, self._error("AssertionError", f"bad sampler name: {sampler}"))

    def _own_hires(self, truth: dict) -> dict[str, object]:
        """What is written about the second pass: only where it differs from the first."""
        sampler, scheduler = truth.get("hr_sampler_name"), truth.get("hr_scheduler")
        checkpoint, found = truth.get("hr_checkpoint_name"), {}
        if checkpoint and checkpoint != "Use same checkpoint":
            name = self._alias(str(checkpoint))
            found["Hires checkpoint"] = f"{name} [{self.models[name]}]"
        if sampler is not None and sampler != truth["sampler_name"]:
            found["Hires sampler"] = sampler
        for key, own in (("Hires prompt", "hr_prompt"), ("Hires negative prompt", "hr_negative_prompt")):
            first = truth["prompt" if own == "hr_prompt" else "negative_prompt"]
            found[key] = truth[own] if truth.get(own) not in ("", None, first) else None
        used = self._second_scheduler(str(sampler or truth["sampler_name"]), scheduler or truth["scheduler"])
        found["Hires schedule type"] = used if used not in ("", "Automatic", truth["scheduler"]) else None
        return found

    def _second_scheduler(self, sampler: str, scheduler: object) -> str:
        """One that it does not know is none, without a word."""
        label = next((lab for key, lab in SCHEDULERS.items() if scheduler in (key, lab)), "")
        own = SAMPLERS[sampler][1] if sampler in SAMPLERS else None
        return SCHEDULERS[own] if label == "Automatic" and own else label

    def _steps(self, truth: dict, batch: int) -> bool:
        """Go through the steps of one batch; False when interrupted half way."""
        for step in range(1, truth["steps"] + 1):
            with self._turn:
                self._state |= {"sampling_step": step - 1, "sampling_steps": truth["steps"], "job_no": batch}
            self._wait_here(step)
            if self._interrupted or self._skipped or self.closing:
                return False
            if self.step_delay_s:
                self._preview = self._paint(truth, batch, [], "", whole=False)
                time.sleep(self.step_delay_s)
        return True

    def _wait_here(self, step: int, *, loading: bool = False) -> None:
        self.stand(step, lambda: self._interrupted or self._skipped, loading=loading)

    def _paint(self, truth: dict, index: int, pictures: list, twist: str, *, whole: bool) -> Image.Image:
        if twist == "unchanged" and pictures:
            return pictures[0]
        width, height = truth["width"], truth["height"]
        if truth["enable_hr"]:
            width, height = int(width * truth["hr_scale"]) // 8 * 8, int(height * truth["hr_scale"]) // 8 * 8
        if self.mode_name == "sd-server":
            width, height = -(-width // 64) * 64, -(-height // 64) * 64
        if twist == "black":
            return Image.new("RGB", (width, height))
        keys = ("prompt", "negative_prompt", "steps", "cfg_scale", "sampler_name", "scheduler", "model")
        recipe = (
            repr(
                [
                    *(truth.get(key) for key in keys),
                    *([self._vae()] if self._vae() else []),
                    *([self.options["schedulers_sigma"], truth["class"]] if self.mode.sdnext else []),
                    *([truth["distilled_cfg_scale"]] if self._distilled(truth) else []),
                    *map(repr, truth.get("lora") or []),
                    *((truth.get(key) for key in _OWN_HIRES) if truth["enable_hr"] else ()),
                    *map(repr, truth["units"]),
                ]
            )
            + f"{self._seed(truth, index)}{whole}"
        )
        image = pattern(recipe, (width, height))
        if strength := truth["subseed_strength"]:
            other = pattern(f"{recipe}{self._subseed(truth) + index}", (width, height))
            image = Image.blend(image, other, float(strength))
        if pictures:
            denoise = 0.3 if self._detailing(truth) else float(truth.get("denoising_strength") or 0.75)
            before = pictures[0].convert("RGB").resize((width, height))
            image = Image.blend(before, image, denoise)
            if mask := truth.get("mask"):
                if truth["inpainting_mask_invert"]:
                    mask = mask.point(lambda light: 255 - light)
                image = Image.composite(image, before, mask.resize((width, height)))
        return image

    def _vae(self) -> str:
        """The VAE in use beside the checkpoint's own; "" for none. sd_vae has no effect on Forge."""
        if self.mode.subset:
            return ""
        if self.mode.forge:
            paths = map(str, self.options["forge_additional_modules"])  # type: ignore[call-overload]
            return next((os.path.basename(path) for path in paths if "/VAE/" in path), "")
        chosen = str(self.options["sd_vae"])
        return "" if chosen in ("Automatic", "None") else chosen

    def _seed(self, truth: dict, index: int) -> int:
        """A1111 counts up beyond 32 bits, sd-server has no more."""
        seed = int(truth["seed"]) + (0 if truth["subseed_strength"] else index)
        return seed % (1 << 32) if self.mode.subset else seed

    def _subseed(self, truth: dict) -> int:
        """-1 draws one. Batches count it up; the main seed does so only without a variation."""
        subseed = int(truth["subseed"])
        return int(truth["steps"]) * 1009 if subseed == -1 else subseed

    def _detailing(self, asked: dict) -> list[dict]:
        for name, script in (asked.get("alwayson_scripts") or {}).items():
            if name.lower() == "adetailer" and isinstance(script, dict) and script["args"][:1] == [True]:
                return [unit for unit in script["args"] if isinstance(unit, dict)]
        return []

    def _units(self, asked: dict) -> list[dict]:
        """The ControlNet units that are on; what it does not know in one is dropped without a word."""
        for name, script in (asked.get("alwayson_scripts") or {}).items():
            if name.lower() == "controlnet" and isinstance(script, dict):
                return [unit for unit in script["args"] if unit.get("enabled", True)]
        return []

    def _own_text(self, truth: dict, index: int) -> str:
        """As sd-server writes it: numbers with six decimals, file names, the scheduler behind the sampler."""
        used = " ".join(filter(None, (truth["sampler_name"], truth["scheduler"])))
        pairs: list[tuple[str, object]] = [("Steps", truth["steps"]), ("CFG scale", f"{truth['cfg_scale']:.6f}")]
        pairs += [("Guidance", "3.500000"), ("Eta", "inf"), ("Seed", self._seed(truth, index))]
        pairs += [("Size", f"{truth['width']}x{truth['height']}"), ("Model", f"{truth['model']}.safetensors")]
        pairs += [("RNG", "cuda"), ("Sampler", used)]
        if int(truth.get("clip_skip") or 0) > 0:
            pairs.append(("Clip skip", truth["clip_skip"]))
        if truth["enable_hr"]:
            pairs += [("Hires upscale", truth["hr_upscaler"]), ("Hires scale", f"{truth['hr_scale']:.6f}")]
            pairs += [("Hires resize", "0x0"), ("Hires steps", truth.get("hr_steps", 0))]
            pairs.append(("Denoising strength", f"{truth['denoising_strength']:.6f}"))
        line = ", ".join(f"{key}: {value}" for key, value in [*pairs, ("Version", self.mode.version)])
        return f"{truth['prompt']}\nNegative prompt: {truth['negative_prompt']}\n{line}"

    def _sdnext_text(self, truth: dict, index: int) -> str:
        """As SD.Next writes it: the sampler that was asked for, and the class that computed it."""
        pairs: list[tuple[str, object]] = [("Steps", truth["steps"]), ("Size", f"{truth['width']}x{truth['height']}")]
        pairs += [("Sampler", truth["sampler_name"])] if truth["sampler_name"] != "Default" else []
        pairs += [("Scheduler", truth["class"]), ("Seed", self._seed(truth, index))]
        pairs += [("CFG scale", float(truth["cfg_scale"])), ("CFG rescale", 0.0)]
        pairs += [("CLiP-skip", truth["clip_skip"])] if truth["clip_skip"] > 1 else []
        pairs += [("App", "SD.Next"), ("Version", "058a7f0c"), ("Pipeline", "StableDiffusionPipeline")]
        pairs += [("Operations", "hires; upscale; txt2img" if truth["enable_hr"] else truth["kind"])]
        pairs.append(("Model", truth["model"]))
        pairs += [("VAE", self._vae())] if self._vae() else []
        if truth["styles"]:
            pairs.append(("Styles", "; ".join(truth["styles"])))
        if truth["subseed_strength"]:
            pairs += [
                ("Variation seed", self._subseed(truth) + index),
                ("Variation strength", truth["subseed_strength"]),
            ]
        if truth["enable_hr"]:
            pairs += [
                ("Refine", True),
                ("HiRes mode", truth["hr_resize_mode"]),
                ("Hires upscaler", truth["hr_upscaler"]),
            ]
            size = "x".join(str(int(truth[side] * truth["hr_scale"])) for side in ("width", "height"))
            pairs += [("Hires scale", float(truth["hr_scale"])), ("Hires size", size)]
            if truth["hr_force"] or "Latent" in truth["hr_upscaler"]:
                pairs += [("Hires force", truth["hr_force"]), ("Hires steps", truth["hr_second_pass_steps"])]
                pairs += [("Hires strength", truth["denoising_strength"]), ("Hires sampler", truth["sampler_name"])]
        if truth["kind"] == "img2img":
            pairs += [("Init image size", f"{truth['width']}x{truth['height']}"), ("Init image hash", "ab12cd34")]
            pairs.append(("Denoising strength", truth["denoising_strength"]))
        if (sigma := self.options["schedulers_sigma"]) != "default":
            pairs.append(("Sampler sigma", sigma))
        line = ", ".join(f"{key}: {_quoted(value)}" for key, value in pairs)
        template = f"\nTemplate: {truth['prompt']}" if truth["prompt"] else ""
        template += f"\nNegative template: {truth['negative_prompt']}" if truth["negative_prompt"] else ""
        return f"{truth['prompt']}\nNegative prompt: {truth['negative_prompt']}{template}\n{line}"

    def _text(self, truth: dict, index: int) -> str:
        if self.mode_name == "sd-server":
            return self._own_text(truth, index)
        if self.mode.sdnext:
            return self._sdnext_text(truth, index)
        pairs: list[tuple[str, object]] = [("Steps", truth["steps"]), ("Sampler", truth["sampler_name"])]
        if truth["scheduler"] and not self.mode.subset:
            pairs.append(("Schedule type", truth["scheduler"]))
        cfg = float(truth["cfg_scale"])
        pairs.append(("CFG scale", cfg if self.mode.forge else f"{cfg:g}"))
        if word := self._distilled(truth):
            pairs.append((word, float(truth["distilled_cfg_scale"])))
        pairs.append(("Seed", self._seed(truth, index)))
        pairs += [("Size", f"{truth['width']}x{truth['height']}")]
        pairs += [("Model hash", self.models[truth["model"]]), ("Model", truth["model"])]
        if truth["subseed_strength"]:
            pairs.append(("Variation seed", self._subseed(truth) + index))
            pairs.append(("Variation seed strength", truth["subseed_strength"]))
        if self.options["CLIP_stop_at_last_layers"] > 1:
            pairs.append(("Clip skip", int(self.options["CLIP_stop_at_last_layers"])))
        pairs += [(key, value) for key, value in self._extra(truth).items() if value is not None]
        if hashes := ", ".join(f"{name}: {_lora_hash(name)}" for name in truth["loras"]):
            pairs.append(("Lora hashes", hashes))
        for number, unit in enumerate(self._detailing(truth)):
            nth = ("", " 2nd", " 3rd", " 4th")[number]
            pairs.append((f"ADetailer model{nth}", unit["ad_model"]))
            pairs.append((f"ADetailer confidence{nth}", unit.get("ad_confidence", 0.3)))
            pairs.append((f"ADetailer denoising strength{nth}", unit.get("ad_denoising_strength", 0.4)))
        for number, unit in enumerate(truth["units"]):
            words = {"Module": unit["module"], "Model": unit["model"], "Weight": unit["weight"]}
            words |= {"Guidance Start": unit.get("guidance_start", 0.0), "Guidance End": unit.get("guidance_end", 1.0)}
            pairs.append((f"ControlNet {number}", ", ".join(f"{key}: {value}" for key, value in words.items())))
        if not self.mode.forge and self._vae():
            pairs.append(("VAE", self._vae()))
        modules = self.options.get("forge_additional_modules") or []
        last = [
            ("Version", self.mode.version),
            *(
                (f"Module {n}", os.path.splitext(os.path.basename(str(path)))[0])
                for n, path in enumerate(modules, start=1)  # type: ignore[arg-type, var-annotated]
            ),
        ]
        line = ", ".join(f"{key}: {_quoted(value)}" for key, value in [*pairs, *last])
        negative = f"\nNegative prompt: {truth['negative_prompt']}" if truth["negative_prompt"] else ""
        return f"{truth['prompt']}{negative}\n{line}"

    def _distilled(self, truth: dict) -> str:
        """What the field for distilled guidance means with this model, as it is written; "" for nothing."""
        name = str(truth["model"]).casefold()
        if self.mode_name == "neo" and any(word in name for word in ("z_image", "lumina", "anima")):
            return "Shift"
        return "Distilled CFG Scale" if self.mode.forge and "flux1" in name else ""

    def _extra(self, truth: dict) -> dict[str, object]:
        extra: dict[str, object] = {}
        if truth["kind"] == "img2img" or truth["enable_hr"]:
            extra["Denoising strength"] = truth["denoising_strength"]
        if truth.get("mask"):
            extra |= self._masked(truth)
        if truth["enable_hr"]:
            if self.mode.forge:
                extra |= {"Hires Module 1": "Use same choices"}
                extra |= {"Hires CFG Scale": float(truth["hr_cfg"]), "Hires Distilled CFG Scale": None}
            extra |= {} if self.mode.subset else self._own_hires(truth)
            extra["Hires upscale"] = float(truth["hr_scale"])
            if truth["hr_second_pass_steps"]:
                extra["Hires steps"] = truth["hr_second_pass_steps"]
            extra["Hires upscaler"] = truth["hr_upscaler"] or "Latent"
        if truth.get("refiner_checkpoint"):
            name = self._alias(str(truth["refiner_checkpoint"]))
            extra |= {"Refiner": f"{name} [{self.models[name]}]", "Refiner switch at": truth["refiner_switch_at"]}
        return extra

    def _masked(self, truth: dict) -> dict[str, object]:
        """What is written about a mask: only what is not usual. A mask without white is none, if only it is painted."""
        blur, only = truth["mask_blur"], truth["inpaint_full_res"]
        blank = truth["mask"].getextrema()[1 if not truth["inpainting_mask_invert"] else 0] == (
            255 if truth["inpainting_mask_invert"] else 0
        )
        found: dict[str, object] = {"Mask mode": "Inpaint not masked"} if truth["inpainting_mask_invert"] else {}
        found |= {"Mask blur": 4 if blur is None else blur} if blur != 0 else {}
        if only and not blank:
            found |= {"Inpaint area": "Only masked", "Masked area padding": truth["inpaint_full_res_padding"]}
        content = ("fill", None, "latent noise", "latent nothing")[truth["inpainting_fill"]]
        return found | ({"Masked content": content} if content else {})

    def _result(self, asked: dict, truth: dict, images: list, texts: list[str], twist: str) -> dict:
        seeds = [self._seed(truth, index) for index in range(truth["n_iter"] * truth["batch_size"])]
        first = 0
        if asked.get("save_images") and len(images) > 1:
            images, texts, first = [images[0], *images], [texts[0], *texts], 1
        if twist == "nan-cfg":
            truth = {**truth, "cfg_scale": "nan"}
            texts = [re.sub(r"CFG scale: [^,]*", "CFG scale: nan", text) for text in texts]
        elif twist == "endless-text":
            texts = [f'{text}, Lora hashes: "{"x: 0123456789ab, " * (80_000 // len(texts))}"' for text in texts]
        data = [self._file(image, text) for image, text in zip(images, texts, strict=True)]
        # The maps that ControlNet found follow, without texts.
        data += [str(unit["image"]) for unit in truth["units"] if unit.get("image")]
        info = {
            "prompt": truth["prompt"],
            "all_prompts": [truth["prompt"]] * len(seeds),
            "negative_prompt": truth["negative_prompt"],
            "all_negative_prompts": [truth["negative_prompt"]] * len(seeds),
            "seed": seeds[0],
            "all_seeds": seeds,
            "subseed": self._subseed(truth),
            "all_subseeds": [self._subseed(truth) + index for index in range(len(seeds))],
            "subseed_strength": truth["subseed_strength"],
            "width": int(asked["width"]),
            "height": int(asked["height"]),
            "sampler_name": truth["sampler_name"],
            "cfg_scale": truth["cfg_scale"] if twist == "nan-cfg" else float(truth["cfg_scale"]),
            "steps": truth["steps"],
            "batch_size": truth["batch_size"],
            "restore_faces": False,
            "face_restoration_model": None,
            "sd_model_name": truth["model"],
            "sd_model_hash": self.models[truth["model"]],
            "sd_vae_name": None,
            "sd_vae_hash": None,
            "seed_resize_from_w": -1,
            "seed_resize_from_h": -1,
            "denoising_strength": self._extra(truth).get("Denoising strength"),
            "extra_generation_params": self._extra(truth),
            "index_of_first_image": first,
            "infotexts": texts,
            "styles": list(asked.get("styles") or []),
            "job_timestamp": self._state["job_timestamp"],
            "clip_skip": int(self.options["CLIP_stop_at_last_layers"]),
            "is_using_inpainting_conditioning": False,
            "version": self.mode.version,
        }
        if self.mode.sdnext:
            info = {key: value for key, value in info.items() if not key.startswith(("sd_", "restore_"))}
            info |= {"sd_model_hash": None, "clip_skip": truth["clip_skip"], "extra_generation_params": {}}
            info["denoising_strength"] = truth["denoising_strength"]
        if self.mode.subset:
            used = {"Schedule type": truth["scheduler"]} if truth["scheduler"] else None
            info = {key: info[key] for key in ("seed", "all_seeds", "infotexts", "sampler_name")}
            info |= {"extra_generation_params": used} if used else {}
        echo = {key: asked[key] for key in fields(truth["kind"], self.mode)}
        echo |= {key: None for key in ("init_images", "mask") if key in echo}
        echo["denoising_strength"] = info.get("denoising_strength")
        return {"images": data if asked.get("send_images", True) else [], "parameters": echo, "info": json.dumps(info)}

    def _file(self, image: Image.Image, text: str) -> str:
        out = io.BytesIO()
        form = str(self.options["samples_format"]).lower()
        if form == "png":
            note = PngImagePlugin.PngInfo()
            note.add_text("parameters", text)
            image.save(out, "PNG", pnginfo=note, compress_level=1)
        else:
            exif = Image.Exif()
            exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
            image.save(out, "WEBP" if form == "webp" else "JPEG", exif=exif.tobytes())
        return base64.b64encode(out.getvalue()).decode()

    def _extras(self, sent: dict, twist: str) -> dict:
        asked = _EXTRAS_FIELDS | sent
        if asked["upscaling_resize"] <= 0:
            row = {"type": "greater_than", "loc": ["body", "upscaling_resize"], "msg": "Input should be greater than 0"}
            raise Reply(422, {"detail": [row | {"input": asked["upscaling_resize"], "url": ""}]})
        image = self._picture(str(asked["image"]))
        if asked["upscaler_1"] not in UPSCALERS:
            raise Reply(500, self._error("AssertionError", f"could not find upscaler named {asked['upscaler_1']}"))
        with self._my_turn(""):
            self._state |= {"job": "extras", "job_count": 1}
            self._wait_here(1)
            text = str(image.info.get("parameters", ""))
            if twist == "black":
                return {
                    "html_info": "",
                    "image": self._file(Image.new("RGB", (image.width * 2, image.height * 2)), text),
                }
            if asked["upscaler_1"] == "None" or twist == "unchanged":
                return {"html_info": "<p></p>", "image": self._file(image, text)}
            if asked["resize_mode"] == 1:
                size, note = (asked["upscaling_resize_w"], asked["upscaling_resize_h"]), "to"
            else:
                factor = float(asked["upscaling_resize"])
                # To whole eights, as the upscalers of Forge and A1111 do.
                size = (int(image.width * factor // 8 * 8), int(image.height * factor // 8 * 8))
                note = f"by: {factor}"
            if twist == "other-size":
                size = (size[0] + 64, size[1])
            plain = asked["upscaler_1"] in {"Lanczos", *self.without_weights}
            how = Image.Resampling.LANCZOS if plain else Image.Resampling.HAMMING
            return {
                "html_info": f"<p>Postprocess upscale {note}, Postprocess upscaler: {asked['upscaler_1']}</p>",
                "image": self._file(image.convert("RGB").resize(size, how), text),
            }

    def _picture(self, text: str) -> Image.Image:
        try:
            raw = base64.b64decode(text.partition(";base64,")[2] or text, validate=True)
            image = Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "WEBP"))
            image.load()
        except (binascii.Error, OSError):
            raise Reply(500, {"detail": "Invalid encoded image"}) from None
        return image

    # -- progress ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _idle() -> dict:
        state = {"skipped": False, "interrupted": False, "stopping_generation": False, "job": "", "job_count": 0}
        return state | {"job_timestamp": "0", "job_no": 0, "sampling_step": 0, "sampling_steps": 0}

    def _fraction(self) -> float:
        count = self._state["job_count"]
        if count == 0:
            return 0.0
        steps = self._state["sampling_steps"] or 1
        within = self._state["sampling_step"] / steps / max(1, count)
        return min(1.0, 0.01 + max(0, self._state["job_no"]) / max(1, count) + within)

    def _progress(self, *, skip_image: bool) -> dict:
        with self._turn:
            state, fraction, task = dict(self._state), self._fraction(), self._task
        current = None
        if not skip_image and state["sampling_step"] >= self.options["show_progress_every_n_steps"]:
            out = io.BytesIO()
            (self._preview or pattern("preview", (64, 64))).save(out, "PNG")
            current = base64.b64encode(out.getvalue()).decode()
        answer = {"progress": fraction, "eta_relative": 0.0, "state": state, "current_image": current, "textinfo": None}
        return answer | ({"current_task": task} if self.mode.tells_task else {})

    def _internal_progress(self, task: str) -> dict:
        with self._turn:
            active = bool(task) and task in (self._task, self._failed_task)
            queued, completed = task in self._pending, task in self._finished
            fraction = self._fraction()
        text = "In queue: 1/1" if queued else None if active else "Waiting..."
        return {
            "active": active,
            "queued": queued,
            "completed": completed,
            "progress": fraction if active else None,
            "eta": None,
            "live_preview": None,
            "id_live_preview": -1,
            "textinfo": text,
        }

    # -- the wire ---------------------------------------------------------------------------------------------------

    def take_fault(self, path: str) -> str:
        """Name of the fault that this request meets, or ""."""
        met = ""
        with self._turn:
            for fault in self._faults:
                if fault.route not in ("*", path) and not (fault.route == "work" and path in WORK):
                    continue
                self._calls[fault] = self._calls.get(fault, 0) + 1
                if not met and fault.nth <= self._calls[fault] < fault.nth + fault.times:
                    met = fault.name
        return met

    def stop_listening(self) -> None:
        if self._server is not None and self._thread.is_alive():
            self._server.shutdown()
            self._server.socket.close()
            self._thread.join()

    def _release_port(self) -> None:
        if self._kept is not None:
            self._kept.release()
            self._kept = None

    def _drop_connections(self) -> None:
        for connection in list(self.sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _lora_hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _quoted(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if any(sign in str(value) for sign in ",:\n") else value


def pattern(recipe: str, size: tuple[int, int]) -> Image.Image:
    """A picture that depends on the recipe and on nothing else."""
    rng = random.Random(hashlib.sha256(recipe.encode()).digest())
    return Image.frombytes("RGB", (6, 6), rng.randbytes(108)).resize(size, Image.Resampling.BICUBIC)


@contextlib.contextmanager
def watched(backend: object, every_s: float = 0.01):
    """Call `backend.progress()` in a thread until the block ends; yields the list of what it told."""
    told: list[object] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every_s):
            told.append(backend.progress())  # type: ignore[attr-defined]

    thread = threading.Thread(target=watch, name="watcher")
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], door: type, fake: FakeWebUI) -> None:
        self.fake = fake
        super().__init__(address, door)

    def handle_error(self, request: object, client_address: object) -> None:
        kind = traceback.format_exc()
        if not any(
            word in kind for word in ("ConnectionError", "BrokenPipe", "ConnectionReset", "Bad file descriptor")
        ):
            sys.stderr.write(kind)


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        self.server.fake.sockets.add(self.request)
        super().setup()

    def finish(self) -> None:
        self.server.fake.sockets.discard(self.request)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._serve(json.loads(raw) if raw else {})
        except json.JSONDecodeError:
            row = {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}}
            self._send(422, {"detail": [row]})

    def _serve(self, body: object) -> None:
        fake = self.server.fake
        parts = urlsplit(self.path)
        if self.command == "POST":
            fake.posts.append(Seen(parts.path, body if isinstance(body, dict) else {}))
        else:
            fake.gets.append(self.path)
        fake.authorizations.append(self.headers.get("Authorization", ""))
        name = fake.take_fault(parts.path)
        if name in BEFORE:
            self._break_before(name)
            return
        if name == "reset-running":
            self._reset()
        try:
            self._check_login(parts.path)
            payload = fake.answer(self.command, parts.path, parse_qs(parts.query), body, name)
        except Reply as reply:
            self._send(reply.status, reply.payload)
            return
        if name in AFTER:
            self._break_after(name, payload)
        else:
            self._send(200, payload)

    def _check_login(self, path: str) -> None:
        fake = self.server.fake
        # Routes that extensions add are open even with --api-auth.
        if not fake.auth or not path.startswith(API) or path.endswith("/loras"):
            return
        given = self.headers.get("Authorization", "")
        if not given:
            raise Reply(401, {"detail": "Not authenticated"})
        if given != "Basic " + base64.b64encode(fake.auth.encode()).decode():
            raise Reply(401, {"detail": "Incorrect username or password"})

    def _send(self, status: int, payload: object, **headers: str) -> None:
        data = b"" if status == 204 else json.dumps(payload, allow_nan=True).encode()
        if len(data) > 500 and "gzip" in self.headers.get("Accept-Encoding", ""):
            data, headers["Content_Encoding"] = gzip.compress(data, 1), "gzip"
        if status == 401:
            headers["WWW_Authenticate"] = "Basic"
        self._raw(status, data, **headers)

    def _raw(self, status: int, data: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for key, value in ({"Content_Type": "application/json"} | headers).items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    # -- failures ---------------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        """End the connection with RST, as a crashed or killed server does."""
        self.close_connection = True
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Both halves must be let go before the kernel sends anything.
        self.rfile.close()
        self.wfile.close()
        self.request.close()
        self.wfile = io.BytesIO()

    def _break_before(self, name: str) -> None:
        self.close_connection = True
        if name in _STATUS:
            status, payload = _STATUS[name]
            if name == "oom-dead":
                self.server.fake.stop_listening()
            self._send(status, payload)
        elif name == "reset":
            self._reset()
        elif name in ("keepalive-closed", "early-eof"):
            with contextlib.suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)
        elif name == "hang":
            self._until_left(lambda: None)
        elif name == "drip":
            self.send_response(200)
            self.end_headers()
            self._until_left(lambda: self.wfile.write(b" "))
        elif name == "drip-headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self._until_left(lambda: self.wfile.write(b"x"))
        elif name == "redirect":
            self._raw(302, b"", Location="http://127.0.0.1:9/elsewhere")
        elif name == "other-protocol":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        else:
            self._strange(name)

    def _strange(self, name: str) -> None:
        page = (
            b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to the network</body></html>"
        )
        if name == "html":
            self._raw(200, page, Content_Type="text/html; charset=utf-8")
        elif name == "login-page":
            self._raw(302, b"", Location="/oauth2/sign_in?rd=%2F")
        elif name == "403-page":
            self._raw(403, page.replace(b"Sign in", b"Just a moment..."), Content_Type="text/html; charset=UTF-8")
        elif name == "plain-404":
            self._raw(404, b"404: Not Found", Content_Type="text/plain; charset=utf-8")
        elif name == "html-502":
            self._raw(502, page.replace(b"Sign in", b"Bad gateway"), Content_Type="text/html")
        elif name == "empty":
            self._raw(200, b"")
        elif name == "gzip-bomb":
            self._raw(200, _BOMB, Content_Encoding="gzip")
        elif name == "huge-length":
            self._raw(200, b"{}", length=10**14)
        elif name == "many-headers":
            self._raw(200, b"{}", **{f"X-{n}": "y" for n in range(150)})
        elif name == "long-header":
            self._raw(200, b"{}", X_Long="y" * 70_000)

    def _until_left(self, each: object) -> None:
        """Do something every few milliseconds until the client goes away or the server closes."""
        fake = self.server.fake
        while not fake.closing:
            try:
                each()  # type: ignore[operator]
                self.wfile.flush()
                if select.select([self.request], [], [], 0.01)[0] and not self.request.recv(1, socket.MSG_PEEK):
                    return
            except (OSError, ValueError):
                return

    def _break_after(self, name: str, payload: object) -> None:
        if name == "reset-running":
            return
        if name == "reset-after":
            self._reset()
            return
        if name.startswith("cut") or name in ("chunked", "gzipped"):
            self._cut(name, json.dumps(payload).encode())
            return
        spoiled = dict(payload) if isinstance(payload, dict) else {}
        if name == "not-json":
            self._raw(200, b'{"images": [')
        elif name == "nan":
            self._raw(200, json.dumps(spoiled | {"eta": float("nan")}).encode())
        elif name == "info-garbage":
            self._send(200, spoiled | {"info": "no json"})
        elif name in ("no-images", "null-images", "fewer-images"):
            images = spoiled.get("images") or []
            kept = {"no-images": [], "null-images": None, "fewer-images": images[:-1]}[name]
            self._send(200, spoiled | {"images": kept})
        else:
            key = "image" if "image" in spoiled else "images"
            texts = [spoiled["image"]] if key == "image" else spoiled["images"]
            bad = [_SPOIL[name](text) for text in texts]
            self._send(200, spoiled | {key: bad[0] if key == "image" else bad})

    def _cut(self, name: str, data: bytes) -> None:
        self.close_connection = True
        half = data[: len(data) // 2]
        if name == "gzipped":
            self._raw(200, gzip.compress(data), Content_Encoding="gzip")
        elif name == "cut":
            self._raw(200, half, length=len(data))
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header(*(("Connection", "close") if name == "cut-nolength" else ("Transfer-Encoding", "chunked")))
            self.end_headers()
            if name == "chunked":
                for at in range(0, len(data), 1000):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data[at : at + 1000]), data[at : at + 1000]))
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.wfile.write(half if name == "cut-nolength" else b"%x\r\n%s" % (len(data), half))


_OOM = "CUDA out of memory. Tried to allocate 2.25 GiB. GPU 0 has a total capacity of 8.00 GiB"
_STATUS: dict[str, tuple[int, object]] = {
    "500": (
        500,
        {"error": "RuntimeError", "detail": "", "body": "", "message": "mat1 and mat2 shapes cannot be multiplied"},
    ),
    "oom": (500, {"error": "OutOfMemoryError", "detail": "", "body": "", "message": _OOM}),
    "oom-a1111": (500, {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": _OOM}),
    "oom-dead": (500, {"error": "OutOfMemoryError", "detail": "", "body": "", "message": _OOM}),
    "400": (400, {"error": "HTTPException", "detail": "Sampler not found", "body": "", "errors": ""}),
    "401": (401, {"detail": "Not authenticated"}),
    "403": (403, {"detail": "Forbidden"}),
    "404": (404, {"detail": "Not Found"}),
    "422": (
        422,
        {"detail": [{"type": "int_parsing", "loc": ["body", "steps"], "msg": "Input should be a valid integer"}]},
    ),
}


def _make_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    return b"".join(packer.compress(block) for _ in range(64)) + packer.flush()


_BOMB = _make_bomb()


def _rebuilt(text: str, change: object) -> str:
    return base64.b64encode(change(base64.b64decode(text))).decode()  # type: ignore[operator]


_SPOIL = {
    "truncated-base64": lambda text: text[: len(text) // 2 - 1],
    "truncated-png": lambda text: _rebuilt(text, lambda raw: raw[:-8]),
    "flipped-png": lambda text: _rebuilt(text, lambda raw: raw[:-30] + bytes([raw[-30] ^ 1]) + raw[-29:]),
    "trailing-png": lambda text: _rebuilt(text, lambda raw: raw + b"PK\x03\x04 more"),
    "not-an-image": lambda text: base64.b64encode(b"<svg onload='x'/>" * 20).decode(),
    "data-url": lambda text: "data:image/png;base64," + text,
    "folded-base64": lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
}


def main() -> None:
    """Serve until Ctrl+C."""
    options = argparse.ArgumentParser(description="A WebUI without a model, to try the app against.")
    options.add_argument("--port", type=int, default=7861)
    options.add_argument("--mode", choices=list(MODES), default="forge")
    options.add_argument(
        "--fault", action="append", default=[], choices=sorted(FAULTS), help="every generation meets it"
    )
    options.add_argument("--steps-delay", type=float, default=0.1, help="seconds per step")
    options.add_argument("--auth", default="", help="user:password")
    chosen = options.parse_args()
    fake = FakeWebUI(chosen.mode, port=chosen.port, auth=chosen.auth, step_delay_s=chosen.steps_delay)
    fake.options["show_progress_every_n_steps"] = 3.0
    for name in chosen.fault:
        fake.fault(name, times=10**9)
    with fake:
        sys.stderr.write(f"{chosen.mode} at {fake.url}, Ctrl+C ends it\n")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
