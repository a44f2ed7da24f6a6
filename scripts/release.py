"""Make a release: `python3 scripts/release.py` checks, tests, builds, and writes sums and notes into `dist/`.

`--check` only looks whether version, changelog and tag fit and the tree is clean; `--notes` only prints the notes. No
address of the project is known here: `--home-page ADDRESS` puts one into the notes. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import build
import environment
import system

SCRIPTS = Path(__file__).resolve().parent
CHANGELOG = environment.ROOT / "CHANGELOG.md"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check, test, build, and write sums and notes.")
    parser.add_argument("--check", action="store_true", help="only look whether everything fits")
    parser.add_argument("--notes", action="store_true", help="only print the notes of this version")
    parser.add_argument("--tested", action="store_true", help="the tests were run for this commit: leave them out")
    parser.add_argument("--home-page", default="", metavar="ADDRESS", help="where the project is, for the notes")
    parser.add_argument("--dest", type=Path, default=environment.ROOT / "dist", help="folder for all files")
    options = parser.parse_args(arguments)
    version = build.version()
    text = notes(CHANGELOG.read_text(encoding="utf-8"), version, options.home_page)
    if options.notes:
        print(text or f"CHANGELOG.md says nothing about {version}.")
        return int(not text)
    problems = problems_of(version, text, _git("status", "--porcelain"), _git("tag", "--points-at", "HEAD").split())
    for problem in problems:
        system.say(problem)
    if options.check or problems:
        return int(bool(problems))
    tests = [] if options.tested else [["test.py"]]
    for command in (*tests, ["build.py", "--all", "--dest", str(options.dest)]):
        code = subprocess.call([sys.executable, str(SCRIPTS / command[0]), *command[1:]])
        if code:
            return code
    (options.dest / f"NOTES-{version}.md").write_text(text, encoding="utf-8")
    print(f"StableNew {version} is in {options.dest}. Start each with --selftest, then tag v{version}.")
    return 0


def problems_of(version: str, text: str, changes: str, tags: list[str]) -> list[str]:
    """What does not fit, each as a sentence; `changes` and `tags` are what git says of the tree and of HEAD."""
    wrong = [tag for tag in tags if tag.startswith("v") and tag != f"v{version}"]
    found = [f"The tag {tag} is not that of version {version} in stablenew_tk/__init__.py." for tag in wrong]
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        found.append(f"{version} is no version: write 1.2.3 or 1.2.3rc1.")
    if not text:
        found.append(f"CHANGELOG.md has no part that begins with “## [{version}]”.")
    if changes:
        found.append("There are changes that are not committed; a release is made of what is.")
    return found


def notes(changelog: str, version: str, home_page: str = "") -> str:
    """The part of the changelog for this version, "" when there is none."""
    head = re.search(rf"^## \[?{re.escape(version)}\]?(?=\s|$).*$", changelog, re.MULTILINE)
    if head is None:
        return ""
    following = re.search(r"^## ", changelog[head.end() :], re.MULTILINE)
    part = changelog[head.end() : head.end() + following.start() if following else None].strip()
    return f"# StableNew {version}\n\n{part}\n" + (f"\n{home_page}\n" if home_page else "")


def _git(*words: str) -> str:
    if not shutil.which("git"):
        raise system.SetupFailed("git is missing: a release is made of a commit.", 2)
    asked = subprocess.run(["git", *words], cwd=environment.ROOT, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise system.SetupFailed(f"git says: {asked.stderr.strip()}", 2)
    return asked.stdout.strip()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except system.SetupFailed as error:
        system.exit_with(error)
