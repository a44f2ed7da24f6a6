"""What a release is made of: the number, the notes, archives that are the same bytes each time, sums that fit."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHANGES = "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [1.2.0rc1] - 2026-01-02\n\n- stars\n\n## 1.1.0\n\n- old\n"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import archives
    import release

    return archives, release


def test_the_notes_are_the_part_of_the_changelog_for_this_version(scripts):
    _, release = scripts
    assert release.notes(CHANGES, "1.2.0rc1") == "# StableNew 1.2.0rc1\n\n- stars\n"
    assert release.notes(CHANGES, "1.1.0", "https://example.org").endswith("- old\n\nhttps://example.org\n")
    assert release.notes(CHANGES, "1.2.0") == ""


def test_what_does_not_fit_is_said_and_nothing_else(scripts):
    _, release = scripts
    assert release.problems_of("1.2.0rc1", "notes", "", ["v1.2.0rc1"]) == []
    said = release.problems_of("1.2", "", " M a.py", ["v1.1.0"])
    assert [word in " ".join(said) for word in ("v1.1.0", "no version", "CHANGELOG.md", "not committed")] == [True] * 4


def test_this_version_has_its_notes():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "release.py"), "--notes"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("# StableNew ")


def test_without_git_a_build_is_made_all_the_same_and_a_release_says_what_is_missing(tmp_path):
    tool = tmp_path / "PyInstaller"
    tool.mkdir()
    (tool / "__init__.py").touch()
    (tool / "__main__.py").write_text(
        "import os, pathlib, sys\nfolder = pathlib.Path(sys.argv[sys.argv.index('--distpath') + 1])\n"
        "(folder / 'StableNew').write_text(os.environ['SOURCE_DATE_EPOCH'])"
    )
    variables = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}

    def started(script, *words):
        command = [sys.executable, str(ROOT / "scripts" / script), *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    built = started("build.py", "--dest", str(tmp_path))
    assert (built.returncode, (tmp_path / "StableNew").read_text().isdigit()) == (0, True), built.stderr
    said = started("release.py", "--check")
    assert (said.returncode, said.stderr) == (2, "git is missing: a release is made of a commit.\n")


def test_an_archive_of_the_same_files_is_the_same_bytes_and_its_sum_fits(scripts, tmp_path):
    archives, _ = scripts
    made = []
    for run in ("first", "second"):
        folder = tmp_path / run / "StableNew-1"
        (folder / "_internal").mkdir(parents=True)
        (folder / "StableNew").write_bytes(b"program")
        (folder / "_internal" / "x.so").write_bytes(bytes(1000))
        (folder / "link").symlink_to("StableNew")
        made.append(archives.tarred(folder, tmp_path / run / "a.tar.gz", 1_700_000_000))
        archives.write_sums(tmp_path / run / "SHA256SUMS", made[-1:])
    assert made[0].read_bytes() == made[1].read_bytes()
    with tarfile.open(made[0]) as archive:
        assert archive.getnames()[:2] == ["StableNew-1", "StableNew-1/StableNew"]
    told = (tmp_path / "first" / "SHA256SUMS").read_text()
    assert told == f"{hashlib.sha256(made[0].read_bytes()).hexdigest()}  a.tar.gz\n"


def test_an_app_dir_has_all_that_a_desktop_looks_for(scripts, tmp_path):
    archives, _ = scripts
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "StableNew").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "built" / "StableNew").chmod(0o755)
    folder = archives.make_app_dir(tmp_path / "built", tmp_path / "App Dir")
    said = subprocess.run([folder / "AppRun", "a b"], capture_output=True, text=True, check=True).stdout
    assert said == "a b\n"
    assert (folder / ".DirIcon").resolve() == folder / "stablenew.png"
    entry = (folder / "stablenew.desktop").read_text()
    assert "Icon=stablenew\n" in entry
    assert "Exec=StableNew\n" in entry


def test_licences_that_are_only_named_come_with_their_texts(scripts, tmp_path):
    import licences

    (tmp_path / "GPL-3").write_text("the long text\n")
    (tmp_path / "GPL").symlink_to("GPL-3")
    told = "In full: /usr/share/common-licenses/GPL-3. Or /usr/share/common-licenses/GPL, /usr/share/common-licenses/No"
    found = licences.named_in([licences.Licence(name="a", text=told)], tmp_path)
    assert [(one.name, one.text) for one in found] == [("GPL-3", "the long text")]
    (drop,) = licences.tkdnd()
    assert drop.text.startswith("tkdnd.tcl --")
    assert "This software is copyrighted by" in drop.text
    assert not drop.text.count("package require")


def test_the_licence_of_python_tells_what_others_wrote_in_it(scripts, tmp_path):
    import licences

    (tmp_path / "LICENSE.txt").write_text("PYTHON SOFTWARE FOUNDATION LICENSE\n")
    (tmp_path / "license.rst").write_text("Licenses of incorporated software\n")
    (python,) = licences.python_licence(tmp_path)
    assert python.text == "PYTHON SOFTWARE FOUNDATION LICENSE\n\nLicenses of incorporated software"


START = """#include <stdio.h>
#include <stdlib.h>
int main(void) { const char *chosen = getenv("TMPDIR"); puts(chosen ? chosen : "as usual"); return 0; }
"""


@pytest.mark.skipif(not sys.platform.startswith("linux") or shutil.which("gcc") is None, reason="gcc on Linux")
def test_the_one_file_unpacks_itself_where_it_can_run_or_says_why_it_cannot(scripts, tmp_path):
    import loader

    part, full = loader.compiled(tmp_path), tmp_path / "full.o"
    (tmp_path / "start.c").write_text(START)
    subprocess.run(["gcc", "-c", "-DNEEDED_MIB=99999999", "-o", full, loader.SOURCE], check=True)

    def started(part, **variables):
        subprocess.run(["gcc", "-o", tmp_path / "start", tmp_path / "start.c", part], check=True)
        return subprocess.run([tmp_path / "start"], env=variables, capture_output=True, text=True, check=False)

    assert started(part).stdout == "as usual\n"
    assert started(part, TMPDIR=str(tmp_path)).stdout == f"{tmp_path}\n"
    # Nothing can be written there, whoever asks.
    assert started(part, TMPDIR="/proc").stdout == "/tmp\n"
    said = started(full, TMPDIR=str(tmp_path / "gone"))
    assert (said.returncode, said.stdout) == (2, "")
    assert f"{tmp_path / 'gone'} is not there\n" in said.stderr
    assert "/tmp has only " in said.stderr
    assert "set TMPDIR to another folder" in said.stderr


def test_windows_gets_four_numbers_of_a_version_with_a_suffix():
    (line,) = [line for line in (ROOT / "stablenew.spec").read_text().splitlines() if line.startswith("    numbers = ")]
    said = subprocess.run(
        [sys.executable, "-c", f"import re\nversion = '1.2.3rc4'\n{line.strip()}\nprint(numbers)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "(1, 2, 3, 0)\n"
