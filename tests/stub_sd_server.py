"""An sd-server program without a model: takes the options of the real one, answers like it, and prints like it.

What the first line of the model file says, it does: "slow" (answers once a file `answer` is there), "damaged" (error,
exit code 1 at once), "dies" (ends in mid-picture), "deaf" (ignores SIGTERM), "elsewhere" (at its first start somebody
else's server answers at its port), "old" (does not know an option). Anything else is a good model.

It leaves in the folder of the model file: `starts.jsonl` (its arguments and process id at every start), `posts.jsonl`.
While a file `hold` is there, a picture stops before the step that the file says, and a file `held` says that it does.

`StubProgram(folder)` makes such a program with models, for tests; its members are those of FakeWebUI.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from fake_webui import FakeWebUI


class StubServer(FakeWebUI):
    """FakeWebUI as sd-server, with one checkpoint that is called as its file."""

    def __init__(self, name: str, folder: Path, mood: str, port: int) -> None:
        super().__init__("sd-server", port=port)
        # Only the first is listed.
        self.models = {name: "8888888888", "of another server": ""}
        self.options["sd_model_checkpoint"] = f"{name}.safetensors"
        self.folder, self.mood = folder, mood

    def answer(self, method, path, query, body, twist):
        if path.endswith("/options"):
            return {"samples_format": "png", "sd_model_checkpoint": next(iter(self.models))}
        if method == "POST":
            noted(self.folder / "posts.jsonl", {"path": path, "body": body})
            bar("loading tensors completed", "  |==========>         | 210/686 - 1.21GB/s")
            if self.mood == "dies":
                self.die()
            self.wait_here(body)
        return super().answer(method, path, query, body, twist)

    def die(self):
        said("[ERROR] ggml-backend.cpp:1234 - failed to allocate buffer")
        said(f"terminate called: cannot map {self.folder}/next.bin")
        os.abort()

    def wait_here(self, body):
        hold = self.folder / "hold"
        if hold.exists():
            steps = body.get("steps", 20)
            bar(f"  |=====>        | {hold.read_text()}/{steps} - 1.31s/it")
            (self.folder / "held").touch()
            pause = threading.Event()
            while hold.exists():
                pause.wait(0.01)


def noted(path: Path, value: object) -> None:
    with path.open("a") as file:
        file.write(json.dumps(value) + "\n")


def bar(*lines: str) -> None:
    said("\n".join(lines), end="\r")


def said(text: str, end: str = "\n", file: TextIO = sys.stdout) -> None:
    file.write(text + end)
    file.flush()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("-l", required=True)
    options.add_argument("-m", required=True, type=Path)
    options.add_argument("--listen-port", required=True, type=int)
    options.add_argument("--lora-model-dir", type=Path)
    options.add_argument("--hires-upscalers-dir", type=Path)
    options.add_argument("-t", type=int, default=-1)
    asked = options.parse_args()
    folder, name, mood = asked.m.parent, asked.m.stem, asked.m.read_text().split("\n")[0]
    starts = folder / "starts.jsonl"
    is_first = not starts.exists()
    if mood == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    noted(starts, {"pid": os.getpid(), "arguments": sys.argv[1:], "memory": memory_limit()})
    said(f"[INFO ] stable-diffusion.cpp:188  - loading model from '{asked.m}'")
    if mood == "damaged":
        said(f"\x1b[31m[ERROR] model.cpp:512  - init model loader from file failed: '{asked.m}'")
        said("[ERROR] main.cpp:77   - new_sd_ctx_t failed", file=sys.stderr)
        sys.exit(1)
    if mood == "slow":
        pause = threading.Event()
        while not (folder / "answer").exists():
            pause.wait(0.01)
    if mood == "elsewhere" and is_first:
        name = "somebody_elses"
    said(f"[INFO ] main.cpp:148  - listening on: {asked.l}:{asked.listen_port}")
    with StubServer(name, folder, mood, asked.listen_port):
        threading.Event().wait()


def memory_limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_DATA)[0]


class StubProgram:
    """The program as a file, models beside it, and what it noted. `url` "" until it was started."""

    def __init__(self, folder: Path, **models: str) -> None:
        self.folder = folder
        self.models = folder / "models"
        self.models.mkdir(parents=True)
        self.program = folder / "bin" / "sd-server"
        self.program.parent.mkdir()
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).absolute()}" "$@"\n')
        self.program.chmod(0o755)
        for name, mood in (models or {"boat": "good"}).items():
            self.add(name, mood)

    def add(self, name: str, mood: str = "good") -> Path:
        path = self.models / f"{name}.safetensors"
        path.write_text(f"{mood}\n")
        return path

    def hold(self, step: int = 1) -> None:
        (self.models / "hold").write_text(str(step))

    def answer(self) -> None:
        """Let one that is slow answer."""
        (self.models / "answer").touch()

    @property
    def held(self) -> StubProgram:
        return self

    def is_set(self) -> bool:
        return (self.models / "held").exists()

    def release(self) -> None:
        (self.models / "hold").unlink(missing_ok=True)
        (self.models / "held").unlink(missing_ok=True)

    @property
    def posts(self) -> list[dict]:
        return self._noted("posts.jsonl")

    @property
    def starts(self) -> list[dict]:
        return self._noted("starts.jsonl")

    @property
    def served(self) -> list[str]:
        """Names of the model files of all starts."""
        return [Path(self.argument("-m", start)).stem for start in self.starts]

    def argument(self, option: str, start: dict | None = None) -> str:
        words = (start or self.starts[-1])["arguments"]
        return words[words.index(option) + 1] if option in words else ""

    def count(self, what: str) -> int:
        return sum(1 for post in self.posts if post["path"].endswith(what))

    def alive(self) -> list[int]:
        """Process ids of all its starts that still run."""
        return [start["pid"] for start in self.starts if is_alive(start["pid"])]

    def _noted(self, name: str) -> list[dict]:
        path = self.models / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet waited for does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False  # it may also end while its line is being read


if __name__ == "__main__":
    main()
