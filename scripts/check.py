"""Check style, formatting and types: `python3 scripts/check.py`. The exit code is 0 when all three are clean."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import environment
import system

CHECKS = {"lint": ["ruff", "check"], "format": ["ruff", "format", "--check"], "types": ["mypy", "--strict"]}


def run_checks(python: Path) -> dict[str, int]:
    """The exit code of each check by its name. All are run, so that one start shows everything there is to mend."""
    codes = {}
    for name, command in CHECKS.items():
        with system.saying(f"{name}: at work"):
            codes[name] = subprocess.call([str(python), "-m", *command], cwd=environment.ROOT)
    return codes


def summary(codes: Mapping[str, int]) -> str:
    """A line for each part: "lint: ok", "types: failed"."""
    return "\n".join(f"{name}: {'failed' if code else 'ok'}" for name, code in codes.items())


def main() -> int:
    codes = run_checks(environment.prepare(extras=["dev"], packages=system.TO_RUN))
    print(summary(codes), flush=True)
    return int(any(codes.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except system.SetupFailed as error:
        system.exit_with(error)
