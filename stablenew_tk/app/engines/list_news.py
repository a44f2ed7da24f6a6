"""What is new on a backend since it was last asked for its lists, as one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from ...backends.base import Capabilities
from ...domain.base.wording import counted
from ...pipeline.messages.jobs import BackendChecked

_MOST_NAMED = 3
_LISTS = {
    "checkpoints": "checkpoint",
    "loras": "LoRA",
    "vaes": "VAE",
    "upscalers": "upscaler",
    "samplers": "sampler",
    "styles": "style",
}


def lists_told(before: Capabilities | None, event: BackendChecked) -> str:
    """The sentence after the lists were refreshed, or why they were not."""
    if event.capabilities is None:
        return f"The lists could not be refreshed. {event.problem}"
    return list_news(before, event.capabilities, event.note)


def list_news(before: Capabilities | None, after: Capabilities, note: str = "") -> str:
    """What has come and gone; where nothing has, how long the lists are. `note` says what was not looked for."""
    new, gone = [], []
    if before is not None:
        new, gone = list(_more(before, after)), list(_more(after, before))
    parts = [f"New on {after.name}: {', '.join(new)}"] if new else []
    parts += [f"{'Gone' if new else f'Gone from {after.name}'}: {', '.join(gone)}"] if gone else []
    if not parts:
        lengths = [counted(len(listed), word) for name, word in _LISTS.items() if (listed := _names(after, name))]
        parts = [f"Nothing new on {after.name}: {', '.join(lengths)}"]
    return " ".join([f"{'. '.join(parts)}.", *([note] if note else [])])


def _more(before: Capabilities, after: Capabilities) -> Iterator[str]:
    """For each list the names that only the later one has: "checkpoint ink", "5 LoRAs (a, b, c …)"."""
    for name, word in _LISTS.items():
        known = frozenset(_names(before, name))
        fresh = [one for one in _names(after, name) if one not in known]
        if len(fresh) == 1:
            yield f"{word} {fresh[0]}"
        elif fresh:
            some = ", ".join(fresh[:_MOST_NAMED])
            yield f"{counted(len(fresh), word)} ({some}{' …' if len(fresh) > _MOST_NAMED else ''})"


def _names(found: Capabilities, name: str) -> tuple[str, ...]:
    # Without the other names of LoRAs: they are no further files.
    return found.loras if name == "loras" else found.choices(name)
