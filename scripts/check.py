"""Check style, formatting and types: `python3 scripts/check.py`. The exit code is 0 when all three are clean."""

from __future__ import annotations

import subprocess
import sys

import environment
import system

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--strict"])


def main() -> int:
    python = environment.prepare(extras=["dev"], packages=system.TO_RUN)
    # All are run, so that one start shows everything there is to mend.
    codes = [subprocess.call([str(python), "-m", *check], cwd=environment.ROOT) for check in CHECKS]
    return int(any(codes))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except system.SetupFailed as error:
        system.exit_with(error)
