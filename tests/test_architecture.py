"""The fences of the house. A rule that no test holds is decoration."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import stablenew_tk

PACKAGE = Path(stablenew_tk.__file__).parent
MODULES = {
    ".".join(("stablenew_tk", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

MAY_USE = {
    "domain": {"domain"},
    "storage": {"domain", "storage"},
    "backends": {"domain", "backends"},
    "pipeline": {"domain", "storage", "backends.base", "pipeline"},
    "controller": {"domain", "storage", "backends", "pipeline"},
    # The window sees the values that cross threads, never what makes them.
    "gui": {"domain", "controller", "gui", "pipeline.events", "pipeline.orders"},
    # Looking after the journal is storage's own work; a detour over the desk thread would only add orders.
    "commands": {"domain", "controller", "commands", "storage"}
    | {"pipeline.events", "pipeline.orders", "pipeline.stamps"},
    "cli": {"domain", "controller", "commands", "gui", "storage.places", "storage.settings"},
    "__main__": {"cli"},
}
THIRD_PARTY = {
    "domain": {"msgspec"},
    "storage": {"msgspec", "watchdog", "PIL", "platformdirs", "filelock", "send2trash"},
    "backends": {"msgspec", "requests", "urllib3", "PIL"},
    "pipeline": {"msgspec"},
    "controller": {"msgspec"},
    "gui": {"customtkinter", "tkinter", "PIL", "msgspec", "tkinterdnd2"},
    "commands": {"msgspec", "rich"},
    "cli": set(),
    "__main__": set(),
}
THREADS = {"stablenew_tk.pipeline.workers", "stablenew_tk.storage.watcher", "stablenew_tk.storage.journal"}
BROAD_EDGES = {"stablenew_tk.pipeline.workers", "stablenew_tk.gui.window", "stablenew_tk.cli"}
DOMAIN_BANS = {
    "os",
    "pathlib",
    "io",
    "time",
    "datetime",
    "random",
    "threading",
    "socket",
    "subprocess",
    "secrets",
    "tempfile",
}
# PIL reads picture bytes only through these formats; anything else would let a renamed file start other programs.
BANNED_CALLS = {"eval", "exec", "compile"}


def package_order() -> list[str]:
    """Every module in the order of the map, lowest first."""
    order: list[str] = []
    rows = re.findall(r"^    (\w+) {2,}(\S.*(?:\n {16}\S.*)*)$", stablenew_tk.__doc__ or "", re.MULTILINE)
    for package, words in reversed(rows):
        if (PACKAGE / package).is_dir():
            order += [f"stablenew_tk.{package}", *(f"stablenew_tk.{package}.{word}" for word in words.split())]
        else:
            order.append(f"stablenew_tk.{package}")
    return order


def imports_of(name: str) -> list[tuple[str, int]]:
    """Absolute names of all imports in a module, lazy ones included, with their line."""
    found: list[tuple[str, int]] = []
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
            found += [(full if full in MODULES else base, node.lineno) for full in names]
    return found


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else "stablenew_tk"


@pytest.mark.parametrize("name", [n for n in MODULES if n != "stablenew_tk"])
def test_imports_only_go_down(name):
    order = package_order()
    assert name in order, f"{name} is missing in the map of stablenew_tk/__init__.py"
    for target, line in imports_of(name):
        if not target.startswith("stablenew_tk") or target == "stablenew_tk":
            continue
        inner = target.removeprefix("stablenew_tk.")
        allowed = MAY_USE[room(name)]
        assert room(target) in allowed or any(inner.startswith(a) for a in allowed), f"{name}:{line} imports {target}"
        assert order.index(target) < order.index(name), f"{name}:{line} imports {target}, which stands above it"


@pytest.mark.parametrize("name", [n for n in MODULES if n != "stablenew_tk"])
def test_third_party_packages_stay_in_their_rooms(name):
    import sys

    for target, line in imports_of(name):
        top = target.split(".")[0]
        if top in ("stablenew_tk", "__future__", ""):
            continue
        if top in sys.stdlib_module_names and top != "tkinter":
            assert room(name) != "domain" or top not in DOMAIN_BANS, f"{name}:{line} imports {target}"
            continue
        assert top in THIRD_PARTY[room(name)], f"{name}:{line} imports {target}"


@pytest.mark.parametrize("name", list(MODULES))
def test_threads_stay_at_home(name):
    if name in THREADS:
        return
    used = [
        f"{t}:{line}"
        for t, line in imports_of(name)
        if t.split(".")[0] in ("threading", "concurrent", "multiprocessing", "_thread")
    ]
    assert not used, f"{name} uses {used}"


@pytest.mark.parametrize("name", list(MODULES))
def test_rooms_stay_small(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{name} has {text.count(chr(10))} lines"
    for node in ast.walk(TREES[name]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{name}:{node.lineno} {node.name} has {length} lines"
            assert len(node.args.args) <= 6, f"{name}:{node.lineno} {node.name} takes too many positional arguments"
        if isinstance(node, ast.ClassDef):
            public = [n for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
            assert len(public) <= 15, f"{name}:{node.lineno} {node.name} has {len(public)} public methods"
            assert not re.search(r"(Manager|Service|Helper|Handler|Processor|Util|Utils|Data|V2)$", node.name), (
                node.name
            )


def test_the_verbs_of_the_controller_only_ask_and_hand_on():
    for node in ast.walk(TREES["stablenew_tk.controller"]):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            doc = node.body[0]
            first = node.body[1] if isinstance(doc, ast.Expr) and len(node.body) > 1 else doc
            lines = (node.end_lineno or 0) - first.lineno + 1
            assert lines <= 10, f"controller.{node.name} has {lines} lines"


@pytest.mark.parametrize("name", list(MODULES))
def test_every_module_opens_with_a_docstring(name):
    assert ast.get_docstring(TREES[name]), name


@pytest.mark.parametrize("name", list(MODULES))
def test_everything_is_caught_only_at_the_edges(name):
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ExceptHandler):
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"BaseException"}
            if caught & {"Exception", "BaseException"}:
                assert name in BROAD_EDGES, f"{name}:{node.lineno} catches everything"


@pytest.mark.parametrize("name", list(MODULES))
def test_dangerous_calls_are_absent(name):
    for target, line in imports_of(name):
        assert target.split(".")[0] not in ("pickle", "marshal", "shelve", "yaml"), f"{name}:{line}"
    for node in ast.walk(TREES[name]):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in BANNED_CALLS, f"{name}:{node.lineno} calls {called}"
        assert not any(k.arg == "shell" for k in node.keywords), f"{name}:{node.lineno} uses a shell"
        if called == "Image.open":
            assert any(k.arg == "formats" for k in node.keywords), f"{name}:{node.lineno} opens any format"


@pytest.mark.parametrize(
    "path", [p for p in PACKAGE.parent.rglob("*.py") if ".venv" not in p.parts and "build" not in p.parts]
)
def test_no_second_versions_of_anything(path):
    assert not re.search(r"_v\d+\b|_old\b|_new\b|_copy\b", path.stem), path
