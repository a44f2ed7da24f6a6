"""What is asked before the window opens when the data folder is in use and the window that has it cannot be shown."""

from __future__ import annotations

from typing import Literal

from .widgets import theme
from .widgets.modal import Decision, QuestionBox
from .widgets.toolkit import CTk

StartAnswer = Literal["again", "open", "close"]
_SIZE = "560x300"


def ask_start(who: str, appearance: Literal["system", "dark", "light"]) -> StartAnswer:
    """Say who has the folder and ask what to do. Blocks until there is an answer; closing the box means "close"."""
    root = CTk(className="StableNew")
    root.title("StableNew")
    theme.apply(root, appearance)
    root.geometry(_SIZE)
    root.resizable(False, False)
    answered: list[StartAnswer] = []

    def take(answer: StartAnswer) -> None:
        answered.append(answer)
        root.quit()

    answers = (
        Decision("Look again", lambda: take("again"), main=True),
        Decision("Open it here, too", lambda: take("open")),
        Decision("Close", lambda: take("close")),
    )
    words = (
        f"{who} Close it there first. Opened here, too, both windows show what the other one makes and rates, but jobs "
        "that still wait when this one closes are not kept."
    )
    root.update()
    box = QuestionBox(root, "This folder is in use", words, answers)
    root.protocol("WM_DELETE_WINDOW", box.dismiss)
    root.mainloop()
    root.destroy()
    return answered[0] if answered else "close"
