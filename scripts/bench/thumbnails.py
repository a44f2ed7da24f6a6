"""What a thumbnail costs beside the least it could cost: decoding the picture. Prints ratios of one and the same run.

python scripts/bench/thumbnails.py [--pictures 12] [--repeats 5]
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.storage.pictures.images import FORMATS, ThumbnailCache, thumbnail

SIZE = (1024, 1536)
EDGE = 256


def picture(seed: int, kind: str) -> bytes:
    """Something like a generated picture: soft shapes with fine texture."""
    dice = random.Random(seed)
    shapes = Image.frombytes("RGB", (16, 24), dice.randbytes(16 * 24 * 3)).resize(SIZE, Image.Resampling.BICUBIC)
    noise = (
        Image.frombytes("RGB", (512, 768), dice.randbytes(512 * 768 * 3)).resize(SIZE).filter(ImageFilter.BoxBlur(1))
    )
    out = io.BytesIO()
    Image.blend(shapes, noise, 0.04).save(out, kind, quality=90)
    return out.getvalue()


def decode(data: bytes) -> None:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.load()


def cpu_ms(work: Callable[[bytes], object], pictures: list[bytes], repeats: int) -> float:
    """Median CPU milliseconds per picture."""
    rounds = []
    for _ in range(repeats):
        start = time.process_time()
        for data in pictures:
            work(data)
        rounds.append((time.process_time() - start) * 1000 / len(pictures))
    return sorted(rounds)[len(rounds) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    for kind, limit in (("PNG", 1.3), ("JPEG", 1.5), ("WEBP", 1.4)):
        pictures = [picture(seed, kind) for seed in range(wanted.pictures)]
        full = cpu_ms(decode, pictures, wanted.repeats)
        small = cpu_ms(lambda data: thumbnail(data, EDGE), pictures, wanted.repeats)
        print(f"{kind:5} decode {full:6.1f} ms   thumbnail {small:6.1f} ms   ratio {small / full:.2f} (goal ≤ {limit})")
    with tempfile.TemporaryDirectory() as folder:
        cache = ThumbnailCache(Path(folder))
        jpegs = [thumbnail(data, EDGE) for data in pictures]
        for number, jpeg in enumerate(jpegs):
            cache.put(str(number), EDGE, jpeg)
        numbers = [str(number).encode() for number in range(len(jpegs))]
        hit = cpu_ms(lambda number: decode(cache.get(number.decode(), EDGE) or b""), numbers, wanted.repeats)
        print(f"cache read and decode {hit:6.2f} ms   ratio to decoding the picture {hit / full:.3f} (goal ≤ 0.05)")


if __name__ == "__main__":
    main()
