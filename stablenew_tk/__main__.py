"""Entry point of the program for `stablenew`, `python -m stablenew_tk` and the executable."""

import io
import os
import sys


def main() -> int:
    """Run the command in `sys.argv`, or open the window when there is none; the answer is the exit code."""
    # A windowed executable has no streams; libraries that print or log would break on None.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Pipes on Windows and under LC_ALL=C speak an old alphabet, in which half of the prompts cannot be written.
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    try:
        # Here and not above: it takes a second, in which Ctrl+C is an answer, too.
        from stablenew_tk.cli import main as start
    except KeyboardInterrupt:
        return 1
    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
