"""The programs of a Linux desktop that open pictures, as its desktop files say."""

from __future__ import annotations

import sys

import pytest

from stablenew_tk.domain.base.errors import StorageError
from stablenew_tk.storage.programs.picture_programs import PictureProgram, opening_command, picture_programs

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other systems have no desktop files")


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", f"relative:{tmp_path / 'shared'}")

    def put(place, name, text):
        file = tmp_path / place / "applications" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return put


def entry(name="Looker", run="looker %f", **more):
    return "\n".join(
        ["[Desktop Entry]", "Type=Application", f"Name={name}", f"Name[de]=x{name}", f"Exec={run}"]
        + [f"{key}={value}" for key, value in more.items()]
    )


def test_they_stand_in_the_order_of_the_system_and_each_once(desktop):
    desktop(
        "own", "mimeinfo.cache", "[MIME Cache]\nimage/png=paint.desktop;looker.desktop;\nimage/jpeg=looker.desktop;\n"
    )
    desktop("shared", "mimeinfo.cache", "[MIME Cache]\nimage/png=paint.desktop;org-deep.desktop;gone.desktop;\n")
    desktop("own", "paint.desktop", entry("Paint"))
    desktop("shared", "paint.desktop", entry("Old Paint"))
    desktop("shared", "looker.desktop", entry())
    desktop("shared", "org/deep.desktop", entry("Deep"))
    assert picture_programs() == (
        PictureProgram("paint.desktop", "Paint"),
        PictureProgram("looker.desktop", "Looker"),
        PictureProgram("org-deep.desktop", "Deep"),
    )


def test_what_is_not_for_people_to_choose_is_left_out(desktop):
    names = ("hidden", "shown-not", "terminal", "missing", "silent", "broken", "link")
    desktop("own", "mimeinfo.cache", f"[MIME Cache]\nimage/png={';'.join(f'{one}.desktop' for one in names)};\n")
    for name, more in {"hidden": {"Hidden": "true"}, "shown-not": {"NoDisplay": "true"}}.items():
        desktop("own", f"{name}.desktop", entry(**more))
    desktop("own", "terminal.desktop", entry(Terminal="true"))
    desktop("own", "missing.desktop", entry(TryExec="/nowhere/looker"))
    desktop("own", "silent.desktop", "[Desktop Entry]\nName=Silent\n")
    desktop("own", "broken.desktop", "no group at all = [")
    desktop("own", "link.desktop", entry(Type="Link"))
    assert picture_programs() == ()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("looker", ["looker", "FILE"]),
        ("looker --new %f", ["looker", "--new", "FILE"]),
        ("looker %U --last", ["looker", "URL", "--last"]),
        ('"/opt/a looker/run" %i %c %F', ["/opt/a looker/run", "FILE"]),
        ("env A=100%% looker %u", ["env", "A=100%", "looker", "URL"]),
    ],
)
def test_the_command_has_the_file_where_the_program_wants_it(desktop, tmp_path, run, words):
    picture = tmp_path / "a b.png"
    desktop("own", "looker.desktop", entry(run=run))
    told = {"FILE": str(picture), "URL": picture.as_uri()}
    assert opening_command("looker.desktop", picture) == [told.get(word, word) for word in words]


@pytest.mark.parametrize("run", ["", 'looker "never closed'])
def test_a_program_that_is_gone_or_cannot_be_started_is_told(desktop, tmp_path, run):
    if run:
        desktop("own", "looker.desktop", entry(run=run))
    with pytest.raises(StorageError, match=r"^looker is no longer installed\. Choose another program\.$"):
        opening_command("looker.desktop", tmp_path / "a.png")
    with pytest.raises(StorageError):
        opening_command("../looker.desktop", tmp_path / "a.png")
