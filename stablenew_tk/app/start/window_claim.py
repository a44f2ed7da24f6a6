"""One window for each data folder: a second start shows the first window, or says who has the folder."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ...pipeline.ids_and_times import now_text, system_user
from ...storage.disk.places import Places
from ...storage.window_lock import WindowLock, WindowOwner, this_host

if TYPE_CHECKING:
    from ...pipeline.second_start import SecondStartListener
    from ...pipeline.workers import Inbox

PATIENCE_S = 10.0
_POLL_S = 0.1
Claimed = Literal["mine", "shown", "elsewhere", "silent"]


class WindowClaim:
    """The claim of this process to the window of a data folder. Main thread."""

    def __init__(self, places: Places) -> None:
        self._folder = places.data
        self._lock = WindowLock(places.data)
        self._is_mine = False
        self._listener: SecondStartListener | None = None
        self._signed: WindowOwner | None = None
        self._other: WindowOwner | None = None

    def settle(self, patience_s: float = PATIENCE_S) -> Claimed:
        """Claim the window. Blocks while another one begins or ends, for about `patience_s` seconds at most.

        "mine": it is ours. "shown": a window of this computer has it and is in front now. "elsewhere": another computer
        has it. "silent": a window of this computer has it and does not answer.
        """
        ends = time.monotonic() + patience_s
        while not self._lock.take():
            from ...pipeline.second_start import SHOW_S, ask_to_show

            self._other = other = self._lock.owner
            if other is not None and other.host != this_host():
                return "elsewhere"
            asked = time.monotonic()
            if other is not None and ask_to_show(other.port, other.token):
                return "shown"
            # One that hears and does nothing hangs; one that does not hear may be about to begin or to end.
            if time.monotonic() >= min(ends, asked + SHOW_S):
                return "silent"
            time.sleep(_POLL_S)
        self._is_mine = True
        return "mine"

    def take_anyway(self) -> bool:
        """Go on without being sure to be the only one. Whether the folder is free here, and ours now."""
        self._is_mine = self._lock.take_anyway()
        return self._is_mine

    @property
    def who(self) -> str:
        """Who has the folder, as a sentence."""
        other = self._other
        if other is None:
            return f"Another StableNew has {self._folder} open; it has not said who it is."
        since = f", since {_moment(other.since)}" if _moment(other.since) else ""
        user = f" by {other.user}" if other.user else ""
        if other.host == this_host():
            return f"StableNew has {self._folder} open (process {other.pid}{since}) and does not answer."
        return f"{self._folder} is open in StableNew on {other.host}{user}{since}."

    def announce(self, inbox: Inbox) -> None:
        """Sign, and hear second starts from now on; SecondStart comes into the inbox. Only if it is ours."""
        if not self._is_mine:
            return
        from ...pipeline.second_start import SecondStartListener

        self._listener = SecondStartListener(inbox)
        self._signed = WindowOwner(
            host=this_host(),
            pid=os.getpid(),
            user=system_user(),
            since=now_text(),
            port=self._listener.port,
            token=self._listener.token,
        )
        self._lock.sign(self._signed)

    def fall_silent(self) -> None:
        """Stop hearing second starts, because the window closes: they wait until the folder is free."""
        if self._signed is not None:
            self._lock.unsign(self._signed)
            self._signed = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def release(self) -> None:
        """Let others have the window."""
        self.fall_silent()
        self._lock.release()


def _moment(ts: str) -> str:
    """A time of the note as the clock here says it, with the day unless it is today; "" for one that is none."""
    try:
        when = datetime.fromisoformat(ts).astimezone()
    except ValueError:
        return ""
    today = when.date() == datetime.now().astimezone().date()
    return f"{when:%H:%M}" if today else f"{when:%Y-%m-%d %H:%M}"
