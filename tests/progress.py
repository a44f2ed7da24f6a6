"""What the whole suite says while several processes run it: one count over all, every few seconds, and each failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

EVERY_S = 10.0


class Progress:
    """A plugin of the process that hands out the tests, in place of a letter for each test."""

    def __init__(self) -> None:
        self._reporter: pytest.TerminalReporter | None = None
        self._total = self._done = self._failed = 0
        self._started = time.monotonic()
        self._over = threading.Event()
        self._speaker = threading.Thread(target=self._speak, name="progress", daemon=True)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin to speak: finding the tests takes seconds."""
        self._reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        self._speaker.start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """A process has found the tests; all find the same."""
        self._total = len(ids)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self) -> Generator[None, tuple[str, str, object], tuple[str, str, str]]:
        """No letter: the counts and the summary stay."""
        category, _letter, _word = yield
        return category, "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count; say at once what failed."""
        self._done += report.when == "teardown"
        if report.failed:
            self._failed += 1
            self._say(f"FAILED {report.nodeid}")

    def pytest_sessionfinish(self) -> None:
        """Fall silent before the summary."""
        self._over.set()
        self._speaker.join()

    def _speak(self) -> None:
        while not self._over.wait(EVERY_S):
            minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
            if self._total:
                share = f"{self._done} of {self._total} tests ({self._done * 100 // self._total} %)"
                words = f"{share}, {self._failed or 'none'} failed"
            else:
                words = "looking for the tests"
            self._say(f"{words}, {minutes}:{seconds:02} min")

    def _say(self, words: str) -> None:
        if self._reporter is not None:
            self._reporter.write_line(words, flush=True)
