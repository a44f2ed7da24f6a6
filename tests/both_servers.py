"""A WebUI and a ComfyUI seen alike: what a test of both asks of them."""

from __future__ import annotations

from contextlib import contextmanager

from conftest import PATIENCE_S, wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI

# Kind: its fake, and the names that a job of four stages needs there.
_WEBUI = {"checkpoint": "ink_model"}
_COMFYUI = {"checkpoint": "ink_model", "upscale.upscaler": "4x-UltraSharp"}
VAES = {"forge": "ae.safetensors", "a1111": "soft.vae.pt"}
KINDS = ("forge", "a1111", "comfyui", "comfyui-polled")


class AnyServer:
    """One fake server. `names` are the values that its jobs need, `vae` one of its VAEs."""

    def __init__(self, kind, **options):
        self.is_comfyui = kind.startswith("comfyui")
        made = FakeComfyUI(socket=kind == "comfyui", **options) if self.is_comfyui else FakeWebUI(kind, **options)
        self.fake = made
        self.names = _COMFYUI if self.is_comfyui else _WEBUI
        self.vae = VAES.get(kind, "soft.vae.safetensors")

    @property
    def url(self):
        return self.fake.url

    def asked(self):
        """How many pictures were asked for, by anybody who came over HTTP."""
        routes = ("prompt",) if self.is_comfyui else ("txt2img", "/img2img", "extra-single-image")
        return sum(self.fake.count(route) for route in routes)

    def seeds(self):
        """The seeds of all pictures asked for, in order."""
        if not self.is_comfyui:
            return [seen.body["seed"] for seen in self.fake.posts if seen.path.endswith(("txt2img", "/img2img"))]
        inputs = [node["inputs"] for graph in self.fake.graphs() for node in graph.values()]
        return [one[key] for one in inputs for key in ("seed", "noise_seed") if key in one]

    def settings(self):
        """The server's own settings, in memory and in its file, with the types of numbers. ComfyUI has none."""
        return () if self.is_comfyui else settings_of(self.fake)

    def is_idle(self):
        return not (self.fake.running or self.fake.waiting) if self.is_comfyui else not self.fake.busy

    def stopped_others(self):
        """Requests that could have touched somebody else's job: they name none, or not only ours."""
        if self.is_comfyui:
            own = {seen.body["prompt_id"] for seen in self.fake.posts if seen.path == "/prompt"}
            return [
                seen
                for seen in self.fake.posts
                if seen.path in ("/free", "/history")
                or (seen.path == "/interrupt" and seen.body.get("prompt_id") not in own)
                or (seen.path == "/queue" and not set(seen.body.get("delete", ("",))) <= own)
                or (seen.path.endswith("/cancel") and seen.path.split("/")[3] not in own)
            ]
        return [seen for seen in self.fake.posts if seen.path.endswith(("/interrupt", "/skip"))]


def settings_of(webui):
    """All settings of a fake WebUI: what each is in memory, and in the file, with the types of numbers."""
    options, file = webui.options, webui.file
    return {key: (repr(value), repr(file.get(key, value))) for key, value in options.items()}


@contextmanager
def server(kind, **options):
    made = AnyServer(kind, **options)
    with made.fake:
        yield made


def words(values):
    """Values as the terminal takes them."""
    return [word for path, value in values.items() for word in ("--set", f"{path}={value}")]


def killed_in_the_middle(server, start, reached, *, step=3):
    """Start a program, wait until it has come far, and kill it while the server makes its next picture."""
    # The server makes one at a time: however late we come, the program has not ended.
    server.fake.hold(step=step)
    run = start()
    assert server.fake.held.wait(PATIENCE_S)
    while not reached():
        server.fake.let_one_go()
        assert server.fake.held.wait(PATIENCE_S)
    run.kill()
    run.communicate(timeout=60)
    server.fake.release()
    wait_until(server.is_idle)
