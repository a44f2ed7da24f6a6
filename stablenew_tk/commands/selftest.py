"""`--selftest`: the whole loop once in an inner program, so that it ends whatever the screen does."""

from __future__ import annotations

import argparse

import msgspec

from ..app.selftest_report import PATIENCE_S, SelfTest
from ..storage.disk.places import Places
from .calling import SELFTEST
from .inner_start import start_inside
from .terminal import FAILED, OK, err, print_json


def selftest(_args: argparse.Namespace, _places: Places) -> int:
    """Print the report; exit code 1 when something did not work."""
    said = start_inside(SELFTEST, PATIENCE_S)
    try:
        report = msgspec.json.decode(said.out, type=SelfTest)
    except msgspec.DecodeError:
        report = SelfTest(ok=False, problem=said.why)
    print_json(report)
    if report.problem:
        err.print(report.problem, style="red", markup=False)
    return OK if report.ok else FAILED
