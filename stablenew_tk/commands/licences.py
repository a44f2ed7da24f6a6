"""`--licenses`: the licence texts of everything that the program is made of."""

from __future__ import annotations

import argparse
import sys

from ..storage.disk.places import Places
from ..storage.programs.licences import in_words, licences
from .terminal import OK, print_json


def print_licences(args: argparse.Namespace, _places: Places) -> int:
    """Print them, as one text or as JSON."""
    found = licences()
    if args.json:
        print_json({"licences": found})
    else:
        sys.stdout.write(in_words(found))
    return OK
