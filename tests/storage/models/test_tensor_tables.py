"""Headers with a table of tensors that was read before tell what they would have told alone."""

from __future__ import annotations

import json
import random

import pytest
from families import SHIPPED

from stablenew_tk.storage.models.sidecars import read_model_header
from stablenew_tk.storage.models.summary import file_summary
from stablenew_tk.storage.models.tensor_tables import TensorTables

FILE = "demo.safetensors"
METADATA = (
    None,
    {},
    {"ss_output_name": "demo", "ss_base_model_version": "sdxl_base_v1-0"},
    {"modelspec.title": "Other", "modelspec.architecture": "flux-1-dev/lora"},
    {"modelspec.title": 5},
    {"ss_output_name": "a \\ b “é”", "note": "x" * 900},
    "text",
    [1],
)


def table(width: int, rank: int) -> dict[str, object]:
    """A LoRA whose layers tell its family by their width."""
    names = [f"lora_unet_down_blocks_1_attentions_0_transformer_blocks_{n}_attn2_to_k" for n in range(4)]
    shapes = {"lora_down": [rank, width], "lora_up": [640, rank]}
    return {
        f"{name}.{side}.weight": {"dtype": "F16", "shape": shape, "data_offsets": [rank * n, rank * n + 9]}
        for n, name in enumerate(names)
        for side, shape in shapes.items()
    }


def header(tensors: dict[str, object], metadata: object = None, name: str = '"__metadata__"') -> bytes:
    body = json.dumps(tensors)
    return (body if metadata is None else f"{{{name}:{json.dumps(metadata)}, {body[1:]}").encode()


def damaged(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at, end = sorted(rng.choices(range(len(data) + 1), k=2))
        odd = rng.choice((b"}", b"{", b'"', b",", b"\\", b"\xff", b'"__metadata__":{},', b"", data[at : at + 30]))
        data = data[:at] + odd + data[rng.choice((at, at + 1, min(end, at + 40))) :]
    return data


def test_three_thousand_damaged_headers_tell_the_same_one_after_the_other_as_each_alone():
    rng, tables = random.Random(3), TensorTables(SHIPPED)
    kinds = [(width, rank) for width in (768, 2048, 1) for rank in (8, 16)]
    found = set()
    for _ in range(3_000):
        data = header(table(*rng.choice(kinds)), rng.choice(METADATA), rng.choice(('"__metadata__"',) * 9 + ("",)))
        data = damaged(data, rng) + b" " * rng.randrange(8)
        after_others = file_summary(data, FILE, "header", tables)
        assert after_others == file_summary(data, FILE, "header", TensorTables(SHIPPED)), data
        found.add((after_others.kind, after_others.seen.family, after_others.title, bool(after_others.problems)))
    assert {("lora", "sdxl", "demo", False), ("lora", "sd15", "Other", False)} < found
    assert any(problems for *_, problems in found)


WHOLE, NAMED = header(table(2048, 8)), header(table(2048, 8), {"ss_output_name": "demo"})
LAST = b', "__metadata__": {"ss_output_name": "last"}}'
LAST_ESCAPED = LAST.replace(b"data__", b"d\\u0061ta__")
OTHER_LAYERS = {f"more_{name}": tensor for name, tensor in table(2048, 8).items()}
WITHIN = b',"note":"abcdefg"}' + NAMED[NAMED.index(b', "lora') :]


@pytest.mark.parametrize(
    ("before", "odd"),
    [
        (WHOLE, b'{"__metadata__": {}' + WHOLE),
        (NAMED, b"," + WHOLE[1:]),
        (NAMED, WHOLE[1:]),
        (NAMED, b"\xef\xbb\xbf" + NAMED),
        (NAMED, b""),
        # Of two members of one name the last holds, however it is written.
        (NAMED[:-1].replace(b"demo", b"last") + LAST, NAMED[:-1] + LAST),
        (NAMED[:-1].replace(b"demo", b"last") + LAST_ESCAPED, NAMED[:-1] + LAST_ESCAPED),
        (b'{"__metadata__":{},"__metadata__":{"ab":"c"' + WITHIN, b'{"__metadata__":{}' + WITHIN),
        # More tensors before those that are known.
        (header(table(1, 8), {}), header(OTHER_LAYERS | table(1, 8), {})),
    ],
)
def test_what_only_ends_like_a_header_that_was_read_is_not_taken_for_it(before, odd):
    tables = TensorTables(SHIPPED)
    file_summary(before, FILE, "header", tables)
    found = file_summary(odd, FILE, "header", tables)
    assert found == file_summary(odd, FILE, "header", TensorTables(SHIPPED))
    assert found.problems == read_model_header(odd, FILE, SHIPPED).problems
