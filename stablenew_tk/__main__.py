"""Entry point of the program for `stablenew`, `python -m stablenew_tk` and the executable."""

import io
import os
import signal
import sys
import threading
import warnings
from types import FrameType


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
    if not sys.warnoptions:
        # Libraries warn of what is odd in a picture; whoever asked for it is told in a sentence of ours.
        warnings.simplefilter("ignore")
    try:
        # Here and not above: it takes a second, in which Ctrl+C is an answer, too. An exception could be swallowed by
        # whatever is being imported, and nothing has been begun.
        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end_at_once)
        from stablenew_tk.cli import main as start

        signal.signal(signal.SIGINT, before)
        return start(sys.argv[1:])
    except KeyboardInterrupt:
        return 1


def run() -> None:
    """Run `main` and end the program with its exit code, also when a thread is stuck.

    What must be on disk is there when `main` returns: a server or a drive that hangs must not keep the program alive.
    """
    try:
        code: str | int | None = main()
    except SystemExit as left:
        code = left.code
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Otherwise the interpreter would say it in words of its own, or with a closed pipe say it at all.
        sys.stdout = None
        code = code or 1
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"The output could not be written: {error.strerror}. Free some space.\n")
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                continue  # its reader is gone
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)
    sys.exit(code)


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    os._exit(1)


if __name__ == "__main__":
    run()
