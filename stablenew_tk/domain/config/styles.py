"""Styles that a WebUI keeps: texts that it puts around a prompt. A setting names one, or several as "Film + Ink"."""

from __future__ import annotations

from collections.abc import Collection, Iterable

_AND = " + "
_PROMPT = "{prompt}"


def style_names(text: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """The names in a setting, in the order they work. A name that is known as a whole is not taken apart."""
    if text in known:
        return (text,)
    return tuple(name for part in text.split(_AND) if (name := part.strip()))


def joined(names: Iterable[str]) -> str:
    """The setting that names these styles."""
    return _AND.join(names)


def unknown_styles(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in a setting that are not known."""
    return tuple(name for name in style_names(text, known) if name not in known)


def styled(prompt: str, texts: Iterable[str]) -> str:
    """A prompt as a WebUI sends it on: each style is put around it ("{prompt}") or behind it."""
    prompt = prompt.strip()
    for text in (one.strip() for one in texts):
        if _PROMPT in text:
            prompt = text.replace(_PROMPT, prompt)
        elif text:
            prompt = f"{prompt}, {text}" if prompt else text
    return prompt
