"""`--selftest`: the whole loop once in an inner program, so that it ends whatever the screen does."""

from __future__ import annotations

import argparse
import tempfile

import msgspec

from ..app.selftest_report import PATIENCE_S, SelfTest
from ..domain.base.errors import NotSaved
from ..storage.disk.places import Places
from .calling import SELFTEST
from .inner_start import start_inside
from .terminal import FAILED, OK, err, print_json


def selftest(_args: argparse.Namespace, _places: Places) -> int:
    """Print the report; exit code 1 when something did not work. The user's own folders are never touched.

    Raises NotSaved when there is no folder for temporary files that can be written.
    """
    try:
        temporary = tempfile.TemporaryDirectory(prefix="stablenew-selftest-", ignore_cleanup_errors=True)
    except OSError as error:
        why = error.strerror or error
        raise NotSaved(
            f"The folder for temporary files cannot be written ({why}). Make room there, or name another: TMPDIR."
        ) from error
    with temporary as folder:
        said = start_inside(PATIENCE_S, SELFTEST, "--data-dir", folder)
    try:
        report = msgspec.json.decode(said.out, type=SelfTest)
    except msgspec.DecodeError:
        report = SelfTest(ok=False, problem=said.why)
    print_json(report)
    if report.problem:
        err.print(report.problem, style="red", markup=False)
    return OK if report.ok else FAILED
