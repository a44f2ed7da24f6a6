"""The root window as it is painted first: its size and colours, the rail, and room for the bars and the page.

Nothing of the controller is needed for it, so it stands there while what fills it is imported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Literal

from ..app.start.late_imports import import_soon
from ..domain.base.screen_scale import LEAST_WINDOW, next_size, size_in_use
from ..domain.config.user_settings import Settings
from .rail import Rail
from .widgets import icons, theme
from .widgets.basics import Box, Separator
from .widgets.rescaling import rescale
from .widgets.screen import screen_of
from .widgets.toolkit import CTk, hear_own_size

PAGES = (
    ("create", "create", "Create"),
    ("review", "review", "Review"),
    ("learn", "learn", "Learn"),
    ("insights", "insights", "Insights"),
    ("models", "models", "Models"),
    ("packs", "packs", "Packs"),
    ("nodes", "nodes", "Nodes"),
    ("settings", "settings", "Settings"),
)
FIRST = (1280, 800)
log = logging.getLogger(__name__)
_LOOK_MS = 2  # between two looks whether everything is imported


class MainFrame(CTk):  # type: ignore[misc]  # customtkinter has no types
    """The root window. One per process. What fills it sets `go` and `caught`: what a click in the rail does, and what
    is done about an error in a callback of Tk. `top`, `bottom` and `body` are there to be filled.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(className="StableNew")
        hear_own_size(self)
        self.title("StableNew")
        self.go: Callable[[str], object] = lambda _name: None
        self.caught: Callable[[BaseException, TracebackType | None], object] | None = None
        self._problem: Exception | None = None
        self._appearance = settings.appearance
        self.screen = screen_of(self)
        self._size = size_in_use(settings.size, self.screen)
        theme.apply(self, self._appearance, scale=self._size / 100)
        self.iconphoto(True, icons.logo(64))
        self._limit()
        # In screen pixels: customtkinter would multiply them once more on Windows.
        self.wm_geometry(settings.geometry or f"{theme.px(FIRST[0])}x{theme.px(FIRST[1])}")
        self.rail = Rail(self, PAGES, lambda name: self.go(name))
        self.rail.pack(side="left", fill="y")
        self.rail.choose("create" if settings.welcome_done else "")
        Separator(self).pack(side="left", fill="y")
        self.top = self._bar("top", theme.TOP_BAR)
        self.bottom = self._bar("bottom", theme.BOTTOM_BAR)
        self.body = Box(self, "bg")
        self.body.pack(side="top", fill="both", expand=True)

    def _bar(self, side: Literal["top", "bottom"], height: int) -> Box:
        bar = Box(self, "chrome", height=theme.px(height))
        bar.pack_propagate(False)
        bar.pack(side=side, fill="x")
        Separator(self).pack(side=side, fill="x")
        return bar

    def stay(self, modules: Iterable[str], furnish: Callable[[], object]) -> None:
        """Paint the frame, import `modules` meanwhile, call `furnish`, and stay until the window is closed.

        Raises what `furnish` raised; the window is closed then.
        """
        self.after_idle(lambda: self.after(1, self._import, modules, furnish))
        self.mainloop()
        if self._problem is not None:
            raise self._problem

    def destroy(self) -> None:
        """Close the window. `stay` ends with it, whatever other windows there are in this process."""
        super().destroy()
        self.quit()

    def _import(self, modules: Iterable[str], furnish: Callable[[], object]) -> None:
        done = import_soon(modules)

        def look() -> None:
            if not done():
                self.after(_LOOK_MS, look)
                return
            try:
                furnish()
            except Exception as error:
                # Raised again by `stay`: whoever opened the window tells it.
                log.debug("the window cannot be filled", exc_info=True)
                self._problem = error
                self.destroy()

        look()

    # ---- how it looks

    def show_mode(self, wanted: Literal["system", "dark", "light"]) -> bool:
        """Dark, light, or as the system is. Returns whether that was asked for anew."""
        if wanted == self._appearance:
            return False
        self._appearance = wanted
        theme.apply(self, wanted)
        return True

    def size_after(self, way: int) -> int:
        """The size that comes after the present one, in percent; `way` is 1 for larger and -1 for smaller."""
        return next_size(self._size, way)

    def show_size(self, chosen: int) -> None:
        """Everything at this size, in percent."""
        size = size_in_use(chosen, self.screen)
        if size != self._size:
            from .widgets.popups import Popup

            self._size = size
            Popup.close_all()
            rescale(self, size / 100)
            self._limit()

    def _limit(self) -> None:
        """No smaller than what everything needs, and no larger than the screen."""
        room = (self.screen.width, self.screen.height)
        self.wm_minsize(*(min(theme.px(least), most) for least, most in zip(LEAST_WINDOW, room, strict=True)))

    def come_to_front(self) -> None:
        """Before all other windows."""
        self.deiconify()
        self.lift()
        # Many window managers let a window come to the front by itself only when it is to stay there.
        self.attributes("-topmost", True)
        self.update_idletasks()
        self.attributes("-topmost", False)

    def report_callback_exception(self, kind: object, error: BaseException, trace: TracebackType | None) -> None:
        """An error in a Tk callback is told, and the window lives on."""
        if self.caught is not None:
            self.caught(error, trace)
        else:
            super().report_callback_exception(kind, error, trace)
