"""What the documents name is there: options, files, modules, keys, fields, and the messages of troubleshooting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from test_documents import BLOCK, DOCUMENTS, ROOT

from stablenew_tk.app.packs.wording import MODES

# Of other programs: WebUIs, sd-server, pipx, uv, mypy, pytest.
OPTIONS_OF_OTHERS = {"--api", "--api-auth", "--force", "--listen", "--reinstall", "--strict", "-k", "-t"}
# Not files of the project: of the reader, of an installation, examples.
PLACES_OF_OTHERS = re.compile(r"\./|/|DIR|__|Support/|output/|tower/|[wl]/0|.*(NAME|<)|dist/?|workflows/$")
CODE = re.compile(r"`([^`\n]+)`")


def prose(name: str) -> str:
    return BLOCK.sub("", DOCUMENTS[name].read_text(encoding="utf-8"))


def codes() -> Iterator[tuple[str, str]]:
    for name in DOCUMENTS:
        for code in CODE.findall(prose(name)):
            yield name, code


@cache
def sources() -> str:
    files = [*(ROOT / "stablenew_tk").rglob("*.py"), *(ROOT / "scripts").rglob("*.*"), *(ROOT / "tests").rglob("*.py")]
    files += [*(ROOT / "assets").glob("*.json"), ROOT / "stablenew.spec", ROOT / "pyproject.toml"]
    files = [path for path in files if path != Path(__file__) and "__pycache__" not in path.parts]
    return "\n".join(path.read_text("utf-8") for path in files)


@cache
def texts() -> str:
    """The sources with texts of several lines as one, and … for what is put into them."""
    return as_said(sources())


def as_said(source: str) -> str:
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    return re.sub(r"\s+", " ", re.sub(r"{[^{}\n]*}", "…", joined))


def test_every_option_is_one_that_a_command_or_a_script_has():
    programs = [path for top in ("stablenew_tk", "scripts") for path in (ROOT / top).rglob("*.py")]
    known = {option for path in programs for option in re.findall(r'"(--[\w-]+)"', path.read_text("utf-8"))}
    named = {(name, option) for name, code in codes() for option in re.findall(r"(?<![\w-])--?[a-z][\w-]*", code)}
    assert len(named) > 80
    known |= OPTIONS_OF_OTHERS
    assert {(name, option) for name, option in named if option not in known and not option.startswith("-save")} == set()


def test_every_file_and_folder_of_the_project_is_there():
    tops = (ROOT, ROOT / "stablenew_tk", ROOT / "tests")
    named = {word for _, code in codes() for word in code.split() if "/" in word and re.fullmatch(r"[\w./<>-]+", word)}
    named = {word for word in named if not PLACES_OF_OTHERS.match(word)}
    assert len(named) > 60
    assert {word for word in named if not any((top / word).exists() for top in tops)} == set()


def test_every_module_and_field_that_is_named_is_in_the_sources():
    words = {code for _, code in codes() if re.fullmatch(r"[a-z]+(_[a-z]+)+|[a-z0-9_]+(\.[a-z0-9_]+)+", code)}
    known = set(re.findall(r"\w+", sources()))
    files = {path.name for top in ("stablenew_tk", "tests", "scripts") for path in (ROOT / top).rglob("*.*")}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "stablenew_tk").rglob("*")}

    def is_there(word: str) -> bool:
        *above, last = word.split(".")
        folder = "/".join(("stablenew_tk", *above))
        if word in files or f"{folder}/{last}.py" in modules or f"{folder}/{last}" in modules:
            return True
        # A name in a module or on a struct: all its parts are words of the sources.
        return {*above, last} <= known

    assert len(words) > 80
    assert {word for word in words if not is_there(word)} == set()


# What stands in italics and is no word of the window: headings, names made of parts, words of other programs.
OTHER_ITALICS = {
    "no difference you can see, take the fast one", "Every other value", "Seed, too", "Luck #50 → 2 nodes",
    "too close to call", "Sigma algorithm", "failed to map segment from shared object", "by checkpoint",
    "n-th failure", "power cuts", "texts of pictures and workflows", "app and journal against a model",
}  # fmt: skip


def test_words_of_the_window_that_stand_in_italics_are_in_the_program():
    program = (path.read_text("utf-8") for path in (ROOT / "stablenew_tk").rglob("*.py"))
    shown = as_said("\n".join(program))
    told = {
        re.sub(r"\s+", " ", words).strip(" .:,")
        for name in DOCUMENTS
        for words in re.findall(r"(?<![*\w])\*([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)", prose(name))
    }
    assert len(told) > 100
    wrong = {
        words
        for words in told - OTHER_ITALICS
        if not all(part.strip(" .") in shown for part in re.split(r"…|\d+", words) if len(part.strip()) > 2)
    }
    assert wrong == set()


def test_ways_to_combine_lists_are_called_as_in_the_window():
    told = re.findall(r"^\| (.+?) \| `(\w+)` \|", prose("packs.md"), re.M)
    assert told == [(words, mode) for mode, (words, _) in MODES.items()]


def test_every_key_is_bound_somewhere():
    gui = "\n".join(path.read_text("utf-8") for path in (ROOT / "stablenew_tk" / "gui").rglob("*.py"))
    texts_of_keys = set(re.findall(r"(?:Ctrl|Shift|Alt)\+[^\s,\"…]+", gui))
    named = {key for name in DOCUMENTS for key in re.findall(r"(?:Ctrl|Shift|Alt)\+[\w.+-]+", prose(name))}
    named = {key.rstrip(".") if len(key) > len("Ctrl+.") else key for key in named}
    assert len(named) > 15
    pages = {f"Ctrl+{number}" for number in range(1, 9)}
    # Tk writes Ctrl+Shift+Z as <Control-Z>.
    tk = {key: key.replace("Shift+", "").replace("Ctrl+", "Control-").replace("+", "-") for key in named}
    bound = {key for key in named if re.search(rf"<{tk[key]}>", gui, re.IGNORECASE)}
    assert named - texts_of_keys - pages - bound == set()


def test_every_message_in_troubleshooting_is_one_that_the_program_gives():
    told = [row for row in re.findall(r"^\| (.+?) \|", prose("troubleshooting.md"), re.M) if row[0] not in "-(`"]
    parts = [
        part.strip(" .:;,*")
        for row in told
        if row != "message"
        for part in re.split(r"…|`|\bDIR\b|\[\[light\]\]|\d+", row)
    ]
    longer = [part for part in parts if len(part) >= 10]
    assert len(longer) > 30
    assert [part for part in longer if part not in texts()] == []
