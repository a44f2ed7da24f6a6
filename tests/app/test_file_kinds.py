from pathlib import Path

from stablenew_tk.app.file_kinds import kind_of


def test_files_are_known_by_their_endings():
    kinds = {
        name: kind_of(Path(name)) for name in ("a.txt", "b.PNG", "c.safetensors", "d.exe", "e.json", "f.avif", "g.TIF")
    }
    assert list(kinds.values()) == ["pack", "picture", "model", "", "pack", "picture", "picture"]
