"""One child process that ends with this program, whatever ends this program, and what it has printed.

Linux, macOS and other Unix systems: between the two stands a small shell. It reads from a pipe that this program holds
open; the system closes the pipe when this program ends in any way (also when it is killed), and then the shell ends the
child, after five seconds by force. (The signal that Linux sends when a parent dies would come too early: it follows the
thread that started the child, not the program.) Only a shell that is itself killed outright leaves the child to its
second watcher, which reads from the same pipe. The shell also sets the limit of memory, which Linux keeps; macOS
ignores it.

Windows: the child is put into a job, which the system ends together with this program, and which limits its memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...domain.base.environment import for_other_programs

if sys.platform == "win32":
    from .windows_job import ChildJob

GIB = 1024**3
MOST_PRINTED = 4 << 20
_TAIL = 64 << 10
_KILLED_WITHIN_S = 5.0
# $1: memory limit in KiB, 0 for none; then the command. Not "exec": the shell must stay to watch. The child's exit code
# becomes the shell's. A signal wakes `wait` before the child has ended, so it is asked again.
_GUARD = """
exec 3<&0 </dev/null
limit=$1
shift
if [ "$limit" -gt 0 ]; then ulimit -d "$limit"; fi
child=
trap '[ -z "$child" ] || kill -TERM "$child"' TERM
trap '[ -z "$child" ] || kill -KILL "$child"' USR1
"$@" 3<&- 2>&1 &
child=$!
(
    trap - TERM USR1
    read -r _ <&3
    kill -TERM "$child"
    for _ in 1 2 3 4 5; do sleep 1; kill -0 "$child" || exit; done
    kill -KILL "$child"
) >/dev/null &
watcher=$!
exec 3<&- >/dev/null
while :; do
    wait "$child"
    code=$?
    kill -0 "$child" || break
done
kill -KILL "$watcher"
exit "$code"
"""


class ChildProcess:
    """A running program. Any thread. Raises OSError when it cannot be started.

    It has no input; what it prints is kept in a temporary file without a name, so nobody must read it all the time.
    """

    def __init__(self, command: Sequence[str], *, memory_gb: float = 0.0) -> None:
        self.is_ending = False
        self._printed = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115  (closed by `close`)
        folder, environment = (
            str(Path(command[0]).parent),
            for_other_programs(os.environ, frozen=getattr(sys, "frozen", False)),
        )
        try:
            if sys.platform == "win32":
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=self._printed,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=environment,
                    creationflags=subprocess.CREATE_NO_WINDOW,
                )
                self._job = ChildJob(self._process, memory_gb)
            else:
                limit = str(int(memory_gb * GIB) >> 10)
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _GUARD, "sh", limit, *command],
                    stdin=subprocess.PIPE,
                    stdout=self._printed,
                    stderr=subprocess.DEVNULL,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,  # Ctrl+C in our terminal is not meant for it, and one signal ends them all
                )
        except OSError:
            self._printed.close()
            raise

    @property
    def pid(self) -> int:
        """Process id: on Unix that of the shell that stands before it, which leads its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def exit_code(self, timeout_s: float) -> int | None:
        """Its exit code, a negative one for the signal that ended it; None when it still runs after the time."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        # The shell tells of a signal so.
        return 128 - code if 128 < code < 128 + 65 and sys.platform != "win32" else code

    def stop(self, grace_s: float) -> None:
        """End it, by force when it has not ended after the time. Returns when it has."""
        self.is_ending = True
        if not self.is_running:
            return
        if grace_s > 0 and sys.platform != "win32":
            self._process.terminate()
            if self.exit_code(grace_s) is not None:
                return
        if sys.platform != "win32":
            # Through the shell, which ends only when the program has: a model switch must not need memory for two.
            self._process.send_signal(signal.SIGUSR1)
            if self.exit_code(_KILLED_WITHIN_S) is not None:
                return
        self._kill()
        self._process.wait()

    def close(self, grace_s: float) -> None:
        """End it and forget what it printed. May be called twice."""
        self.stop(grace_s)
        if self._process.stdin is not None:
            self._process.stdin.close()
        if sys.platform == "win32":
            self._job.close()
        self._printed.close()

    def printed(self, since: int = 0) -> bytes:
        """The end of what it printed: at most 64 KiB, and nothing before the position `since`. b"" when closed."""
        size = self.printed_size()
        begin = max(since if since <= size else 0, size - _TAIL)
        try:
            return _read_at(self._printed.fileno(), begin, size - begin)
        except (OSError, ValueError):
            return b""

    def printed_size(self) -> int:
        """How many bytes it has printed; 0 when closed."""
        try:
            return os.fstat(self._printed.fileno()).st_size
        except (OSError, ValueError):
            return 0

    def trim(self) -> None:
        """Forget what it printed when that is a lot. Only to be called while it does nothing."""
        if self.printed_size() > MOST_PRINTED:
            os.ftruncate(self._printed.fileno(), 0)
            # Windows writes on where the position is that the child shares, and would leave a hole before it.
            os.lseek(self._printed.fileno(), 0, os.SEEK_SET)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:
            # It may have ended meanwhile. The id is surely still theirs, for it was not waited for.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _read_at(number: int, begin: int, size: int) -> bytes:
    if sys.platform == "win32":
        os.lseek(number, begin, os.SEEK_SET)
        return os.read(number, size)
    else:
        # The position in the file belongs to the child, too.
        return os.pread(number, size, begin)
