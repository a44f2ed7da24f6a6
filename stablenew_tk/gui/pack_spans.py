"""Which parts of a line are what, for colouring."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULES = re.compile(
    r"(?P<comment>^\s*#.*)|(?P<keyword>^\s*(?:neg|name):)|(?P<lora><lora:[^<>]*>)|(?P<embedding><embedding:[^<>]*>)"
    r"|(?P<wildcard>__[^\s_](?:(?!__)[^\s])*__)|(?P<slot>\[\[[^\[\]]*\]\])|(?P<escape>\\.)|(?P<choice>[{}|])"
    r"|(?P<weight>:\d+(?:\.\d+)?(?=\)))",
    re.IGNORECASE,
)


def spans(line: str) -> Sequence[tuple[int, int, str]]:
    """(start, end, kind) of everything in a line that is more than words."""
    return [(found.start(), found.end(), found.lastgroup or "") for found in _RULES.finditer(line)]
