"""Two tabs of the inspector: the prompt as it was sent, and where the picture's file lies."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.wording import choice_lines, variant_words
from ...domain.journal.record import LearningRecord, Output
from ..widgets import theme
from ..widgets.basics import Box, Button, Label


class PromptText(Box):
    """Prompt and negative prompt as sent, and what varied: text that can be selected and copied, not changed."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._text = tk.Text(
            self,
            wrap="word",
            bd=0,
            highlightthickness=0,
            padx=theme.px(16),
            pady=theme.px(6),
            state="disabled",
            font=theme.font(12),
            spacing3=theme.px(2),
            cursor="xterm",
            takefocus=1,
            width=10,
            height=4,
        )
        self._text.pack(fill="both", expand=True)
        # A disabled text takes no focus by itself on every system, and then Ctrl+C would copy nothing.
        self._text.bind("<Button-1>", lambda _event: self._text.focus_set())
        self._recolour()

    def show(self, record: LearningRecord | None) -> None:
        """Show the prompt of a record."""
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        if record is not None:
            self._text.insert("end", "Prompt\n", "head", f"{record.prompt}\n\n")
            self._text.insert("end", "Negative prompt\n", "head", record.negative or "none")
            for stage, sent in record.stage_texts.items():
                self._text.insert("end", f"\n\nPrompt of {stage}\n", "head", sent.prompt)
                self._text.insert("end", f"\n\nNegative prompt of {stage}\n", "head", sent.negative or "none")
            chosen = choice_lines(record.randomizer.choices)
            if chosen:
                self._text.insert("end", "\n\nWhat varied\n", "head", "\n".join(chosen))
                self._text.insert("end", f"\n{variant_words(record.randomizer)}", "head")
        self._text.configure(state="disabled")

    def _recolour(self) -> None:
        super()._recolour()
        self._text.configure(
            bg=theme.colour("surface"),
            fg=theme.colour("text"),
            selectbackground=theme.colour("selection"),
            selectforeground=theme.colour("text"),
            inactiveselectbackground=theme.colour("selection"),
        )
        self._text.tag_configure("head", font=theme.font(11), foreground=theme.colour("text3"))


class FileLines(Box):
    """Path, size, hash and record of a picture, with the ways to get at the file."""

    def __init__(self, parent: tk.Misc, reveal: Callable[[], None]) -> None:
        super().__init__(parent)
        self._path = ""
        inside = Box(self)
        inside.pack(fill="both", expand=True, padx=theme.px(16), pady=theme.px(6))
        self._words: dict[str, Label] = {}
        for name in ("File", "Size", "SHA-256", "Record", "Run"):
            Label(inside, name, size=11, ink="text3").pack(fill="x")
            self._words[name] = Label(inside, size=12, ink="text", wrap=True)
            self._words[name].pack(fill="x", pady=(0, theme.px(6)))
        row = Box(inside)
        row.pack(fill="x", pady=(theme.px(2), 0))
        self._show = Button(row, "Show in folder", reveal, height=theme.SMALL)
        self._copy = Button(row, "Copy path", self._copy_path, kind="quiet", height=theme.SMALL)
        self._show.pack(side="left")
        self._copy.pack(side="left")

    def show(self, record: LearningRecord | None, output: Output | None) -> None:
        """Show where a picture is; empty while its record is being read."""
        known = record is not None and output is not None
        self._show.enable(known)
        self._copy.enable(known)
        self._copy.set_text("Copy path")
        if record is None or output is None:
            for label in self._words.values():
                label.show("")
            return
        root = record.output_root.rstrip("/\\")
        self._path = f"{root}/{output.path}" if root else output.path
        self._words["File"].show(output.path)
        self._words["Size"].show(f"{output.width} × {output.height} px")
        self._words["SHA-256"].show(_broken(output.sha256))
        self._words["Record"].show(record.event_id)
        self._words["Run"].show(record.run_name or record.run_id)

    def _copy_path(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self._path)
        self._copy.set_text("Copied")


def _broken(digest: str) -> str:
    """In two halves, because Tk wraps at spaces only."""
    return f"{digest[:32]}\n{digest[32:]}"
