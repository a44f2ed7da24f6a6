"""A stage is added and a range is changed in one file, as CONTRIBUTING.md says, and everything follows."""

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


def run_on_copy(folder, edits, checks):
    """Run a file of tests on a copy of the package whose `pipeline_config.py` was edited."""
    package = folder / "stablenew_tk"
    shutil.copytree(Path(stablenew_tk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    config = package / "domain" / "config" / "pipeline_config.py"
    text = config.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
    options = ("-p", "no:cacheprovider", "-c", str(TESTS.parent / "pyproject.toml"))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(TESTS / checks)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_stage_added_in_one_file_is_known_everywhere(tmp_path):
    edits = (
        ("class PipelineConfig(", STRUCT),
        ("    upscale: Upscale = Upscale()\n", FIELD),
        (")\nSTAGES = ", ROW),
    )
    run_on_copy(tmp_path, edits, "new_stage_checks.py")


def test_a_range_changed_in_one_file_is_followed_everywhere(tmp_path):
    edits = (
        ("def _steps(title: str, least: int = 1)", "def _steps(title: str, least: int = 3)"),
        ("return Meta(ge=least, le=150, title=title", "return Meta(ge=least, le=90, title=title"),
        ('ge=0.0, le=30.0, title="CFG scale"', 'ge=2.0, le=20.0, title="CFG scale"'),
    )
    run_on_copy(tmp_path, edits, "changed_range_checks.py")
