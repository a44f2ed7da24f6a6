"""Plans as JSON files that a person, another program or a language model writes.

Everything left out is the default. What is there is checked field by field, and the first mistake is named with its
full path, so that its writer can find it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from .errors import InvalidInput
from .plan import LearningPlan


class ReadPlan(Struct, frozen=True):
    """A plan as its file says it. `given` are the fields the file names, `notices` sentences about what was ignored.

    `plan.prompts` is empty when the file has none; `plan.seeds` is empty when they are to be drawn.
    """

    plan: LearningPlan
    notices: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


def read_plan(data: bytes, *, where: str) -> ReadPlan:
    """Read a plan file; `where` is its name for sentences. Raises InvalidInput naming the field."""
    raise InvalidInput(f"{where}: plans cannot be read yet.", where)


def write_plan(plan: LearningPlan) -> bytes:
    """The plan as a file that `read_plan` reads back. Nothing else is needed to understand it."""
    raise InvalidInput(f"{plan.name}: plans cannot be written yet.")


def check_offered(plan: LearningPlan, offered: Callable[[str], Sequence[str]]) -> None:
    """Raise InvalidInput for a name in the plan that the backend does not have. An empty list means it is unknown."""
