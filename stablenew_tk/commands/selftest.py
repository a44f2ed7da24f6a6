"""`--selftest`: the whole loop once in an inner program, so that it ends whatever the screen does."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import msgspec

from ..app.start.selftest_report import CLUSTER_S, PATIENCE_S, SelfTest
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
        said = start_inside(PATIENCE_S, SELFTEST, "--data-dir", f"{folder}/window")
        try:
            report = msgspec.json.decode(said.out, type=SelfTest)
        except msgspec.DecodeError:
            report = SelfTest(ok=False, problem=said.why)
        if report.ok:
            report = _with_cluster(report, Path(folder, "cluster"))
    print_json(report)
    if report.problem:
        err.print(report.problem, style="red", markup=False)
    return OK if report.ok else FAILED


def _with_cluster(report: SelfTest, folder: Path) -> SelfTest:
    from ..app.start.cluster_trial import NOT_INSIDE, cluster_trial

    found = cluster_trial(folder, CLUSTER_S)
    problem = "" if found in ("ok", NOT_INSIDE) else f"The cluster does not work: {found}"
    return msgspec.structs.replace(report, cluster=found, ok=not problem, problem=problem)
