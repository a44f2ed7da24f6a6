"""What the library of models costs, each figure beside a bare walk measured in the same run.

    python3 scripts/bench/library.py [--models 10000] [--drops 5000] [--repeat 5]

Prints one JSON object. Ratios count; seconds are processor time of this machine at this moment, except where wall time
is named.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import queue
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.storage.models.index import settings_of
from stablenew_tk.storage.models.library import Library
from stablenew_tk.storage.models.profile_reader import load_styles
from stablenew_tk.storage.watcher import Touched, Watcher

STYLES, _ = load_styles(Path("none"))
TENSORS = 100  # a header of 14 KB, which the first read of a file takes in
KINDS, ALONE = 40, 10  # of a collection share so many tables of tensors; every tenth model has one of its own
LAYERS = (
    "lora_unet_input_blocks_{}_1_transformer_blocks_0_attn2_to_k",  # of SDXL
    "lora_unet_down_blocks_{}_attentions_0_transformer_blocks_0_attn2_to_k",
    "lora_unet_single_blocks_{}_linear1",  # of Flux
    "diffusion_model.blocks.{}.cross_attn.k",  # of Wan
)


def model(number: int) -> bytes:
    """A LoRA: the metadata are its own, the table of tensors is that of others like it."""
    kind = KINDS + number if number % ALONE == 0 else number % KINDS
    layer, rank = LAYERS[kind % len(LAYERS)], 4 + kind
    tensors = {
        f"{layer.format(at)}.lora_down.weight": {
            "dtype": "F16",
            "shape": [rank, 2048],
            "data_offsets": [rank * at * 4096, rank * (at + 1) * 4096],
        }
        for at in range(TENSORS)
    }
    name = f"demo {number:05}"
    metadata = {"ss_base_model_version": "sdxl_base_v1-0", "ss_output_name": name, "ss_resolution": "(1024, 1024)"}
    header = json.dumps({"__metadata__": metadata, **tensors}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + bytes(64)


def fill(root: Path, count: int) -> None:
    """Models in folders of a hundred, each with a header, a preview and a mix of the sidecars people have."""
    image = {"meta": {"steps": 30, "sampler": "DPM++ 2M Karras", "cfgScale": 5, "prompt": "a crane " * 40}}
    page = {
        "trainedWords": ["demo"],
        "baseModel": "SDXL 1.0",
        "model": {"type": "LORA", "name": "Demo"},
        "files": [{"name": "demo.safetensors", "hashes": {"SHA256": "0" * 63 + "1"}}],
        "images": [image] * 4,
    }
    preset = {"id": "best", "rating": "best", "sampler": "Euler a", "steps": 30, "cfg": 5.5}
    cards = [
        {".json": {"activation text": "demo", "preferred weight": 0.8, "sd version": "SDXL"}},
        {".cm-info.json": {"BaseModel": "SDXL 1.0", "InferenceDefaults": {"Steps": 30, "CfgScale": 6.0}}},
        {".metadata.json": {"base_model": "SDXL 1.0", "usage_tips": '{"strength": 0.8}'}, ".civitai.info": page},
        {".modelprofile.json": {"kind": "model_profile", "version": 1, "recommended_presets": [preset]}},
        {".civitai.info": page, ".json": {"notes": "a note"}},
        {},
    ]
    for number in range(count):
        folder = root / f"folder {number // 100}"
        folder.mkdir(exist_ok=True)
        stem = folder / f"model {number:05}"
        Path(f"{stem}.safetensors").write_bytes(model(number))
        Path(f"{stem}.preview.png").write_bytes(b"\x89PNG")
        for suffix, card in cards[number % len(cards)].items():
            Path(f"{stem}{suffix}").write_text(json.dumps(card))


def bare(root: Path, *, read: bool) -> int:
    """The plainest possible walk: list, stat each file, and read the bytes that the library reads."""
    waiting, count = [str(root)], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                count += entry.stat(follow_symlinks=False).st_size
                if read and not entry.name.endswith(".png"):
                    with open(entry.path, "rb", buffering=0) as file:
                        file.read(16 * 1024 if entry.name.endswith(".safetensors") else -1)
    return count


def turns(works: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """The median processor time of each work. They take turns, so that what disturbs the machine disturbs all alike."""
    tries: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeat):
        for name, work in works.items():
            tries[name].append(cpu_s(work, 1))
    return {name: statistics.median(times) for name, times in tries.items()}


def cpu_s(work: Callable[[], object], repeat: int) -> float:
    """The least processor time of several tries: what disturbs a measurement only ever adds."""
    tries = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        tries.append(time.process_time() - start)
    return min(tries)


def scans(root: Path, index: Path, repeat: int) -> dict[str, float]:
    """Looking at everything for the first time, reading everything, and starting with the index."""
    library = Library([root], STYLES, index)
    whole = cpu_s(library.scan, 1)
    save = cpu_s(library.save, 1)
    took = turns(
        {
            "listed": lambda: bare(root, read=False),
            "read": lambda: bare(root, read=True),
            "cold": lambda: Library([root], STYLES).scan(in_full=False),
            "loaded": lambda: Library([root], STYLES, index),
            "warm": lambda: Library([root], STYLES, index).scan(),
        },
        repeat,
    )
    listed, read, cold, loaded, warm = took.values()
    again = Library([root], STYLES, index).scan()
    assert not again.changed
    assert again.snapshot == library.snapshot
    some = library.snapshot.entries[:1000]
    settings = cpu_s(lambda: [settings_of(entry, STYLES) for entry in some], repeat)
    portions = []
    portioned = Library([root], STYLES)
    portioned.rescan(trees=portioned.roots)
    done = False
    while not done:
        start = time.perf_counter()
        done = portioned.work(0.05).is_done
        portions.append(time.perf_counter() - start)
    return {
        "models": len(library.snapshot.entries),
        "bare_walk_s": round(listed, 3),
        "bare_walk_with_reading_s": round(read, 3),
        "cold_s": round(cold, 3),
        "cold_over_bare_with_reading": round(cold / read, 2),
        "warm_s": round(warm, 3),
        "warm_over_bare_with_reading": round(warm / read, 2),
        "warm_over_bare_without_reading": round(warm / listed, 2),
        "index_load_s": round(loaded, 3),
        "index_save_s": round(save, 3),
        "index_mib": round(index.stat().st_size / (1 << 20), 1),
        "reading_all_in_full_s": round(whole, 2),
        "settings_of_one_us": round(settings * 1e3),
        "longest_portion_of_50_ms_wall_ms": round(max(portions) * 1e3),
    }


def drops(folder: Path, count: int) -> dict[str, float]:
    """Another program puts profiles beside many models while the library is watched as the app does it."""
    for number in range(count):
        (folder / f"model {number:05}.ckpt").touch()
    library, told = Library([folder], STYLES), queue.SimpleQueue[Touched]()
    watcher = Watcher(library.roots, told.put)
    first = told.get(timeout=60)
    library.rescan(trees=first.trees)
    while not (change := library.work()).is_done:
        pass
    memory, began = peak_mib(), time.perf_counter()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(count)], stdout=subprocess.PIPE)
    known, portions = 0, 0
    while known < count and time.perf_counter() - began < 120:
        with contextlib.suppress(queue.Empty):
            touched = told.get(timeout=0.02) if change.is_done else told.get_nowait()
            library.rescan(folders=touched.folders, trees=touched.trees)
        change, portions = library.work(), portions + 1
        if change.is_done and change.changed:
            known = sum(1 for entry in change.snapshot.entries if entry.sources and entry.is_read)
    ended = time.time()
    writing_s, last_write = map(float, writer.communicate()[0].split())
    watcher.close()
    return {
        "drops": count,
        "known": known,
        "writing_wall_s": round(writing_s, 2),
        "all_known_after_last_write_wall_s": round(ended - last_write, 2),
        "peak_memory_grew_mib": round(peak_mib() - memory, 1),
        "portions": portions,
    }


WRITER = """
import os, sys, time
folder, count = sys.argv[1], int(sys.argv[2])
began = time.perf_counter()
for number in range(count):
    path = f"{folder}/model {number:05}.modelprofile.json"
    with open(path + ".tmp", "w") as file:
        file.write('{"kind": "model_profile", "recommended_presets": [{"id": "a", "rating": "best", "steps": 30}]}')
    os.replace(path + ".tmp", path)
print(time.perf_counter() - began, time.time())
"""


def peak_mib() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--drops", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    gc.disable()  # as the program does
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "models", "Lora")
        root.mkdir(parents=True)
        fill(root, options.models)
        dropped = Path(name, "dropped")
        dropped.mkdir()
        # First, for the memory of the scans would hide what this takes.
        result = {"drops": drops(dropped, options.drops), "scan": scans(root, Path(name, "index"), options.repeat)}
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
