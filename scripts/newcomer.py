"""Goes the way of a newcomer in the real program: from an empty folder to a verdict that the next run uses.

    xvfb-run -a -s "-screen 0 1920x1200x24" python scripts/newcomer.py --size 1280x800 --mode dark --to FOLDER

It sees only the screen and has only a mouse and a keyboard (xdotool): it clicks the gold button of each page, and gives
stars by how colourful a picture is. Every screen is kept as a picture. It ends with the number of clicks and keys and
the seconds it took; the exit code is 1 when the last run did not use what was learned, or the way was too long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageChops, ImageGrab, ImageStat

ROOT = Path(__file__).resolve().parents[1]
MOST_CLICKS, MOST_KEYS, MOST_SECONDS = 12, 21, 180
GOLD = (255, 200, 5)
_LEAST_BUTTON = (48, 26)  # px: smaller gold things are stars, switches and bars
# Mean saturation (0 to 255) of a picture that this newcomer likes best, and how far off costs one star.
LIKED, PER_STAR = 128.0, 22.0
REVIEW = (38, 146)  # px at 100 %: the second item of the rail


class Newcomer:
    """Eyes, a mouse and a keyboard. Sizes in px of the screen."""

    def __init__(self, size: tuple[int, int], to: Path) -> None:
        self._size, self._to = size, to
        self.clicks = self.keys = self._shots = 0

    def look(self) -> Image.Image:
        """What the window shows."""
        return ImageGrab.grab(bbox=(0, 0, *self._size)).convert("RGB")

    def keep(self, name: str) -> None:
        """Keep a picture of the screen."""
        self._shots += 1
        self.look().save(self._to / f"{self._shots:02}-{name}.png")

    def gold_button(self) -> tuple[int, int] | None:
        """The middle of the largest gold rectangle; None when there is none."""
        screen = self.look()
        mask = Image.eval(_distance(screen), lambda off: 255 if off < 6 else 0)
        best: tuple[int, tuple[int, int]] | None = None
        for left, top, right, bottom in _rectangles(mask):
            wide, high = right - left, bottom - top
            if wide >= _LEAST_BUTTON[0] and high >= _LEAST_BUTTON[1] and (best is None or wide * high > best[0]):
                best = wide * high, ((left + right) // 2, (top + bottom) // 2)
        return best[1] if best is not None else None

    def click(self, x: int, y: int) -> None:
        """Click there, then put the pointer out of the way."""
        self.clicks += 1
        _xdotool("mousemove", x, y, "click", 1)
        time.sleep(0.15)
        _xdotool("mousemove", self._size[0] - 3, self._size[1] - 3)

    def click_gold(self, name: str, *, within_s: float = 30.0) -> None:
        """Wait for a gold button that stays where it is, keep the screen, and click it."""
        end, before = time.monotonic() + within_s, None
        while time.monotonic() < end:
            now = self.gold_button()
            if now is not None and now == before:
                self.keep(name)
                self.click(*now)
                return
            before = now
            time.sleep(0.25)
        self.keep(f"{name}-not-found")
        raise SystemExit(f"{name}: there is no gold button to click.")

    def press(self, key: str) -> None:
        """Press one key."""
        self.keys += 1
        _xdotool("key", key)


def _distance(screen: Image.Image) -> Image.Image:
    """How far each pixel is from gold, 0 to 255."""
    off = ImageChops.difference(screen, Image.new("RGB", screen.size, GOLD)).split()
    return ImageChops.lighter(ImageChops.lighter(off[0], off[1]), off[2])


def _rectangles(mask: Image.Image) -> list[tuple[int, int, int, int]]:
    """Boxes round gold areas, found on a coarse grid: a cell is gold when most of it is."""
    cell = 4
    small = mask.resize((mask.width // cell, mask.height // cell), Image.Resampling.BOX)
    gold = {(x, y) for y in range(small.height) for x in range(small.width) if small.getpixel((x, y)) > 140}
    found = []
    while gold:
        stack, area = [gold.pop()], []
        while stack:
            x, y = stack.pop()
            area.append((x, y))
            near = {(x + dx, y + dy) for dx in range(-3, 4) for dy in (-1, 0, 1)} & gold
            gold -= near
            stack += near
        xs, ys = [x for x, _ in area], [y for _, y in area]
        if len(area) * 2 > (max(xs) - min(xs) + 1) * (max(ys) - min(ys) + 1):
            found.append((min(xs) * cell, min(ys) * cell, (max(xs) + 1) * cell, (max(ys) + 1) * cell))
    return found


def _xdotool(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def records(data: Path) -> list[dict[str, object]]:
    """The lines of the journal, oldest first."""
    lines = []
    for path in sorted((data / "journal").glob("*.jsonl")):
        lines += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return lines


def wait_for(data: Path, kind: str, count: int, within_s: float = 60.0) -> None:
    """Wait until the journal has so many lines of a kind: what a person sees as done."""
    end = time.monotonic() + within_s
    while sum(line.get("kind") == kind for line in records(data)) < count:
        if time.monotonic() > end:
            raise SystemExit(f"Waited {within_s:.0f} s in vain for {count} lines of the kind {kind}.")
        time.sleep(0.2)
    time.sleep(0.6)


def stars(picture: Image.Image) -> int:
    """How this newcomer likes what is shown large."""
    saturation = ImageStat.Stat(picture.convert("HSV")).mean[1]
    return max(1, min(5, round(5 - abs(saturation - LIKED) / PER_STAR)))


def walk(who: Newcomer, data: Path, large: tuple[int, int, int, int], scale: float) -> None:
    """The way itself."""
    who.click_gold("welcome")
    who.click_gold("create")
    wait_for(data, "run", 6)
    who.click(*(round(at * scale) for at in REVIEW))
    time.sleep(1.0)
    who.keep("rate")
    for number, key in enumerate("454435", start=1):
        who.press(key)
        wait_for(data, "feedback", number)
    who.click_gold("ask")
    wait_for(data, "step", 15)
    time.sleep(1.5)
    who.keep("blind")
    for number in range(7, 22):
        given = stars(who.look().crop(large))
        who.press(str(given))
        wait_for(data, "feedback", number)
        if number in (12, 17):
            who.keep("rating")
    wait_for(data, "result", 1)
    who.click_gold("verdict")
    wait_for(data, "known", 1)
    who.click_gold("in-use")
    time.sleep(1.0)
    who.click_gold("create-again")
    wait_for(data, "run", 22)
    who.keep("done")


def _large(wide: int) -> tuple[int, int, int, int]:
    """A part of the screen that lies within the large picture of blind rating, at 100 %."""
    if wide >= 1600:
        return wide - 640, 260, wide - 260, 660
    return (wide - 424, 100, wide - 20, 500) if wide >= 1180 else (wide - 300, 95, wide - 20, 370)


def main(arguments: list[str]) -> int:
    """Walk, and say how long the way was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--mode", default="dark", choices=("dark", "light"))
    parser.add_argument("--scale", type=float, default=1.0, help="size of everything, 1 = 100 %%")
    parser.add_argument("--large", default="", help="where the large picture of blind rating is: LEFT,TOP,RIGHT,BOTTOM")
    parser.add_argument("--to", type=Path, default=Path(tempfile.gettempdir()) / "newcomer")
    args = parser.parse_args(arguments)
    wide, high = (int(part) for part in args.size.split("x"))
    args.to.mkdir(parents=True, exist_ok=True)
    left, top, right, bottom = (int(at) for at in args.large.split(",")) if args.large else _large(wide)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        (data / "settings.json").write_text(json.dumps({"geometry": f"{args.size}+0+0", "appearance": args.mode}))
        began = time.monotonic()
        command = [sys.executable, "-P", "-m", "stablenew_tk", "--data-dir", folder]
        program = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        who = Newcomer((wide, high), args.to)
        try:
            _xdotool("search", "--sync", "--onlyvisible", "--name", "^StableNew$", "windowfocus", "--sync")
            walk(who, data, (left, top, right, bottom), args.scale)
        finally:
            seconds = time.monotonic() - began
            program.terminate()
            program.wait(30)
        last = [line for line in records(data) if line.get("kind") == "run"][-1]
        used = "learned" in dict(last["origins"]).values()  # type: ignore[call-overload]  # JSON
    short = who.clicks <= MOST_CLICKS and who.keys <= MOST_KEYS and seconds <= MOST_SECONDS
    print(f"{who.clicks} clicks, {who.keys} keys, {seconds:.0f} s; the last run uses what was learned: {used}")
    return int(not (used and short))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
