"""StableNew in the menu of a desktop, the licences of what it is made of, and a report of a fault without secrets."""

from __future__ import annotations

import configparser
import shlex
import sys
from pathlib import Path

import pytest
from terminal import Terminal

from stablenew_tk.domain.config.user_settings import Machine, Settings
from stablenew_tk.storage.programs.desktop_entry import DesktopEntry, write_entry
from stablenew_tk.storage.settings import save_settings

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="entries of Linux desktops")


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def read(path):
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str
    entry.read_string(path.read_text())
    return entry["Desktop Entry"]


def test_the_entry_starts_this_program_with_this_data_folder_and_can_be_removed(cli):
    told = cli("install-desktop-entry", "--json").json
    entry = read(Path(told["entry"]))
    assert Path(told["entry"]) == Path.home() / ".local/share/applications/stablenew.desktop"
    assert shlex.split(entry["Exec"]) == told["command"]
    assert told["command"][-2:] == ["--data-dir", str(cli.data)]
    assert (entry["Type"], entry["Icon"], entry["StartupWMClass"]) == ("Application", "stablenew", "StableNew")
    assert Path(told["icon"]).read_bytes().startswith(b"\x89PNG")
    assert len(cli("install-desktop-entry", "--remove", "--json").json["removed"]) == 2
    assert not Path(told["entry"]).exists()
    assert cli("install-desktop-entry", "--remove").out.startswith("There is no entry")


def test_odd_letters_in_the_path_are_quoted_as_the_specification_says(tmp_path):
    where = DesktopEntry(entry=tmp_path / "a.desktop", icon=tmp_path / "a.png")
    write_entry(where, ["/opt/50% of $me \\ `x`/StableNew", "plain"])
    assert read(where.entry)["Exec"] == '"/opt/50%% of \\\\$me \\\\\\\\ \\\\`x\\\\`/StableNew" plain'


def test_licences_are_told_whole_with_the_program_first(cli):
    told = cli("--licenses", "--json").json["licences"]
    assert told[0]["name"] == "StableNew"
    assert {"Python", "pillow", "msgspec", "urllib3"} <= {one["name"] for one in told}
    assert "Permission is hereby granted" in told[0]["text"]
    said = cli("--licenses").out
    assert all(one["text"] in said for one in told)


SECRETS = ("s3cret", "tower", "pa55", "Mira", "knight", "my models", "My Pictures")


def test_a_report_of_a_fault_holds_what_helps_and_no_secret(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        backend="sketch",
        user_name="Mira B",
        password="pa55word",
        output_folder=str(tmp_path / "My Pictures of knights"),
        model_folders=("/media/my models/x",),
        machines=(Machine("http://me:s3cret@tower:7860", name="tower"),),
    )
    save_settings(cli.data / "settings.json", settings)
    (cli.data / "logs").mkdir()
    (cli.data / "logs" / "stablenew.log").write_text(
        "2026-11-29 ERROR desk: /media/my models/x cannot be read, asked tower with 'a knight', pa55word\n"
    )
    said = cli("doctor", "--report")
    report = (tmp_path / "stablenew-report.txt").read_text()
    assert [word for word in SECRETS if word.lower() in report.lower()] == []
    assert str(tmp_path) not in report
    assert "ERROR desk: <path> cannot be read" in report
    assert "machines: 2" in report
    assert "ok  journal: 0 lines" in report
    assert said.err.rstrip().endswith("Read it before you send it.")
    assert cli("doctor", "--report", "--backend", "sketch").code == 2
