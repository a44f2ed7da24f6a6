from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "crash_journal.py"


@pytest.mark.skipif(sys.platform == "win32", reason="the script forks")
@pytest.mark.parametrize("kills", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_nothing_that_was_saved_is_lost_when_four_writers_are_killed_again_and_again(kills):
    command = [sys.executable, str(SCRIPT), "--kills", str(kills)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(ran.stdout)
    assert ran.returncode == 0, found
    assert found["saved"] > kills / 2
    assert (found["lost"], found["gaps"]) == (0, 0)
    assert found["damaged"] <= found["kills"]
