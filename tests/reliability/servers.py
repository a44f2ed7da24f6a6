"""Servers that fail in every way they know, at any request of any stage, with a stop at a chance moment: every job ends
exactly once, has exactly one record, its pictures are there, and the threads end.
"""

from __future__ import annotations

import hashlib
import queue
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

import fake_comfyui
import fake_webui
import msgspec
from jobs import LATER, QUICK, Workshop, job, webui

from reliability.outcome import Outcome
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.workers import Node, drain
from stablenew_tk.storage.journal.reader import recent, verify

LIMIT_S = 90.0  # until a job that nobody stopped has ended
SLOWLY = dict.fromkeys(("lists_s", "progress_s", "options_s", "control_s", "stall_s"), 1.0)
WEBUI_NAMES = {"checkpoint": "ink_model"}
COMFYUI_NAMES = {"checkpoint": "ink_model", "upscale.upscaler": "4x-UltraSharp"}


def one_job(dice: Random, folder: Path) -> Outcome:
    found, kind = Outcome(tries=1, faults=1), dice.choice(("forge", "a1111", "comfyui", "comfyui-polled"))
    is_comfyui = kind.startswith("comfyui")
    faults = fake_comfyui.FAULTS if is_comfyui else fake_webui.FAULTS
    fault, nth = dice.choice(sorted(faults)), dice.choice((1, 1, 2, 3, 6))
    stop_after = dice.choice((None, None, dice.expovariate(20.0), dice.expovariate(3.0)))
    where = f"{kind}, {fault} at {nth}, stopped after {stop_after}"
    with ExitStack() as stack:
        if is_comfyui:
            server = stack.enter_context(fake_comfyui.FakeComfyUI(socket=kind == "comfyui"))
            backend = ComfyUI(server.url, limits=msgspec.structs.replace(QUICK, **SLOWLY, total_s=3.0))
            route = dice.choice(("/prompt", "", "/history", "/view", "/object_info"))
            if dice.random() < 0.3:
                server.run_fault(dice.choice(sorted(fake_comfyui.RUN_FAULTS)))
        else:
            server = stack.enter_context(fake_webui.FakeWebUI(kind))
            backend = webui(server, **SLOWLY, total_s=3.0, picture_bytes=1 << 22)
            route = dice.choice(("work", "*", "options", "progress"))
        server.fault(fault, route=route, nth=nth)
        inbox: queue.SimpleQueue = queue.SimpleQueue()
        shop = Workshop(folder, backend)
        node = Node(backend, shop.around, inbox, patient=False)
        names = COMFYUI_NAMES if is_comfyui else WEBUI_NAMES
        asked = job(**dice.choice(({}, {}, LATER)), **names)
        node.start(asked)
        begun, events, ended = time.monotonic(), [], []
        while not ended and time.monotonic() < begun + LIMIT_S:
            events += drain(inbox, wait_s=0.02)
            ended = [event for event in events if isinstance(event, JobEnded)]
            if stop_after is not None and time.monotonic() > begun + stop_after:
                break
        if stop_after is None and not ended:
            found.hangs += 1
            found.note(f"{where}: no end within {LIMIT_S:.0f} s")
        if not node.close():
            found.hangs += 1
            found.note(f"{where}: a thread did not end")
        events += drain(inbox)
        found.add(_judged(where, events, asked.job_id, shop))
    return found


def _judged(where: str, events: list, job_id: str, shop: Workshop) -> Outcome:
    found = Outcome()
    ended = [event for event in events if isinstance(event, JobEnded)]
    if len(ended) != 1:
        found.wrong += 1
        found.note(f"{where}: ended {len(ended)} times")
    records = [folded.record for folded in recent(shop.journal, 100) if folded.record.job_id == job_id]
    if len(records) != 1 or verify(shop.journal).damaged:
        found.lost += 1
        found.note(f"{where}: {len(records)} records")
    for record in records:
        if record.error is not None and "mistake" in record.error.message:
            found.uncaught += 1
            found.note(f"{where}: {record.error.message}")
        for output in record.outputs:
            path = shop.path(output)
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != output.sha256:
                found.lost += 1
                found.note(f"{where}: the picture {output.path} is not what its record says")
        if record.status == "ok" and any("interrupted" in output.suspect for output in record.outputs):
            found.wrong += fault_is_silent(where)
    return found


def fault_is_silent(where: str) -> bool:
    """Whether a half-done picture was called good though nobody stopped it and the server kept nothing back."""
    return "fewer-images" not in where and "partial" not in where and "interrupted" not in where


def servers(dice: Random, folder: Path, count: int) -> Outcome:
    """One job at a time, each with a server of its own."""
    found = Outcome()
    for number in range(count):
        (folder / str(number)).mkdir()
        try:
            found.add(one_job(dice, folder / str(number)))
        except Exception as error:
            found.uncaught += 1
            found.note(f"{type(error).__name__}: {error}")
    return found
