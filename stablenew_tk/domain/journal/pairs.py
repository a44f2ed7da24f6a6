"""Pairs of pictures for the training of models: of one row of a Learning Run, the better and the worse one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from msgspec import Struct

from ..base.lora_tags import without_loras
from ..config.catalogue import Value
from .record import LearningRecord, Output


class RatedPicture(Struct, frozen=True):
    """A picture of a plan that was rated or compared blind, with its current stars, 0 = none that were given blind."""

    record: LearningRecord
    output: Output
    rating: int

    @property
    def caption(self) -> str:
        """The words it was made from. A LoRA tag is a setting of the picture, nothing that is to be seen in it."""
        return " ".join(without_loras(self.record.prompt).split())


class Pair(Struct, frozen=True):
    """Two pictures of one row, with at least one star between them, or of which one was said to be better."""

    winner: RatedPicture
    loser: RatedPicture


def pairs_of(pictures: Iterable[RatedPicture], votes: Mapping[frozenset[str], str]) -> Iterator[Pair]:
    """All pairs of pictures of the same plan, words, seed and size that have different stars, row by row. Where the two
    were compared, that counts: `votes` names the better one, "" when there is no difference.

    A value that was made twice in a row counts once, with its later picture. Pictures that look the same make no pair.
    """
    rows: dict[tuple[object, ...], dict[Value | None, RatedPicture]] = {}
    for one in pictures:
        record, output = one.record, one.output
        negative = " ".join(without_loras(record.negative).split())
        row = (record.learning.plan_id, record.seed, one.caption, negative, output.width, output.height)
        rows.setdefault(row, {})[record.learning.value] = one
    for row_pictures in rows.values():
        for first, second in combinations(row_pictures.values(), 2):
            same = first.output.pixels and first.output.pixels == second.output.pixels
            if same:
                continue
            better = votes.get(frozenset((first.output.image_id, second.output.image_id)))
            if better is None and first.rating and second.rating and first.rating != second.rating:
                better = (first if first.rating > second.rating else second).output.image_id
            if better:
                yield Pair(first, second) if better == first.output.image_id else Pair(second, first)
