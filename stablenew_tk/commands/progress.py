"""A bar on standard error that tells how far a long command is, where that is a terminal; it is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from .terminal import err

Tell = Callable[[float, float], None]


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Tell]:
    """Context manager: the bar, for as long as it lasts. What it gives is told how much is done, and of how much; until
    then the bar only moves.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as shown:
        bar = shown.add_task(title, total=None)
        yield lambda done, total: shown.update(bar, completed=done, total=total)
