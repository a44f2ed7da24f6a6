"""Explanations: a word about a control after half a second of pointing at it, or at once with F1."""

from __future__ import annotations

import tkinter as tk

from . import theme

TIP_AFTER_MS = 500
_TIP_TAG = "StableNewTip"
_WAITING = "::stablenew_tip"  # Tcl's own word for whether an explanation is shown or about to be
_tips: dict[str, str] = {}  # path of a widget: what to say about it


def tip(widget: tk.Misc, text: str) -> None:
    """Explain a widget after half a second of pointing at it, or at once with F1 while it has the focus.

    Empty text takes the explanation away.
    """
    tags = widget.bindtags()
    if text:
        _tips[str(widget)] = text
        Tip.shared()
        if _TIP_TAG not in tags:
            # Before the window's own F1, which would list the keys of the page.
            widget.bindtags((*tags[:2], _TIP_TAG, *tags[2:]))
    else:
        _tips.pop(str(widget), None)


def explanation(widget: tk.Misc) -> str:
    """What is said about a widget; "" when nothing is."""
    return _tips.get(str(widget), "")


class Tip:
    """The one small window for all explanations."""

    _made: tuple[int, Tip] | None = None

    def __init__(self, root: tk.Misc) -> None:
        self._root, self._pending, self._at = root, "", ""
        self.window = tk.Toplevel(root)
        self.window.withdraw()
        self.window.overrideredirect(True)
        self._label = tk.Label(
            self.window, justify="left", wraplength=theme.px(320), padx=theme.px(8), pady=theme.px(5)
        )
        self._label.pack(padx=1, pady=1)
        # Only a mouse that moves asks: a control may also come to stand under one that rests.
        root.bind_class(_TIP_TAG, "<Motion>", self._wait)
        root.bind_class(_TIP_TAG, "<F1>", lambda event: self._show(event.widget))
        for event in ("<Leave>", "<ButtonPress>", "<FocusOut>", "<Destroy>"):
            root.bind_class(_TIP_TAG, event, self._hide)
        # A key may turn the page while the mouse rests where the control was.
        # Asked in Tcl, because every key comes here, and a call into Python may have to wait for another thread.
        root.tk.call("set", _WAITING, "0")
        hide = root.register(self._end)
        root.tk.call("bind", "all", "<Key>", f"+if {{${_WAITING}}} {{{hide}}}")

    @classmethod
    def shared(cls) -> Tip:
        """The tip window of the present root, made on first use."""
        known = cls._made
        if known is None or known[0] != theme.generation() or not theme.alive(known[1].window):
            known = cls._made = (theme.generation(), cls(theme.root()))
        return known[1]

    def _wait(self, event: tk.Event[tk.Misc]) -> None:
        if str(event.widget) == self._at:
            return
        self._hide(event)
        self._at = str(event.widget)
        self._pending = self._root.after(TIP_AFTER_MS, self._show, event.widget)
        self._root.tk.call("set", _WAITING, "1")

    def _show(self, widget: tk.Misc) -> str:
        text = explanation(widget)
        if not text:
            return ""
        if theme.alive(widget):
            self.window.configure(bg=theme.palette["edge"])
            ground, ink = theme.palette["raised"], theme.palette["text2"]
            self._label.configure(text=text, bg=ground, fg=ink, font=theme.font(12))
            self.window.update_idletasks()
            wide, high = self.window.winfo_reqwidth(), self.window.winfo_reqheight()
            below = widget.winfo_rooty() + widget.winfo_height() + theme.px(2)
            x = min(widget.winfo_rootx() + theme.px(4), widget.winfo_screenwidth() - wide)
            y = below if below + high <= widget.winfo_screenheight() else widget.winfo_rooty() - high
            self.window.geometry(f"+{max(x, 0)}+{max(y, 0)}")
            self.window.deiconify()
            self.window.lift()
            self._root.tk.call("set", _WAITING, "1")
        return "break"

    def _hide(self, event: tk.Event[tk.Misc]) -> None:
        if event.type == tk.EventType.Destroy:
            _tips.pop(str(event.widget), None)
        self._end()
        if event.type == tk.EventType.ButtonPress:
            self._at = str(event.widget)  # who has pressed it needs no explanation until coming back

    def _end(self) -> None:
        self._at = ""
        if self._pending:
            self._root.after_cancel(self._pending)
            self._pending = ""
        if theme.alive(self.window):
            self.window.withdraw()
            self._root.tk.call("set", _WAITING, "0")
