"""The one door of the program: `stablenew`, `python -m stablenew_tk` and the executable all come in here."""

import os
import sys

from stablenew_tk.cli import main as start


def main() -> int:
    """Run the command in `sys.argv`, or open the window when there is none; the answer is the exit code."""
    # A windowed executable has no streams; libraries that print or log would break on None.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open as long as we run
    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
