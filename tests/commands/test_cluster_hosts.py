"""A cluster of three hosts with a real network between them; `scripts/cluster_hosts.py` alone is the long form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

SCRIPT = Path(__file__).parents[2] / "scripts" / "cluster_hosts.py"
NOT_ALLOWED = 77


def test_a_run_is_whole_on_a_bad_link_and_with_a_machine_unplugged_in_the_middle_of_a_picture():
    short = ["--unplug", "4", "--values", "3", "--rows", "2", "--pace", "0.05"]
    done = subprocess.run([sys.executable, str(SCRIPT), *short], capture_output=True, text=True, timeout=3 * PATIENCE_S)
    if done.returncode == NOT_ALLOWED:
        pytest.skip(done.stdout.strip())
    told = json.loads(done.stdout)
    assert (done.returncode, told["lost"], told["twice"], told["failed"]) == (0, 0, 0, 0), done.stderr
    makers = [set(nodes) for nodes in told["who made each row"].values()]
    assert set().union(*makers) == {"near", "far"}
    assert told["packets lost"] > 0
