"""How long reading all sidecars of a large model folder takes, beside a bare walk that reads the same bytes.

    python3 scripts/bench/sidecars.py [MODELS]

Each model has a header of 14 KB, and a mix of the sidecars people have. Times are processor time, the median of five
passes that take turns, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.domain.models.style import StyleCatalogue
from stablenew_tk.storage.models.folders import walk
from stablenew_tk.storage.models.profile_reader import load_styles
from stablenew_tk.storage.models.sidecars import HEADER_SUFFIXES
from stablenew_tk.storage.models.summary import model_summary

PASSES = 5
HEADER_BYTES = 14_000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    styles, _ = load_styles(Path("none"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fill(root, count)
        bare_s, scan_s = turns(lambda: bare(root), lambda: scan(root, styles))
    print(f"{count} models, processor time, median of {PASSES}")
    print(f"  bare walk, same bytes   {bare_s * 1000:7.0f} ms")
    print(f"  profiles scan           {scan_s * 1000:7.0f} ms   {scan_s / bare_s:.2f}x (limit 3x)")


def turns(*works: Callable[[], None]) -> list[float]:
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(PASSES):
        for times, work in zip(taken, works, strict=True):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def bare(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            os.stat(path)
            if name.endswith(".png"):
                continue
            with open(path, "rb") as file:
                file.read(16 * 1024 if name.endswith(HEADER_SUFFIXES) else -1)


def scan(root: Path, styles: StyleCatalogue) -> None:
    for folder in walk(root):
        for files in folder.models:
            model_summary(folder.path, folder.way, files, styles, folder.outside)


def fill(root: Path, count: int) -> None:
    tensors = {
        f"lora_unet_block_{i}.lora_down.weight": {"dtype": "F16", "shape": [4, 4], "data_offsets": [0, 32]}
        for i in range(HEADER_BYTES // 100)
    }
    metadata = {"ss_base_model_version": "sdxl_base_v1-0", "ss_output_name": "demo", "ss_resolution": "(1024, 1024)"}
    header = json.dumps({"__metadata__": metadata, **tensors}).encode()
    image = {"meta": {"steps": 30, "sampler": "DPM++ 2M Karras", "cfgScale": 5, "prompt": "a crane " * 40}}
    page = {
        "trainedWords": ["demo"],
        "baseModel": "SDXL 1.0",
        "model": {"type": "LORA", "name": "Demo"},
        "files": [{"name": "demo.safetensors", "hashes": {"SHA256": "0" * 63 + "1"}}],
        "images": [image] * 4,
    }
    cards = [
        (".json", {"activation text": "demo", "preferred weight": 0.8, "sd version": "SDXL"}),
        (".cm-info.json", {"BaseModel": "SDXL 1.0", "InferenceDefaults": {"Sampler": {"Name": "euler"}, "Steps": 30}}),
        (".metadata.json", {"base_model": "SDXL 1.0", "usage_tips": '{"strength": 0.8}', "civitai": page}),
        (".modelprofile.json", {"kind": "model_profile", "recommended_presets": [{"id": "b", "steps": 30}]}),
    ]
    for number in range(count):
        folder = root / f"folder{number // 100}"
        folder.mkdir(exist_ok=True)
        stem = folder / f"model{number:05}"
        Path(f"{stem}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))
        Path(f"{stem}.civitai.info").write_text(json.dumps(page))
        suffix, card = cards[number % len(cards)]
        Path(f"{stem}{suffix}").write_text(json.dumps(card))
        Path(f"{stem}.png").write_bytes(b"")


if __name__ == "__main__":
    main()
