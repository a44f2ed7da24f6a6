"""Several threads may read the same types for the first time: nothing of it ends the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import stablenew_tk

ROOT = Path(stablenew_tk.__file__).parent
# Each of these threads is there once for each machine, and all of them begin at once.
SEVERAL = ("backends", "pipeline/cluster")

# A segmentation fault ends a process, so this is one of its own.
AT_ONCE = """
import json, sys, threading, types
import msgspec
from stablenew_tk.backends.decoding import json_as, msgpack_as, plain_as

sys.setswitchinterval(1e-6)
SOURCE = "from __future__ import annotations\\nfrom msgspec import Struct\\n"
for n in range(12):
    SOURCE += f"class K{n}(Struct, tag='k{n}'):\\n    a: int = 0\\n"
    SOURCE += f"    k: K{n - 1} | None = None\\n    t: tuple[K{n - 1}, ...] = ()\\n" if n else ""
for number in range(12):
    kinds = types.ModuleType(f"kinds{number}")
    sys.modules[kinds.__name__] = kinds
    exec(SOURCE, kinds.__dict__)
    kind, begin = kinds.K11, threading.Barrier(8)
    plain = {"type": "k11", "k": {"type": "k10", "k": {"type": "k9"}}}
    ways = (
        lambda: json_as(json.dumps(plain), kind),
        lambda: msgpack_as(msgspec.msgpack.encode(plain), kind),
        lambda: plain_as(plain, kind),
    )

    def read(number):
        begin.wait()
        ways[number % 3]()

    threads = [threading.Thread(target=read, args=(one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("fine")
"""


def test_many_threads_read_a_new_type_at_once():
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, cwd=ROOT.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_what_every_machine_does_reads_in_no_other_way():
    bare = re.compile(r"msgspec\.(json|msgpack)\.decode\([^\n]*type=|msgspec\.convert\(")
    files = [path for room in SEVERAL for path in (ROOT / room).rglob("*.py") if path.name != "decoding.py"]
    assert [path.name for path in files if bare.search(path.read_text("utf-8"))] == []
