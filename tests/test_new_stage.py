"""A stage is added in one file, as CONTRIBUTING.md says, and everything knows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import stablenew_tk

TESTS = Path(__file__).parent
STRUCT = '''class Sharpen(Struct, frozen=True):
    """Sharpens the finished picture."""

    enabled: Annotated[bool, _switch()] = False
    amount: Annotated[float, _share("Amount", "How much sharper the picture becomes.")] = 0.5


class PipelineConfig('''
FIELD = """    upscale: Upscale = Upscale()
    sharpen: Sharpen = Sharpen()
"""
ROW = """    StageSpec(
        name="sharpen",
        title="Sharpen",
        purpose="sharpens the finished picture",
        summary=lambda config: f"amount {config.sharpen.amount:.2f}",
        work=lambda _config, megapixels: megapixels,
    ),
)
STAGES = """


def test_a_stage_added_in_one_file_is_known_everywhere(tmp_path):
    package = tmp_path / "stablenew_tk"
    shutil.copytree(Path(stablenew_tk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    config = package / "domain" / "config" / "pipeline_config.py"
    text = config.read_text(encoding="utf-8")
    for old, new in (
        ("class PipelineConfig(", STRUCT),
        ("    upscale: Upscale = Upscale()\n", FIELD),
        (")\nSTAGES = ", ROW),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
    checks = str(TESTS / "new_stage_checks.py")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", str(TESTS.parent / "pyproject.toml"), checks],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
