"""Proves that a cluster works where the program stands: a scheduler, one worker, one picture, all on this computer."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

from ..domain.base.errors import InvalidInput
from ..domain.config.catalogue import with_values
from ..domain.config.engines import CLUSTER
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.user_settings import Settings
from ..domain.journal.record import LearningRecord
from ..domain.prompts.pack import PackPrompt
from ..domain.prompts.variant import as_written
from ..domain.runs.job import RunRequest
from ..pipeline.messages.base import Event
from ..pipeline.messages.jobs import JobEnded
from ..storage.cluster.folder import ClusterFolder
from ..storage.cluster.invitations import init_cluster, invite_machine, need_cluster_packages
from .controller import Controller, open_places
from .engines.backend_for import own_command

NOT_INSIDE = "not installed"
_WORKER = "selftest"
_PROMPT = PackPrompt(_WORKER, _WORKER, "a small red boat on a calm sea, sunset", "", 1)
_END_S = 5.0


def cluster_trial(folder: Path, limit_s: float) -> str:
    """Let a worker in a process of its own make a picture. "ok", NOT_INSIDE where the packages of a cluster are
    missing, else what went wrong. Writes into the folder only; listens at 127.0.0.1 only.
    """
    try:
        need_cluster_packages()
    except InvalidInput:
        return NOT_INSIDE
    places = open_places(str(folder / "operator"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cluster, file, passphrase = ClusterFolder(places.cluster), folder / "worker.pair", secrets.token_hex(8)
    init_cluster(cluster, name="operator", host="127.0.0.1", port=port, again=False)
    invite_machine(cluster, _WORKER, file, passphrase)
    worker = subprocess.Popen(
        own_command("worker", "--data-dir", str(folder / "worker"), "--backend", "sketch", "--join", str(file)),
        env=os.environ | {"STABLENEW_PASSPHRASE": passphrase},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # It waits for the machine, and starts the scheduler.
    controller = Controller(places, Settings(backend=CLUSTER + _WORKER, welcome_done=True), keep_queue=False)
    ended: list[LearningRecord] = []

    def note(event: Event) -> None:
        if isinstance(event, JobEnded):
            ended.append(event.record)

    try:
        controller.subscribe(note)
        config = with_values(PipelineConfig(), {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 1})
        controller.run(RunRequest(pack_id=_WORKER, variants=as_written((_PROMPT,)), config=config, seed=1))
        until = time.monotonic() + limit_s
        while not ended and time.monotonic() < until and worker.poll() is None:
            controller.pump(wait_s=0.1)
    finally:
        controller.close()
        worker.terminate()
        try:
            worker.wait(_END_S)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait(_END_S)
    if not ended:
        waits = next((one.problem for one in controller.nodes.states if one.problem), "no answer")
        return f"no picture within {limit_s:.0f} s: {waits}"
    record = ended[0]
    if record.status != "ok" or record.backend.node != _WORKER:
        return f"the job {record.status}: {record.error.message if record.error is not None else record.backend.node}"
    return "ok"
