"""What documents say to type into a shell, beside StableNew's own commands, is typed into one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from test_documents import ROOT, blocks
from tls_front import PEMS, fingerprint

# Lines whose work other tests do, and what those are.
ELSEWHERE = {
    "./StableNew": "test_executable.py",
    "python3 scripts/run.py": "test_scripts.py",
    "python3 scripts/build.py": "test_executable.py",
    "python3 scripts/build.py --all": "test_release.py",
    "python3 scripts/release.py --notes": "test_release.py",
    "python3 scripts/release.py --check": "test_release.py",
}
# What asks the network, builds for minutes or is the run of the tests itself; `bash -n` and the options are tried.
NOT_HERE = {
    "pipx install .",
    "uv tool install .",
    'pip install ".[parquet]"',
    "python3 scripts/test.py",
    "python3 scripts/build.py --with-cluster",
    "python3 scripts/release.py --tested --dest dist",
    "ARCH=x86_64 appimagetool StableNew.AppDir StableNew-x86_64.AppImage",
}
EXECUTABLE = (
    "sha256sum --check --ignore-missing SHA256SUMS",
    "chmod +x StableNew",
    "./StableNew install-desktop-entry",
)
REMOVE = "rm -rf ~/.config/StableNew ~/.cache/StableNew ~/.local/state/StableNew"
FINGERPRINT = "openssl x509 -in cert.pem -noout -fingerprint -sha256"


def shell_lines() -> set[str]:
    lines = (line.strip() for _, _, text in blocks("sh") for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("stablenew ")}


def typed(line: str, folder, home) -> subprocess.CompletedProcess[str]:
    assert line in shell_lines(), f"no document says so any more: {line}"
    told = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STABLENEW", "DISPLAY"))}
    here = told | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=here, capture_output=True, text=True, timeout=120, check=False
    )


def test_every_line_for_a_shell_is_typed_here_or_tried_elsewhere():
    assert shell_lines() == {*ELSEWHERE, *NOT_HERE, *EXECUTABLE, REMOVE, FINGERPRINT}
    assert [name for name in ELSEWHERE.values() if not (ROOT / "tests" / name).is_file()] == []


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A folder as somebody has it who took the executable: the sums, and a file that starts the program."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import archives

    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "StableNew").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stablenew_tk "$@"\n')
    (folder / "not taken").write_text("another form")
    archives.write_sums(folder / "SHA256SUMS", [folder / "StableNew", folder / "not taken"])
    (folder / "not taken").unlink()
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="the lines are for Linux")
def test_the_executable_is_checked_started_and_leaves_nothing_when_it_is_removed(release, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for line in EXECUTABLE:
        done = typed(line, release, home)
        assert done.returncode == 0, line + done.stdout + done.stderr
    assert (home / ".local" / "share" / "applications" / "stablenew.desktop").is_file()
    for words in (["install-desktop-entry", "--remove"], ["run", "starter", "--backend", "sketch", "--limit", "1"]):
        started = subprocess.run(
            [release / "StableNew", *words], env={"HOME": str(home), "PYTHONPATH": str(ROOT)}, timeout=120, check=False
        )
        assert started.returncode == 0
    assert list(home.rglob("stablenew.*")) == []
    assert (home / ".cache" / "StableNew").is_dir()
    done = typed(REMOVE, release, home)
    assert (done.returncode, done.stderr) == (0, "")
    left = {str(path.relative_to(home)) for path in home.rglob("StableNew")}
    assert left == {".local/share/StableNew", "Pictures/StableNew"}, "records and pictures are the user's"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_prints_the_fingerprint_that_is_shown(tmp_path):
    shutil.copy(PEMS / "tower.pem", tmp_path / "cert.pem")
    done = typed(FINGERPRINT, tmp_path, tmp_path)
    assert done.stdout.strip().rpartition("=")[2] == fingerprint("tower")
