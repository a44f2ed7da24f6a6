"""What a key costs in the pack editor: from the key to the finished picture, in a pack of 500 prompts.

Prints one JSON document. Keys are typed at the start, in the middle and at the end of the text; `checked` with the
check of the whole pack running on its thread all the time (it never does while one types: it waits for a pause), and
`bare` into a plain tk.Text of the same size with the same text. Figures are milliseconds of wall time; `ratio` is to
`bare` at the same place in the same run, `frames` to 16.7 ms.

    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python scripts/bench/editor.py [keys]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.main_frame import MainFrame
from stablenew_tk.gui.packs.page import PacksPage
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.window import Window
from stablenew_tk.pipeline.messages.base import Event
from stablenew_tk.pipeline.messages.packs import CheckPack, PackChecked

FRAME_MS = 1000 / 60
PROMPTS = 500
WORDS = "wet red cobbles, __mood__ and "
KEYS = {" ": "space", ",": "comma", "_": "underscore"}


def pack_text() -> str:
    """A pack as people write it, with everything that is coloured."""
    return "[[light]]: dawn | neon | overcast\n\n" + "\n\n".join(
        f"name: Prompt {n}\nan old tram number {n} in the rain, [[light]], wet cobbles, reflections, __mood__, "
        f"{{lanterns|fairy lights}}, (warm windows:1.2)\n<lora:rainy-streets:0.7>\nneg: text, watermark, people"
        for n in range(PROMPTS)
    )


def type_at(window: Window, text: tk.Text, place: str, keys: int) -> list[float]:
    """Milliseconds of each key from the event to the moment when everything is drawn."""
    text.mark_set("insert", place)
    text.see("insert")
    text.focus_force()
    for _ in range(5):
        window.frame.update()
    spent = []
    for number in range(keys):
        sign = WORDS[number % len(WORDS)]
        begun = time.perf_counter()
        text.event_generate("<Key>", keysym=KEYS.get(sign, sign))
        window.frame.update()
        window.frame.update_idletasks()
        spent.append((time.perf_counter() - begun) * 1000)
    return sorted(spent)


def figures(spent: list[float], bare: list[float]) -> dict[str, object]:
    """p50, p95 and max, with their ratios."""

    def of(values: list[float]) -> dict[str, float]:
        at = {"p50": len(values) // 2, "p95": len(values) * 95 // 100, "max": len(values) - 1}
        return {name: values[index] for name, index in at.items()}

    mine, plain = of(spent), of(bare)
    return {
        "ms": {name: round(value, 2) for name, value in mine.items()},
        "ratio": {name: round(value / plain[name], 2) for name, value in mine.items()},
        "frames": {name: round(value / FRAME_MS, 3) for name, value in mine.items()},
    }


def checks_without_end(window: Window, page: PacksPage) -> Callable[[], None]:
    """Have the whole pack checked again and again; returns what ends it."""
    going = [True]

    def ask() -> None:
        draft = page.open_pack.draft
        if going[0] and draft is not None:
            window.controller.ask(CheckPack(path=draft.path, text=draft.text, settings=draft.wanted, number=-1))

    def heard(event: Event) -> None:
        if isinstance(event, PackChecked) and event.number == -1:
            ask()

    window.controller.subscribe(heard)
    ask()
    return lambda: going.__setitem__(0, False)


def pump(window: Window, done: Callable[[], object]) -> None:
    """Let the window live until something is true."""
    end = time.monotonic() + 60
    while not done() and time.monotonic() < end:
        window.frame.update()
        time.sleep(0.002)


def main() -> None:
    """Measure and print."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        packs = Path(folder) / "packs"
        packs.mkdir()
        (packs / "many.txt").write_text(pack_text(), encoding="utf-8")
        (Path(folder) / "wildcards").mkdir()
        (Path(folder) / "wildcards" / "mood.txt").write_text("calm\nstormy\n", encoding="utf-8")
        settings = Settings(welcome_done=True, appearance="dark", geometry="1280x800+0+0", offer_rating=False)
        window = Window(MainFrame(settings), Controller(open_places(folder), settings))
        window.show("packs")
        page = cast(PacksPage, window.page("packs"))
        pump(window, lambda: page.work.path is not None and page.work.path.stem == "many")
        pump(window, lambda: page.side.check.summary.cget("text").startswith("No problems"))
        editor = page.editor.text.text
        plain = tk.Text(page, wrap="word", undo=True, font=theme.font(13, mono=True), bd=0)
        plain.insert("1.0", pack_text())
        plain.edit_reset()
        last = int(editor.index("end-1c").partition(".")[0])
        found: dict[str, object] = {}
        for where, place in (("start", "4.10"), ("middle", f"{last // 2}.10"), ("end", "end-1c")):
            plain.place(in_=editor, x=0, y=0, relwidth=1, relheight=1)
            plain.lift()
            bare = type_at(window, plain, place, keys)
            plain.place_forget()
            quiet = type_at(window, editor, place, keys)
            pump(window, lambda: page.work.is_quiet)
            end = checks_without_end(window, page)
            busy = type_at(window, editor, place, keys)
            plain.place(in_=editor, x=0, y=0, relwidth=1, relheight=1)
            bare_busy = type_at(window, plain, place, keys)
            plain.place_forget()
            end()
            pump(window, lambda: page.work.is_quiet)
            found[where] = {
                "bare_ms": figures(bare, bare)["ms"],
                "bare_checked_ms": figures(bare_busy, bare)["ms"],
                "typing": figures(quiet, bare),
                "checked": figures(busy, bare),
                "checked_to_bare_checked": figures(busy, bare_busy)["ratio"],
            }
        print(json.dumps({"prompts": PROMPTS, "lines": last, "keys": keys, "places": found}, indent=1))
        page.open_pack.drafts.forget(packs / "many.txt")
        page.open_pack.path = None
        window.leave()


if __name__ == "__main__":
    main()
