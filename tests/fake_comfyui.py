"""A ComfyUI made of nothing but the standard library and Pillow: a real HTTP and WebSocket server on loopback that
answers like ComfyUI 0.33.0 or 0.3.64, traps included, and that can break in every way a ComfyUI was seen to break.

    with FakeComfyUI() as fake:                     # version="0.3.64", socket=False: a proxy eats the socket
        backend = ComfyUI(fake.url)
        fake.fault("reset-after", "/prompt")        # the job is taken, its answer is lost
        fake.run_fault("oom")                       # the next run ends with an error
        fake.count("prompt")                        # how many such POSTs came; fake.posts has (path, body) of all

Work takes no time unless told: `fake.hold(step=3)` stops a run before its third sampling step (`loading=True`: while
it loads the checkpoint) until `fake.release()` or an interrupt; `fake.held` is an event that says it stands there.
`fake.queue_foreign()` puts somebody else's job into the queue, `fake.restart()` forgets all but the output folder,
`fake.go_down()` / `fake.come_back()` close and open the port.

By hand:  python tests/fake_comfyui.py --port 8188
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import heapq
import itertools
import json
import re
import select
import socket
import struct
import threading
import time
import uuid
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import comfy_nodes
from comfy_nodes import Thing, digest_of, node_kinds, painted, png, run_node
from held_work import HeldWork
from kept_port import KeptPort

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Answers of an HTTP request that go wrong. "-after": what was asked for is done all the same.
FAULTS = {
    "reset", "reset-after", "hang", "500", "html", "html-502", "401", "403", "404", "redirect", "not-json", "cut",
    "truncated-png", "flipped-png", "not-an-image", "empty", "nan", "partial", "413",
}  # fmt: skip
# Runs that go wrong, or whose record is not what was asked for.
RUN_FAULTS = {
    "oom", "oom-gpu", "broken-checkpoint", "no-output", "other-steps", "other-seed", "other-checkpoint", "black",
    "no-metadata", "file-gone", "interrupted", "history-cleared", "late-history",
}  # fmt: skip
DARK = "0" * 64


class Posted(NamedTuple):
    path: str
    body: object


class Answered(Exception):
    """Any answer that is not 200 with JSON."""

    def __init__(self, status: int, payload: object = b"", kind: str = "") -> None:
        super().__init__(status)
        self.status, self.payload, self.kind = status, payload, kind


class Stopped(Exception):
    """The running job was interrupted."""


class Failed(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class _Fault(NamedTuple):
    name: str
    route: str
    nth: int
    times: int


class Client:
    """One WebSocket, or one that went."""

    def __init__(self, sid: str, sock: socket.socket) -> None:
        self.sid, self.sock = sid, sock
        self.previews = False
        self._lock = threading.Lock()

    def send(self, code: int, data: bytes) -> None:
        length = struct.pack(">BH", 126, len(data)) if 125 < len(data) < 65536 else b""
        length = length or (bytes((len(data),)) if len(data) < 126 else struct.pack(">BQ", 127, len(data)))
        with self._lock, contextlib.suppress(OSError):
            self.sock.sendall(bytes((0x80 | code,)) + length + data)

    def tell(self, kind: str, data: object) -> None:
        self.send(1, json.dumps({"type": kind, "data": data}).encode())


class FakeComfyUI(HeldWork):
    """The server. Use it as a context manager, or call `start()` and `close()`."""

    def __init__(
        self,
        version: str = "0.33.0",
        *,
        port: int = 0,
        auth: str = "",
        socket: bool = True,
        impact: bool = True,
        below: str = "",
        step_delay_s: float = 0.0,
    ) -> None:
        super().__init__()
        self.version, self.port, self.auth, self.has_socket, self.below = version, port, auth, socket, below
        self.is_new = tuple(map(int, version.split("."))) >= (0, 28, 0)
        self.step_delay_s = step_delay_s
        self.impact = impact
        self.files = {
            "checkpoints": ["ink_model.safetensors", "photo_model.safetensors", "sub/refiner_model.safetensors"],
            "loras": ["inkwash.safetensors", "sub/paper grain.safetensors", "foreign.safetensors"],
            "vae": ["soft.vae.safetensors"],
            "upscale_models": ["4x-UltraSharp.pth", "ESRGAN_4x.pth"],
            "embeddings": ["badhands.pt", "easy.safetensors"],
        }
        self.foreign_loras = {"foreign.safetensors"}
        self.metadata: dict[tuple[str, str], dict] = {}
        self.damaged: set[str] = set()  # model files whose header cannot be read
        self.freed = 0  # how often models and caches were thrown away
        self.posts: list[Posted] = []
        self.gets: list[str] = []
        self.authorizations: list[str] = []
        self.socket_count = self.socket_tries = 0
        self.connections: set[object] = set()
        self.clients: dict[str, Client] = {}
        self.disk: dict[tuple[str, str, str], bytes] = {}
        self.mute_sockets = False  # a relay that takes sockets and lets nothing through
        self.lost_uploads = 0  # so many pictures are gone again once they were taken
        self.chooses_ids = False  # as before July 2025: the id in the request is not read
        self.refusal: dict | None = None  # what every graph is answered with instead of being taken
        self.runs: list[str] = []  # ids of the jobs in the order they were begun
        self.ended: list[str] = []  # and of those whose end every socket was told
        self._faults: list[_Fault] = []
        self._calls: dict[_Fault, int] = {}
        self._run_faults: list[str] = []
        self._numbers = itertools.count()
        self._clock = itertools.count(1795873192496)
        self._forget()
        self._server: ThreadingHTTPServer | None = None
        self._kept: KeptPort | None = None

    # -- what tests use ---------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.below}"

    def __enter__(self) -> FakeComfyUI:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> FakeComfyUI:
        self.closing = False
        self._release_port()
        self._server = _Server(("127.0.0.1", self.port), _Requests, self)
        self.port = self._server.server_address[1]
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.01,), name="fake-comfyui"),
            threading.Thread(target=self._work, name="fake-comfyui-worker"),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """End everything; no thread is left."""
        self._release_port()
        if self._server is None:
            return
        self._server.shutdown()
        self._server.socket.close()
        self._drop_connections()
        with self._turn:
            self.closing = True
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()
        self._drop_connections()
        self._server.server_close()
        self._server = None

    def _release_port(self) -> None:
        if self._kept is not None:
            self._kept.release()
            self._kept = None

    def go_down(self) -> None:
        """Close the port and all connections, as when the program was killed: queue, history and caches are gone."""
        self.close()
        self._forget()
        self._kept = KeptPort(self.port)
        self.port = self._kept.number

    def come_back(self) -> None:
        """Open the same port again."""
        self.start()

    def restart(self) -> None:
        """Go down and come back."""
        self.go_down()
        self.come_back()

    def fault(self, name: str, route: str = "/prompt", *, nth: int = 1, times: int = 1) -> None:
        """Play a failure at the nth coming request to the route and those below it ("" = all)."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(FAULTS))}")
        self._faults.append(_Fault(name, route, nth, times))

    def clear_faults(self) -> None:
        self._faults.clear()

    def run_fault(self, name: str, *, times: int = 1) -> None:
        """Let the next runs go wrong."""
        if name not in RUN_FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(RUN_FAULTS))}")
        self._run_faults += [name] * times

    def count(self, what: str) -> int:
        """How many POSTs came to routes that end with `what`."""
        return sum(1 for seen in list(self.posts) if seen.path.endswith(what))

    def graphs(self) -> list[dict]:
        """The graphs that were sent, in order."""
        return [seen.body["prompt"] for seen in list(self.posts) if seen.path == "/prompt" and "prompt" in seen.body]

    @property
    def running(self) -> str:
        return self._running[1] if self._running else ""

    @property
    def waiting(self) -> list[str]:
        with self._turn:
            return [item[1] for item in sorted(self._queue, key=lambda item: item[0])]

    @property
    def history(self) -> dict[str, dict]:
        return self._history

    def queue_foreign(self, *, steps: int = 20, client_id: str = "somebody-else") -> str:
        """Queue a job of somebody else; returns its id."""
        graph = {
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": self.files["checkpoints"][0]}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "their secret", "clip": ["1", 1]}},
            "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
            "5": {
                "class_type": "KSampler",
                "inputs": {"model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["4", 0]}
                | {"seed": next(self._numbers), "steps": steps, "cfg": 7.0, "sampler_name": "euler"}
                | {"scheduler": "normal", "denoise": 1.0},
            },
            "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
            "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "theirs"}},
        }
        return str(self._accept({"prompt": graph, "client_id": client_id})["prompt_id"])

    def take_out(self, prompt_id: str) -> None:
        """Somebody deletes a waiting job."""
        with self._turn:
            self._queue = [item for item in self._queue if item[1] != prompt_id]
            heapq.heapify(self._queue)

    def interrupt_running(self) -> None:
        """Somebody presses Interrupt in the browser."""
        with self._turn:
            self._interrupted = True
            self._turn.notify_all()

    def delete_files(self, kind: str = "output") -> None:
        """Somebody empties a folder."""
        self.disk = {key: data for key, data in self.disk.items() if key[0] != kind}

    # -- state ------------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._queue: list[tuple] = []
        self._running: tuple | None = None
        self._history: dict[str, dict] = {}
        self._hidden: dict[str, int] = {}
        self._cache: dict[str, list[Thing]] = {}
        self._shown: dict[str, list[dict]] = {}
        self._interrupted = False
        self.delete_files("temp")

    def _drop_connections(self) -> None:
        for sock in list(self.connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def next_fault(self, path: str) -> str:
        with self._turn:
            for fault in self._faults:
                if not fault.route or f"{path}/".startswith(f"{fault.route}/"):
                    self._calls[fault] = self._calls.get(fault, 0) + 1
                    if fault.nth <= self._calls[fault] < fault.nth + fault.times:
                        return fault.name
        return ""

    def now(self) -> int:
        return next(self._clock)

    @property
    def kinds(self) -> dict[str, comfy_nodes.NodeKind]:
        return node_kinds(self.files, impact=self.impact, new=self.is_new)

    # -- sockets ----------------------------------------------------------------------------------------------------

    def tell(self, client_id: str, kind: str, data: dict) -> None:
        """To one client. Of a job that names none, a real server tells its progress to all, and the rest to nobody."""
        everybody = list(self.clients.values()) if kind.startswith("progress") else []
        targets = [self.clients.get(client_id)] if client_id else everybody
        for client in targets:
            if client is not None:
                client.tell(kind, data)

    def tell_status(self) -> None:
        remaining = len(self._queue) + (self._running is not None)
        for client in list(self.clients.values()):
            client.tell("status", {"status": {"exec_info": {"queue_remaining": remaining}}})

    def joined(self, client: Client) -> None:
        remaining = len(self._queue) + (self._running is not None)
        # First of all, as the real server does it, which has one thread: nothing of a job comes before it.
        client.tell("status", {"status": {"exec_info": {"queue_remaining": remaining}}, "sid": client.sid})
        # A second socket of the same id takes the place of the first.
        self.clients[client.sid] = client
        self.socket_count += 1
        if self._running and self._running[3].get("client_id") == client.sid:
            client.tell("executing", {"node": self._node})

    def left(self, client: Client) -> None:
        # The old one's end takes the new one's place away.
        self.clients.pop(client.sid, None)

    def _preview(self, client_id: str, prompt_id: str, node: str, wanted: str) -> None:
        client = self.clients.get(client_id)
        if client is None or not self.is_new or wanted not in ("auto", "latent2rgb", "taesd"):
            return
        image = b"\xff\xd8\xff\xe0" + digest_of(prompt_id, node).encode()
        if client.previews:
            about = {"node_id": node, "prompt_id": prompt_id, "display_node_id": node, "parent_node_id": None}
            meta = json.dumps({**about, "real_node_id": node, "image_type": "image/jpeg"}).encode()
            client.send(2, struct.pack(">II", 4, len(meta)) + meta + image)
        else:
            client.send(2, struct.pack(">II", 1, 1) + image)

    # -- routes -----------------------------------------------------------------------------------------------------

    def get(self, path: str, query: dict[str, str]) -> object:
        kinds = self.kinds
        if path == "/system_stats":
            system = {"os": "linux" if self.is_new else "posix", "ram_total": 1, "ram_free": 1}
            system |= {"comfyui_version": self.version, "python_version": "3.11", "pytorch_version": "2.13.0+cpu"}
            return {"system": {**system, "argv": ["main.py"]}, "devices": [{"name": "cpu", "type": "cpu"}]}
        if path == "/features":
            return {"supports_preview_metadata": True, "max_upload_size": 104857600}
        if path == "/object_info":
            return comfy_nodes.object_info(kinds)
        if path.startswith("/object_info/"):
            name = path.rpartition("/")[2]
            return {name: comfy_nodes.object_info(kinds)[name]} if name in kinds else {}
        if path == "/models":
            return [*self.files]
        if path.startswith("/models/"):
            if (folder := path.rpartition("/")[2]) not in self.files:
                raise Answered(404)
            return self.files[folder]
        if path == "/embeddings":
            return [name.rpartition(".")[0] for name in self.files["embeddings"]]
        if path == "/prompt":
            return {"exec_info": {"queue_remaining": len(self._queue) + (self._running is not None)}}
        if path == "/queue":
            with self._turn:
                running = [list(self._running)] if self._running else []
                return {"queue_running": running, "queue_pending": [list(item) for item in self._queue]}
        if path == "/history":
            return self._history
        if path.startswith("/history/"):
            return self._record(unquote(path.rpartition("/")[2]))
        if path.startswith("/view_metadata/"):
            folder, name = path.rpartition("/")[2], query.get("filename", "")
            if name in self.files.get(folder, ()) and name in self.damaged:
                raise Answered(500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain")
            found = self.metadata.get((folder, name))
            # A file without metadata, without such a header, and no file at all are told alike.
            if found is None or not name.endswith(".safetensors"):
                raise Answered(404)
            return found
        if path == "/view":
            return self._view(query)
        raise Answered(404, b"404: Not Found", "text/plain; charset=utf-8")

    def _record(self, prompt_id: str) -> object:
        if self._hidden.get(prompt_id, 0) > 0:
            self._hidden[prompt_id] -= 1
            return {}
        return {prompt_id: self._history[prompt_id]} if prompt_id in self._history else {}

    def _view(self, query: dict[str, str]) -> object:
        if "filename" not in query or query.get("type", "output") not in ("output", "temp", "input"):
            raise Answered(400)
        found = self.disk.get((query.get("type", "output"), query.get("subfolder", ""), query["filename"]))
        if found is None:
            raise Answered(404)
        raise Answered(200, found, "image/png")

    def post(self, path: str, body: object, raw: bytes, content_type: str) -> object:
        if path == "/upload/image":
            return self._upload(raw, content_type)
        if path.startswith("/api/jobs/") and path.endswith("/cancel"):
            if not self.is_new:
                raise Answered(405, b"405: Method Not Allowed", "text/plain; charset=utf-8")
            return {"cancelled": self._cancel(path.split("/")[3])}
        if path not in ("/prompt", "/queue", "/interrupt", "/free", "/history"):
            raise Answered(405, b"405: Method Not Allowed", "text/plain; charset=utf-8")
        if path == "/prompt":
            if not isinstance(body, dict) or not isinstance(body.get("prompt", {}), dict):
                raise Answered(500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain")
            return self._accept(body)
        fields = body if isinstance(body, dict) else {}
        if path == "/queue":
            if fields.get("clear"):
                with self._turn:
                    self._queue.clear()
            for prompt_id in fields.get("delete", ()):
                self.take_out(prompt_id)
            self.tell_status()
        elif path == "/interrupt" and fields.get("prompt_id") in (None, self.running):
            self.interrupt_running()
        elif path == "/free":
            if not isinstance(body, dict) or not raw:
                raise Answered(500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain")
            if body.get("unload_models") or body.get("free_memory"):
                with self._turn:
                    self.freed += 1
                    self._cache.clear()
        elif path == "/history":
            for prompt_id in fields.get("delete", ()):
                self._history.pop(prompt_id, None)
        raise Answered(200)

    def _cancel(self, prompt_id: str) -> bool:
        if prompt_id in self.waiting:
            self.take_out(prompt_id)
            self.tell_status()
            return True
        if prompt_id and prompt_id == self.running:
            self.interrupt_running()
            return True
        return False

    def _upload(self, raw: bytes, content_type: str) -> object:
        parts = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + raw)
        fields = {part.get_param("name", header="content-disposition"): part for part in parts.get_payload()}
        image = fields["image"]
        kind = fields["type"].get_payload() if "type" in fields else "input"
        name, data = image.get_filename(), image.get_payload(decode=True)
        overwrite = "overwrite" in fields and fields["overwrite"].get_payload() in ("true", "1")
        number = 1
        stem, _, ending = name.rpartition(".")
        while not overwrite and self.disk.get((kind, "", name), data) != data:
            name, number = f"{stem} ({number}).{ending}", number + 1
        if self.lost_uploads:
            self.lost_uploads -= 1
        else:
            self.disk[kind, "", name] = data
        return {"name": name, "subfolder": "", "type": kind}

    def _accept(self, body: dict) -> dict:
        if "prompt" not in body:
            raise Answered(400, {"error": _error("no_prompt", "No prompt provided"), "node_errors": {}})
        given = body.get("prompt_id")
        if given is not None and self.is_new and not _UUID.fullmatch(str(given)):
            wrong = _error("invalid_prompt_id", "prompt_id must be a valid UUID")
            raise Answered(400, {"error": wrong, "node_errors": {}})
        if self.refusal is not None:
            raise Answered(400, self.refusal)
        graph = json.loads(json.dumps(body["prompt"]))
        targets, errors = self._checked(graph)
        prompt_id = str(uuid.uuid4() if self.chooses_ids else given or uuid.uuid4())
        with self._turn:
            number = float(body["number"]) if "number" in body else next(self._numbers)
            number = -number if body.get("front") else number
            extra = dict(body.get("extra_data", {}))
            if "client_id" in body:
                extra["client_id"] = body["client_id"]
            if self.is_new:
                extra["create_time"] = self.now()
            heapq.heappush(self._queue, (number, prompt_id, graph, extra, targets))
            self._turn.notify_all()
        self.tell_status()
        return {"prompt_id": prompt_id, "number": number, "node_errors": errors}

    # -- checking a graph -------------------------------------------------------------------------------------------

    def _checked(self, graph: dict) -> tuple[list[str], dict]:
        """Ids of the output nodes that can run, and what is wrong with the others. Raises Answered (400)."""
        kinds = self.kinds
        for name, node in graph.items():
            if node.get("class_type") not in kinds:
                kind = str(node.get("class_type"))
                title = node.get("_meta", {}).get("title", kind)
                message = f"Cannot execute because node {kind} does not exist."
                wrong = _error("invalid_prompt", message, f"Node ID '#{name}'")
                if self.is_new:
                    message = f"Node '{title}' not found. The custom node may not be installed."
                    about = {"node_id": name, "class_type": kind, "node_title": title}
                    wrong = _error("missing_node_type", message, f"Node ID '#{name}'", about)
                raise Answered(400, {"error": wrong, "node_errors": {}})
        outputs = [name for name, node in graph.items() if kinds[node["class_type"]].is_output]
        if not outputs:
            raise Answered(400, {"error": _error("prompt_no_outputs", "Prompt has no outputs"), "node_errors": {}})
        errors: dict[str, dict] = {}
        good = []
        for output in outputs:
            found = {name: wrong for name in _above(graph, output) if (wrong := self._wrong_inputs(graph, name, kinds))}
            if not found:
                good.append(output)
            for name, wrong in found.items():
                entry = {"errors": wrong, "dependent_outputs": [], "class_type": graph[name]["class_type"]}
                errors.setdefault(name, entry)["dependent_outputs"].append(output)
        if not good:
            wrong = _error("prompt_outputs_failed_validation", "Prompt outputs failed validation")
            raise Answered(400, {"error": wrong, "node_errors": errors})
        return good, errors

    def _wrong_inputs(self, graph: dict, name: str, kinds: dict) -> list[dict]:
        node = graph[name]
        kind = kinds[node["class_type"]]
        wrong = []
        for key, config in (*kind.inputs.items(), *kind.optional.items()):
            if key not in node["inputs"]:
                if key in kind.inputs:
                    about = {"input_name": key}
                    wrong.append(_error("required_input_missing", "Required input is missing", key, about))
                continue
            value = node["inputs"][key]
            if isinstance(value, list):
                wrong += self._wrong_link(graph, key, config, value, kinds)
            elif isinstance(value, dict) and "__value__" in value:
                node["inputs"][key] = value["__value__"]
            else:
                wrong += self._wrong_value(node, key, config)
        return wrong

    def _wrong_link(self, graph: dict, key: str, config: list, value: list, kinds: dict) -> list[dict]:
        above = graph.get(value[0])
        if above is None:
            message = "Exception when validating inner node"
            return [_error("exception_during_inner_validation", message, f"'{value[0]}'")]
        given = kinds[above["class_type"]].outputs[value[1]]
        if given != config[0]:
            details = f"{key}, received_type({given}) mismatch input_type({config[0]})"
            about = {"input_name": key, "input_config": config, "received_type": given, "linked_node": value}
            return [_error("return_type_mismatch", "Return type mismatch between linked nodes", details, about)]
        return []

    def _wrong_value(self, node: dict, key: str, config: list) -> list[dict]:
        value = node["inputs"][key]
        about = {"input_name": key, "input_config": config, "received_value": value}
        options = config[1] if len(config) > 1 else {}
        if options.get("image_upload"):
            base, _, kind = str(value).partition(" [")
            where = (kind.rstrip("]") or "input", base.rpartition("/")[0], base.rpartition("/")[2])
            if where in self.disk:
                return []
            details = f"{key} - Invalid image file: {value}"
            message = "Custom validation failed for node"
            return [_error("custom_validation_failed", message, details, {"input_name": key})]
        choices = config[0] if isinstance(config[0], list) else options.get("options") if config[0] == "COMBO" else None
        if choices is not None:
            if value in choices:
                return []
            shown = choices
            if len(choices) > 20:  # a long list is not told
                shown, about["input_config"] = f"(list of length {len(choices)})", None
            details = f"{key}: {value!r} not in {shown}"
            return [_error("value_not_in_list", "Value not in list", details, about)]
        if config[0] in ("INT", "FLOAT"):
            try:
                value = node["inputs"][key] = int(value) if config[0] == "INT" else float(value)
            except (TypeError, ValueError) as err:
                message = f"Failed to convert an input value to a {config[0]} value"
                return [_error("invalid_input_type", message, f"{key}, {value}, {err}", about)]
            low, high = value < options["min"], value > options["max"]
            for bound, is_outside, word in (("min", low, "smaller"), ("max", high, "bigger")):
                if is_outside:
                    message = f"Value {value} {word} than {bound} of {options[bound]}"
                    return [_error(f"value_{word}_than_{bound}", message, key, about)]
        elif config[0] == "STRING":
            node["inputs"][key] = str(value)
        elif config[0] == "BOOLEAN":
            node["inputs"][key] = bool(value)
        return []

    # -- the worker -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._turn:
                while not self._queue and not self.closing:
                    self._turn.wait()
                if self.closing:
                    return
                self._running = heapq.heappop(self._queue)
                # An interrupt that came while nothing ran is lost.
                self._interrupted = False
                self._node = None
            self._run(*self._running)

    def _run(self, number: float, prompt_id: str, graph: dict, extra: dict, targets: list[str]) -> None:
        client = str(extra.get("client_id", ""))
        self.runs.append(prompt_id)
        wrong = self._run_faults.pop(0) if self._run_faults and client != "somebody-else" else ""
        if wrong in ("other-steps", "other-seed", "other-checkpoint"):
            graph = self._twisted(graph, wrong)
        messages: list[list] = []

        def say(kind: str, **data: object) -> None:
            told = {**data, "prompt_id": prompt_id}
            messages.append([kind, {**told, "timestamp": self.now()}])
            self.tell(client, kind, messages[-1][1])

        self.tell_status()
        say("execution_start")
        outputs: dict[str, dict] = {}
        signs = {name: self._sign(graph, name) for target in targets for name in _above(graph, target)}
        cached = [name for name, sign in signs.items() if sign in self._cache]
        say("execution_cached", nodes=cached)
        states: dict[str, dict] = {}
        try:
            for target in targets:
                self._evaluate(graph, target, signs, states, (client, prompt_id, extra, wrong))
                if target in cached:
                    self._tell_executed(target, signs[target], client, prompt_id)
                    self._tell_state(states, target, 1, 1, "finished", client, prompt_id)
                if wrong != "no-output":
                    outputs[target] = {"images": self._shown[signs[target]]}
            say("execution_success")
        except Stopped:
            outputs = {}
            say("execution_interrupted", node_id=self._node, node_type=graph[self._node]["class_type"], executed=[])
        except Failed as failed:
            outputs = {}
            where = {"node_id": self._node, "node_type": graph[self._node]["class_type"], "executed": [*states]}
            about: dict = {"exception_message": failed.message, "exception_type": failed.kind}
            about |= {"traceback": ["File /opt/x.py"], "current_inputs": {"text": ["a secret"]}, "current_outputs": []}
            say("execution_error", **where, **about)
        is_good = messages[-1][0] == "execution_success"
        record = {
            "prompt": [number, prompt_id, graph, extra, targets],
            "outputs": outputs,
            "status": {"status_str": "success" if is_good else "error", "completed": is_good, "messages": messages},
            "meta": {name: {"node_id": name} for name in outputs},
        }
        self._finish(record, prompt_id, client, wrong)

    def _finish(self, record: dict, prompt_id: str, client: str, wrong: str) -> None:
        with self._turn:
            if self.closing:
                return
            self._running = None
            if wrong != "history-cleared":
                self._history[prompt_id] = record
            if wrong == "late-history":
                self._hidden[prompt_id] = 1
        if wrong == "file-gone":
            self.delete_files()
        self.tell_status()
        self.tell(client, "executing", {"node": None, "prompt_id": prompt_id})
        self.ended.append(prompt_id)

    def _twisted(self, graph: dict, wrong: str) -> dict:
        """Another value than asked for stands in graph and file, as if the server had changed it."""
        changed = json.loads(json.dumps(graph))
        for node in changed.values():
            inputs = node["inputs"]
            if wrong == "other-steps" and "steps" in inputs:
                inputs["steps"] += 1
            for key in ("seed", "noise_seed"):
                if wrong == "other-seed" and key in inputs:
                    inputs[key] += 1
            if wrong == "other-checkpoint" and "ckpt_name" in inputs:
                inputs["ckpt_name"] = next(name for name in self.files["checkpoints"] if name != inputs["ckpt_name"])
        return changed

    def _sign(self, graph: dict, name: str) -> str:
        """What a node is cached by: class, inputs, and what is above it; no id, title or client."""
        node = graph[name]
        inputs = {
            key: [self._sign(graph, value[0]), value[1]] if isinstance(value, list) else value
            for key, value in node["inputs"].items()
        }
        if node["class_type"] == "LoadImage":
            inputs["content"] = hashlib.sha256(self._uploaded(str(inputs["image"]))).hexdigest()
        return digest_of(node["class_type"], inputs)

    def _uploaded(self, called: str) -> bytes:
        base, _, kind = called.partition(" [")
        return self.disk.get((kind.rstrip("]") or "input", base.rpartition("/")[0], base.rpartition("/")[2]), b"")

    def _evaluate(self, graph: dict, name: str, signs: dict[str, str], states: dict, job: tuple) -> list[Thing]:
        if signs[name] in self._cache:
            return self._cache[signs[name]]
        client, prompt_id, extra, wrong = job
        node = graph[name]
        values = {
            key: self._evaluate(graph, value[0], signs, states, job)[value[1]] if isinstance(value, list) else value
            for key, value in node["inputs"].items()
        }
        self._node = name
        kind = node["class_type"]
        steps = int(node["inputs"].get("steps", 1)) if "ampler" in kind or kind == "FaceDetailer" else 1
        self._tell_state(
            states, name, 0, 1, "running", client, prompt_id
        )  # how many steps it has, it tells at the first
        self.tell(client, "executing", {"node": name, "display_node": name, "prompt_id": prompt_id})
        self._pause(0, loading="CheckpointLoader" in kind)
        if wrong == "broken-checkpoint" and "CheckpointLoader" in kind:
            message = "Error while deserializing header: invalid JSON in header: EOF while parsing a value at line 1"
            raise Failed("safetensors._safetensors_rust.SafetensorError", f"{message}\n")
        if steps > 1 or "ampler" in kind:
            for step in range(1, steps + 1):
                self._pause(step, loading=False)
                self._tell_state(states, name, step, steps, "running", client, prompt_id)
                self._preview(client, prompt_id, name, str(extra.get("preview_method", "none")))
                self.tell(client, "progress", {"value": step, "max": steps, "prompt_id": prompt_id, "node": name})
                if wrong == "interrupted":
                    raise Stopped
                if wrong == "oom":
                    message = "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory\n"
                    raise Failed("RuntimeError", message)
                if wrong == "oom-gpu":
                    message = "Allocation on device \nThis error means you ran out of memory on your GPU."
                    raise Failed("torch.OutOfMemoryError", message)
        if kind == "LoadImage":
            data = self._uploaded(str(values["image"]))
            made = [Thing(hashlib.sha256(data).hexdigest(), _png_size(data)), Thing(DARK, _png_size(data))]
        elif kind in ("SaveImage", "PreviewImage"):
            made = []
            self._shown[signs[name]] = [self._save(graph, name, values, extra, wrong)]
            self._tell_executed(name, signs[name], client, prompt_id)
        else:
            made = run_node(kind, values, len(self.kinds[kind].outputs), self.foreign_loras)
        self._tell_state(states, name, steps, steps, "finished", client, prompt_id)
        if not wrong:
            self._cache[signs[name]] = made
        return made

    def _tell_executed(self, name: str, sign: str, client: str, prompt_id: str) -> None:
        shown = {"images": self._shown[sign]}
        done = {"node": name, "display_node": name, "output": shown, "prompt_id": prompt_id}
        self.tell(client, "executed", done)

    def _tell_state(
        self, states: dict, name: str, at: float, of: float, state: str, client: str, prompt_id: str
    ) -> None:
        about = {"node_id": name, "prompt_id": prompt_id, "display_node_id": name, "parent_node_id": None}
        states[name] = {"value": at, "max": of, "state": state, **about, "real_node_id": name}
        self.tell(client, "progress_state", {"prompt_id": prompt_id, "nodes": dict(states)})

    def _pause(self, step: int, *, loading: bool) -> None:
        """Where a run can be held and interrupted: at a step or a node, never while a model loads."""
        if step and self.step_delay_s:
            time.sleep(self.step_delay_s)
        self.stand(step, lambda: self._interrupted, loading=loading)
        with self._turn:
            if self.closing or (self._interrupted and not loading):
                self._interrupted = False
                raise Stopped

    def _save(self, graph: dict, name: str, values: dict, extra: dict, wrong: str) -> dict:
        thing = values["images"]
        image = painted(thing)
        if wrong == "black":
            image = image.point(lambda _value: 0)
        with_text = wrong != "no-metadata"
        data = png(image, graph if with_text else None, extra.get("extra_pnginfo"))
        kind = "output" if graph[name]["class_type"] == "SaveImage" else "temp"
        prefix = str(values.get("filename_prefix", f"ComfyUI_temp_{digest_of(name, thing.digest)[:5]}"))
        folder, _, stem = prefix.rpartition("/")
        count = 1 + sum(1 for key in self.disk if key[:2] == (kind, folder) and key[2].startswith(f"{stem}_"))
        file = f"{stem}_{count:05d}_.png"
        self.disk[kind, folder, file] = data
        return {"filename": file, "subfolder": folder, "type": kind}


def _error(kind: str, message: str, details: str = "", about: dict | None = None) -> dict:
    return {"type": kind, "message": message, "details": details, "extra_info": about or {}}


def _above(graph: dict, name: str) -> list[str]:
    """The node and all that stand above it, each once, in an order in which they can run."""
    found: list[str] = []

    def visit(at: str) -> None:
        if at in found or at not in graph:
            return
        for value in graph[at]["inputs"].values():
            if isinstance(value, list):
                visit(value[0])
        if at not in found:
            found.append(at)

    visit(name)
    return found


def _png_size(data: bytes) -> tuple[int, int]:
    if not data.startswith(b"\x89PNG") or len(data) < 33:
        raise Failed("PIL.UnidentifiedImageError", "cannot identify image file '/opt/comfy/temp/x.png'")
    return struct.unpack(">II", data[16:24])


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], requests: type, fake: FakeComfyUI) -> None:
        self.fake = fake
        super().__init__(address, requests)

    def process_request(self, request: socket.socket, client_address: object) -> None:
        self.fake.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        self.fake.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A client that went away is no error."""


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # As in a real one: else a message of the socket waits up to 40 ms for the one before it to be acknowledged.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        fake = self.server.fake
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not parts.path.startswith(fake.below):
            self._send(404, b"404: Not Found", "text/plain")
            return
        path = parts.path.removeprefix(fake.below)
        # Every route is there twice; the newer ones only below /api.
        if path.startswith("/api/") and not path.startswith("/api/jobs"):
            path = path.removeprefix("/api")
        fake.authorizations.append(self.headers.get("Authorization", ""))
        if fake.auth and self._login() != fake.auth:
            self._send(401, b"401 Authorization Required", "text/html", {"WWW-Authenticate": "Basic"})
            return
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers.get("Host"):
            self._send(403, b"", "text/plain")
            return
        if path == "/ws":
            self._socket(parse_qs(parts.query))
            return
        body: object = None
        if method == "POST":
            with contextlib.suppress(ValueError):
                body = json.loads(raw) if raw else {}
            fake.posts.append(Posted(path, body))
        else:
            fake.gets.append(path)
        self._play(fake.next_fault(path), method, path, {k: v[0] for k, v in parse_qs(parts.query).items()}, body, raw)

    def _login(self) -> str:
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(text).decode() if kind == "Basic" else ""

    def _play(self, fault: str, method: str, path: str, query: dict, body: object, raw: bytes) -> None:
        fake = self.server.fake
        if fault == "hang":
            while not fake.closing and not self._is_gone():
                time.sleep(0.01)
            self.close_connection = True
            return
        plain = {
            "500": (500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain"),
            "html": (200, b"<!doctype html><title>Sign in</title>", "text/html"),
            "html-502": (502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html"),
            "401": (401, b"", "text/plain"),
            "403": (403, b"", "text/plain"),
            "413": (413, b"Maximum request body size exceeded", "text/plain"),
            "404": (404, b"", "text/plain"),
            "redirect": (302, b"", "text/plain"),
            "not-json": (200, b'{"prompt_id": ', "application/json"),
            "empty": (200, b"", "application/json"),
            "not-an-image": (200, b"this is no picture", "image/png"),
        }
        if fault in plain:
            status, data, kind = plain[fault]
            self._send(status, data, kind, {"Location": "http://elsewhere.example/login"} if status == 302 else {})
            return
        if fault == "reset":
            self._reset()
            return
        status, payload, kind = 200, b"", ""
        try:
            content = self.headers.get("Content-Type", "")
            done = fake.get(path, query) if method == "GET" else fake.post(path, body, raw, content)
            payload, kind = json.dumps(done).encode(), "application/json; charset=utf-8"
        except Answered as other:
            payload = other.payload if isinstance(other.payload, bytes) else json.dumps(other.payload).encode()
            # An empty answer has no type.
            status, kind = other.status, other.kind or ("application/json; charset=utf-8" if payload else "")
        if fault == "reset-after":
            self._reset()
            return
        if fault == "partial":
            # One branch of the graph is turned down, the other one runs.
            wrong = _error("value_not_in_list", "Value not in list", "ckpt_name: 'nope' not in []")
            errors = {"20": {"errors": [wrong], "dependent_outputs": ["23"], "class_type": "CheckpointLoaderSimple"}}
            payload = json.dumps({**json.loads(payload), "node_errors": errors}).encode()
        if fault == "nan":
            payload = payload[:-1] + b', "odd": NaN}'
        if fault == "truncated-png":
            payload = payload[:-30]
        if fault == "flipped-png":
            at = payload.index(b"IDAT") + 10
            payload = payload[:at] + bytes((payload[at] ^ 1,)) + payload[at + 1 :]
        self._send(status, payload, kind, cut=fault == "cut")

    def _is_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _send(self, status: int, data: bytes, kind: str, more: dict | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for key, value in (more or {}).items():
            self.send_header(key, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = True

    # A WebSocket stays in this thread until either side ends it.

    def _socket(self, query: dict[str, list[str]]) -> None:
        fake = self.server.fake
        fake.socket_tries += 1
        if not fake.has_socket or self.headers.get("Upgrade", "").lower() != "websocket":
            self._send(400, b"No WebSocket UPGRADE hdr", "text/plain")
            return
        key = self.headers.get("Sec-WebSocket-Key", "")
        accepted = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        self.close_connection = True
        if fake.mute_sockets:
            while self._read_frame() is not None:
                pass
            return
        client = Client((query.get("clientId") or [uuid.uuid4().hex])[0], self.connection)
        fake.joined(client)
        try:
            first = self._read_frame()
            if first is not None and b"supports_preview_metadata" in first:
                client.previews = True
                client.tell("feature_flags", fake.get("/features", {}))
            while first is not None:
                first = self._read_frame()
        finally:
            fake.left(client)

    def _read_frame(self) -> bytes | None:
        """One frame of a client, or None when it went."""
        try:
            head = self.rfile.read(2)
            if len(head) < 2 or head[0] & 0x0F == 8:
                return None
            length = head[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self.rfile.read(2))
            mask = self.rfile.read(4)
            return bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(length)))
        except (OSError, ValueError):
            return None


def main() -> None:
    parser = argparse.ArgumentParser(description="A ComfyUI that paints patterns.")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--version", default="0.33.0")
    parser.add_argument("--no-socket", action="store_true")
    parser.add_argument("--steps-delay", type=float, default=0.0)
    args = parser.parse_args()
    fake = FakeComfyUI(args.version, port=args.port, socket=not args.no_socket, step_delay_s=args.steps_delay)
    with fake, contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    main()
