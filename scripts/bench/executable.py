"""What starting the executable costs: its window beside the window of a bare customtkinter program packed the same way.

Builds both with PyInstaller, as one file and as a folder, and prints one JSON document: size in MiB, the least CPU time
(user and system, all processes, unpacking included) of several starts in turn until the first page is painted, in ms,
and its ratio to the bare program of the same form. What painted means stands in `start.py`. Takes some minutes.

    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python scripts/bench/executable.py [repeats]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from start import BARE_WINDOW, PAGE, ROOT, spent

BARE_SPEC = """
analysis = Analysis([{entry!r}], excludes=["numpy", "scipy"])
look = dict(name="bare", console=False, strip=True, upx=False)
archive = PYZ(analysis.pure)
EXE(archive, analysis.scripts, analysis.binaries, analysis.datas, **look)
COLLECT(EXE(archive, analysis.scripts, exclude_binaries=True, **look), analysis.binaries, analysis.datas, name="folder")
"""
SETTINGS = '{"welcome_done": true, "appearance": "dark", "geometry": "1280x800+0+0"}'


def built(folder: Path, spec: str, environ: dict[str, str]) -> Path:
    """The folder with both forms."""
    (folder / "one.spec").write_text(spec, "utf-8")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", str(folder / "one.spec")]
    places = ["--distpath", str(folder / "dist"), "--workpath", str(folder / "work")]
    subprocess.run([*command, *places], cwd=folder, env=environ, check=True, stdout=sys.stderr)
    return folder / "dist"


def main(repeats: int) -> None:
    """Build, start in turn, tell."""
    with tempfile.TemporaryDirectory() as name:
        top, data = Path(name), Path(name) / "data"
        for one in (data, top / "bare", top / "ours"):
            one.mkdir()
        (data / "settings.json").write_text(SETTINGS, "utf-8")
        (top / "bare" / "bare.py").write_text(BARE_WINDOW, "utf-8")
        (top / "ours" / "ours.py").write_text(PAGE, "utf-8")
        spec = (ROOT / "stablenew.spec").read_text("utf-8").replace("Path(SPECPATH)", f"Path({str(ROOT)!r})")
        spec = spec.replace('str(root / "stablenew_tk" / "__main__.py")', repr(str(top / "ours" / "ours.py")))
        environ = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(top / "cache"), "STABLENEW_FOLDER": "folder"}
        bare = built(top / "bare", BARE_SPEC.format(entry=str(top / "bare" / "bare.py")), environ)
        ours = built(top / "ours", spec, environ)
        starts = {
            "one file": ([str(bare / "bare")], [str(ours / "StableNew"), str(data)]),
            "folder": ([str(bare / "folder" / "bare")], [str(ours / "folder" / "StableNew"), str(data)]),
        }
        least = {form: [float("inf"), float("inf")] for form in starts}
        for _ in range(repeats):
            for form, commands in starts.items():
                for place, command in enumerate(commands):
                    least[form][place] = min(least[form][place], spent(command, dict(os.environ)))
        sizes = {path.name: round(path.stat().st_size / 2**20, 1) for path in (bare / "bare", ours / "StableNew")}
    report = {
        form: {"bare_ms": round(low), "stablenew_ms": round(own), "ratio": round(own / low, 2)}
        for form, (low, own) in least.items()
    }
    print(json.dumps({"mib": sizes, **report}, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
