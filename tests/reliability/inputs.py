"""Hostile files: sidecars, headers, pictures, packs, wildcards, settings, plan files, journal lines, names. Whatever is
in them, what comes of it is a value or one of our sentences, in little time, and nothing is written outside.
"""

from __future__ import annotations

import io
import json
import random
import time
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from journal_lines import rate, record
from PIL import Image, PngImagePlugin

from reliability.outcome import Outcome
from stablenew_tk.domain.base.errors import StableNewError
from stablenew_tk.domain.experiments.plan_file import read_plan
from stablenew_tk.domain.prompts.randomizer import expand
from stablenew_tk.domain.prompts.wildcards import Wildcards, list_of
from stablenew_tk.storage.journal.reader import JournalReading
from stablenew_tk.storage.journal.snapshot import load_history
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.models.sidecars import read_model_header, read_sidecar, sidecar_of
from stablenew_tk.storage.packs.reader import open_pack
from stablenew_tk.storage.packs.wildcards import load_wildcards
from stablenew_tk.storage.pending_jobs import WaitingFile
from stablenew_tk.storage.pictures.images import open_for_start, pixel_hash, portable, thumbnail
from stablenew_tk.storage.pictures.metadata import read_recipe
from stablenew_tk.storage.settings import load_settings

SIDECARS = Path(__file__).parents[1] / "fixtures" / "sidecars"
SLOW_S = 5.0  # of processor time, for a file of some KB: a hundred times what the slowest one takes
ODD = (
    b"null", b"true", b"-1", b"1e400", b"9" * 400, b'"30"', b'""', b"[]", b"{}", b"[" * 3000, b'{"a":' * 3000,
    b'"\\ud800"', b"\xff", b"\x00", b"NaN", b'"\\u202e"', b"\xef\xbb\xbf", b"{" * 60, b"__a__", b"{2$$", b"%{a}",
    b"<lora:", b"\\" * 3000, b"(" * 3000, b"../../x", b"[[a:", b"\r", b"::", b"-" * 3000, b"\xe2\x80\xa8",
)  # fmt: skip
INFOTEXT = (
    "a boat, <lora:x:0.5>\nNegative prompt: blur\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1, Size: 64x64, "
    'Model hash: 5f6a7b8c9d, Model: dream, Lora hashes: "x: 123456789abc", Version: 1.10'
)
PACK = b"# a pack\nname: one\na {red|2::blue} boat in __places__, <lora:x:0.8>\nneg: blur\n\n[[hair]] {2$$a|b|c}\n"
PLAN = b'{"focus_parameter": "txt2img.cfg_scale", "variant_values": [5, 7], "pack": "boats", "prompt": "a boat"}'
SETTINGS = (
    b'{"backend": "http://127.0.0.1:7860", "tags": [["g", "good"]], "values": {"txt2img.steps": 20}, "size": 100, '
    b'"model_folders": ["/models"], "last_runs": {"a\\nb": {"txt2img.steps": 30}}}'
)


def mutated(dice: Random, data: bytes) -> bytes:
    """The same bytes with one to four things wrong; in JSON and PNG often so that the whole is still valid."""
    if data[:1] in (b"{", b"[") and dice.random() < 0.5:
        return reworked(dice, data)
    if data.startswith(PNG) and dice.random() < 0.6:
        return with_other_chunk(dice, data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(data) + 1)
        way = dice.randrange(6)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
        elif way == 2:
            data = data[:at] + data[at + dice.randrange(40) :]
        elif way == 3:
            data = data[:at] + data[at : at + dice.randrange(60)] + data[at:]
        else:
            data = data[:at] + dice.choice(ODD) + data[at + dice.choice((0, 1, 4)) :]
    return data


VALUES = (
    None, True, -1, 0, 1e308, 10**300, 0.5, "30", "1e999", "", [], {}, "\u202e", "<" * 900, "(" * 500, {"Name": 5},
    "5-1", [832], [1e30, -1], 100_000, "lora/vae", "x" * 5000, "0,8", [{}] * 100, "Best", "sdxl", "{}", [["a"]], " ",
    [1, "a", None, {}], ["y"] * 300, "../../x", "\0", "__a__", ["1", 0], {"a": {"b": {"c": []}}},
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"


def reworked(dice: Random, data: bytes) -> bytes:
    """The same JSON with one value somewhere replaced."""
    try:
        document = json.loads(data)
    except ValueError:
        return data
    node, places = document, []
    while isinstance(node, (dict, list)) and node:
        places.append((node, dice.choice(list(node) if isinstance(node, dict) else range(len(node)))))
        node = node[places[-1][1]]
    if places:
        node, key = dice.choice(places)
        node[key] = dice.choice(VALUES)
    return json.dumps(document, ensure_ascii=dice.random() < 0.5).encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def with_other_chunk(dice: Random, data: bytes) -> bytes:
    """The same PNG with one chunk mutated, doubled or left out, and its checksum right."""
    chunks, at = [], len(PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += length + 12
    place = dice.randrange(len(chunks))
    kind, body = chunks[place]
    way = dice.randrange(8)
    if way == 0:
        chunks.insert(dice.randrange(len(chunks)), (kind, body))
    elif way == 1:
        del chunks[place]
    elif way == 2:
        chunks[place] = (dice.choice((b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"comf", b"PLTE")), body)
    else:
        text = body
        for _ in range(dice.choice((1, 1, 3))):
            spot = dice.randrange(len(text) + 1)
            piece = dice.choice((b"", dice.randbytes(1), dice.randbytes(4), dice.choice(ODD)))
            text = text[:spot] + piece + text[spot + dice.choice((0, 1, 1, 20)) :]
        chunks[place] = (kind, text)
    return PNG + b"".join(chunk(kind, body) for kind, body in chunks)


def against(
    read: Callable[[bytes, Path], object], originals: Callable[[], list[bytes]], name: str
) -> Callable[[Random, Path, int], Outcome]:
    """A trial that gives mutated originals to `read(data, folder)`."""

    def batch(dice: Random, folder: Path, count: int) -> Outcome:
        found, made = Outcome(), originals()
        for _ in range(count):
            data = mutated(dice, dice.choice(made))
            found.tries += 1
            found.faults += 1
            begun = time.process_time()
            try:
                read(data, folder)
            except StableNewError:
                pass
            except Exception as error:
                found.uncaught += 1
                found.note(f"{name}: {type(error).__name__}: {error}: {data[:300]!r}")
            if time.process_time() - begun > SLOW_S:
                found.hangs += 1
                found.note(f"{name}: {time.process_time() - begun:.1f} s: {data[:300]!r}")
        return found

    return batch


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# ---- sidecars


@cache
def sidecar_files() -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(SIDECARS.iterdir()) if path.is_file()]


def sidecars(dice: Random, folder: Path, count: int) -> Outcome:
    """Sidecars of all tools, and headers of models."""
    found = Outcome()
    for _ in range(count):
        name, whole = dice.choice(sidecar_files())
        dialect = sidecar_of(name)
        header = whole[8 : 8 + int.from_bytes(whole[:8], "little")] if name.endswith(".safetensors") else b""
        if dialect is None and not header:
            continue

        def read(data: bytes, _folder: Path, name=name, dialect=dialect) -> object:
            return read_model_header(data, name) if dialect is None else read_sidecar(data, name, dialect[1])

        found.add(against(read, lambda whole=header or whole: [whole], name)(dice, folder, 1))
    return found


# ---- pictures


@cache
def pictures() -> list[bytes]:
    chance, made = random.Random(1), []
    image = Image.frombytes("RGB", (24, 16), chance.randbytes(24 * 16 * 3))
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", INFOTEXT)
    text.add_itxt("workflow", json.dumps({"nodes": [{"id": 1, "type": "KSampler"}]}))
    text.add_text("prompt", json.dumps({"1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": ["2", 0]}}}))
    for kind, options in (
        ("PNG", {"pnginfo": text}), ("PNG", {}), ("JPEG", {}), ("WEBP", {"lossless": True}), ("GIF", {}),
    ):  # fmt: skip
        out = io.BytesIO()
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + INFOTEXT.encode("utf-16-be")
        (image if kind != "GIF" else image.convert("P")).save(
            out, kind, **options, **({"exif": exif} if kind in ("JPEG", "WEBP") else {})
        )
        made.append(out.getvalue())
    hidden = image.convert("RGBA")
    out = io.BytesIO()
    hidden.save(out, "PNG")
    return [*made, out.getvalue(), _bomb()]


def _bomb() -> bytes:
    """A PNG of 20,000 × 20,000 pixels in 57 bytes."""
    head = chunk(b"IHDR", (20_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")
    return PNG + head + chunk(b"IEND", b"")


def look_at_picture(data: bytes, folder: Path) -> None:
    path = put(folder, "a.png", data)
    pixel_hash(data)
    for read in (lambda: thumbnail(path, 8), lambda: open_for_start(path), lambda: read_recipe(path)):
        try:
            read()
        except StableNewError:
            continue


# ---- everything else


def read_pack(data: bytes, folder: Path) -> None:
    wildcards = Wildcards([list_of("places", ["a", "2::b"], "places.txt")])
    for name in ("boats.txt", "boats.tsv", "boats.json"):
        (folder / "boats.json").unlink(missing_ok=True)
        try:
            opened = open_pack(put(folder, name, data))
        except StableNewError:
            continue
        expand(opened.pack.prompts, opened.settings.randomizer, wildcards, slots=opened.pack.slots, limit=5, seed=1)


def read_settings_of_pack(data: bytes, folder: Path) -> None:
    put(folder, "boats.txt", PACK)
    open_pack(put(folder, "boats.pack.json", data).with_name("boats.txt"))


def read_wildcards(data: bytes, folder: Path) -> None:
    (folder / "w").mkdir(exist_ok=True)
    put(folder / "w", "a.txt", data)
    put(folder / "w", "b.json", data)
    load_wildcards([folder / "w"])


def read_settings(data: bytes, folder: Path) -> None:
    load_settings(put(folder, "settings.json", data))
    for path in folder.iterdir():
        path.unlink()


def read_jobs(data: bytes, folder: Path) -> None:
    WaitingFile(put(folder, "waiting.json", data)).load()


@cache
def journal_data() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        writer, made = LearningRecordWriter(Path(name)), record(2)
        for line in (made, rate(made.outputs[0], 4), record()):
            writer.append(line)
        lines = (Path(name) / "records-000001.jsonl").read_bytes().splitlines(keepends=True)
        # Without checksum and writer, as other programs write them: these are believed as they are.
        foreign = []
        for line in lines:
            one = json.loads(line)
            foreign.append(json.dumps({key: one[key] for key in one if key not in ("crc", "writer")}).encode() + b"\n")
    return foreign


def read_journal(data: bytes, folder: Path) -> None:
    (folder / "j").mkdir(exist_ok=True)
    put(folder / "j", "records-000001.jsonl", b"".join(journal_data()) + data + b"\n" + b"".join(journal_data()))
    history = load_history(folder / "j", folder / "none").history
    if len(history) < 3:
        raise AssertionError("one line costs others")
    for row in range(len(history)):
        history.visible().facts(row)
    for _ in JournalReading(folder / "j"):
        pass


def names(dice: Random, _folder: Path, count: int) -> Outcome:
    """Names of files made of any text: portable, inside, and different where the texts differ."""
    found = Outcome()
    signs = 'aA.. /\\:*?"<>|\0\n\r\t-_éÉ\u0301ßẞＡ日本\u202e\U0001f600%~$CON nul COM1¹'
    for _ in range(count):
        text = "".join(dice.choice(signs) for _ in range(dice.choice((0, 1, 3, 8, 300))))
        name = portable(text, 60)
        found.tries += 1
        bad = not name or len(name.encode()) > 60 or set(name) & set('/\\:*?"<>|\0\n') or name in (".", "..")
        if bad or name[-1] in ". " or name.split(".")[0] in ("con", "nul", "com1", "com¹"):
            found.wrong += 1
            found.note(f"{text!r} became {name!r}")
    return found


packs = against(read_pack, lambda: [PACK, b"a\tb\nc\td\n", b'{"name": "x", "prompts": [{"positive": "a"}]}'], "pack")
pack_settings = against(
    read_settings_of_pack, lambda: [b'{"kind": "pack", "version": 1, "learning": "off", "randomizer": {}}'], "pack.json"
)
wildcards = against(
    read_wildcards, lambda: [b"a\n2::b\n# c\n", b'{"a": ["x", {"text": "y", "weight": 2}]}'], "wildcard"
)
settings = against(read_settings, lambda: [SETTINGS], "settings")
_JOB = b'{"job_id": "%d", "run_id": "2", "config": {"txt2img": {"steps": 3}}}'
_CHANGED = b"\n".join((_JOB % 1, _JOB % 3, b'{"gone":["1"]}', _JOB % 4, b'{"order":["4","3"]}', b""))
waiting = against(read_jobs, lambda: [b"[%b]" % (_JOB % 1), _CHANGED], "jobs")
plans = against(lambda data, _folder: read_plan(data, where="plan.json"), lambda: [PLAN], "plan")
journal_lines = against(read_journal, journal_data, "line")
images = against(look_at_picture, pictures, "picture")
