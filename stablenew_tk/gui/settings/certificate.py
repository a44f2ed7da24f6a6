"""A certificate that nobody trusts yet: what it says about itself, and a button to trust it once it was compared."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.certificate import Certificate
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Check


class CertificatePanel(Box):
    """Shown below the answer of a server. `trust(fingerprint)` when the user has agreed."""

    def __init__(self, parent: tk.Misc, trust: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._trust, self._fingerprint = trust, ""
        self._values = {caption: self._row(caption) for caption in ("For", "Signed by", "Valid until")}
        self.shown = self._row("SHA-256", mono=True)
        self._known_row = Box(self)
        self._known = self._row("Trusted so far", mono=True, row=self._known_row)
        row = Box(self)
        row.pack(fill="x", pady=(theme.px(6), 0))
        words = "I have compared the fingerprint with that of my server"
        self.compared = Check(row, words, lambda on: self.agree.enable(on, "Compare the fingerprint first."), size=12)
        self.compared.pack(side="left")
        self.agree = Button(row, "Trust it at this address", lambda: self._trust(self._fingerprint))
        self.agree.pack(side="right")

    def show(self, certificate: Certificate, known: str = "") -> None:
        """Show what a server showed; `known` is the fingerprint that was trusted there before, "" = none."""
        if certificate.fingerprint != self._fingerprint:
            self.compared.set(False)
            self.agree.enable(False, "Compare the fingerprint first.")
        self._fingerprint = certificate.fingerprint
        values = (", ".join(certificate.names) or "unknown", certificate.signer, certificate.until or "unknown")
        for label, words in zip(self._values.values(), values, strict=True):
            label.show(words)
        self.shown.show(_in_two_lines(certificate.fingerprint))
        self._known.show(_in_two_lines(known))
        if known:
            self._known_row.pack(fill="x", pady=theme.px(2), after=self.shown.master)
        else:
            self._known_row.pack_forget()

    def _row(self, caption: str, *, mono: bool = False, row: Box | None = None) -> Label:
        row = row or Box(self)
        row.pack(fill="x", pady=theme.px(2))
        label = Label(row, caption, ink="text2")
        label.configure(width=16)
        label.pack(side="left", anchor="n", padx=(0, theme.px(theme.RING)))
        value = Label(row, "", size=12)
        if mono:
            value.configure(font=theme.font(12, mono=True))
        value.pack(side="left")
        return value


def _in_two_lines(fingerprint: str) -> str:
    return f"{fingerprint[:48]}\n{fingerprint[48:]}" if fingerprint else ""


def brief_of(problem: str) -> str:
    """What is the matter with a certificate, without what stands in the panel below."""
    return f"{problem.partition(': ')[0]}. Nothing was sent."
