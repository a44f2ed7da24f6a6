"""The fences of the house. A rule that no test holds is decoration."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import stablenew_tk

PACKAGE = Path(stablenew_tk.__file__).parent
MODULES = {
    ".".join(("stablenew_tk", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TESTS = Path(__file__).parent
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
NODES = {name: list(ast.walk(tree)) for name, tree in TREES.items()}

THIRD_PARTY = {
    "domain": {"msgspec"},
    "storage": {"msgspec", "watchdog", "PIL", "platformdirs", "filelock", "send2trash", "pyarrow", "cryptography"},
    "backends": {"msgspec", "requests", "urllib3", "PIL"},
    "pipeline": {"msgspec", "distributed", "dask"},
    "app": {"msgspec"},
    "gui": {"customtkinter", "darkdetect", "tkinter", "PIL", "msgspec", "tkinterdnd2"},
    "commands": {"msgspec", "rich"},
    "cli": set(),
    "__main__": set(),
}
THREADS = {
    "stablenew_tk.__main__",  # makes none, but sees at the end whether one is stuck
    "stablenew_tk.pipeline.workers",
    "stablenew_tk.pipeline.late",  # imports in the background
    "stablenew_tk.pipeline.cluster.link",
    "stablenew_tk.pipeline.cluster.scheduler",  # one that waits for the end of its input, which nothing can wake
    "stablenew_tk.app.engines.backend_for",  # makes none: a lock, so that two nodes share one connection
    "stablenew_tk.pipeline.cluster.worker_jobs",  # makes none: a lock, for one job at a time
    "stablenew_tk.backends.decoding",  # makes none: a lock, for one type at a time
    "stablenew_tk.pipeline.second_start",
    "stablenew_tk.storage.watcher",
    "stablenew_tk.storage.journal.writer",
}
BROAD_EDGES = {"stablenew_tk.pipeline.workers", "stablenew_tk.gui.main_frame", "stablenew_tk.cli"}
# The journal itself, the board that a plan is rated on, its rating, and the export of the whole journal.
SEES_BLIND_PICTURES = (
    "stablenew_tk.domain.journal.",
    "stablenew_tk.domain.insights.matrix",
    "stablenew_tk.gui.learn.rating.",
    "stablenew_tk.storage.journal.repair",
)
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
# What the standard library and tkinterdnd2 give no public name to; os._exit is public.
FOREIGN_PRIVATES = {"argparse", "os", "TkinterDnD"}
OWN = {"self", "cls", "super()"}
# Formatted lines. One module in twenty may be longer than the soft limit; a file is never split only to meet it.
SOFT_LIMIT, HARD_LIMIT = 400, 600
BANNED_CALLS = {"eval", "exec", "compile"}
# Words that say nothing to somebody new to the project. The names of the field are in CONTRIBUTING.md.
RIDDLES = {
    "deed", "deeds", "door", "doors", "shelf", "shelves", "seat", "seats", "seating", "slim", "tried", "evenly",
    "glance", "peek", "chore", "chores", "librarian", "packer", "hasher", "tint", "tinted", "surroundings",
}  # fmt: skip


def read_map() -> dict[str, set[str]]:
    """Every room of the map, top floor first, with the rooms that it may import from."""
    uses: dict[str, set[str]] = {}
    last = ""
    for line in (stablenew_tk.__doc__ or "").splitlines():
        if row := re.match(r" {4}(\S+) {2,}\S.*? {2,}(\S.*)$", line):
            last = row[1]
            uses[last] = set(row[2].split())
        elif re.match(r" {40,}\S", line):
            uses[last] |= set(line.split())
    shorts = {name: uses.pop(name) for name in list(uses) if name.isupper()}
    shorts = {short: spelled_out(names, shorts) for short, names in shorts.items()}
    return {name: spelled_out(names, shorts) - {"nothing"} for name, names in uses.items()}


def spelled_out(names: set[str], shorts: dict[str, set[str]]) -> set[str]:
    return {one for name in names for one in shorts.get(name, {name})}


ROOMS = read_map()


def imports_of(name: str) -> list[tuple[str, int]]:
    """Absolute names of all imports in a module, lazy ones included, with their line."""
    found: list[tuple[str, int]] = []
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in NODES[name]:
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


def storey(name: str) -> str:
    return name.split(".")[1] if "." in name else "stablenew_tk"


def room(name: str) -> str:
    """The room a module stands in, as the map calls it; modules at the top are rooms of their own."""
    inner = name.removeprefix("stablenew_tk.")
    return inner if MODULES[name].name == "__init__.py" or "." not in inner else inner.rpartition(".")[0]


def covers(named: str, other: str, *, seen_from: str) -> bool:
    """Whether a name of the map means the room `other`: itself, and what is in it unless one stands in it already."""
    return other == named or (other.startswith(f"{named}.") and not seen_from.startswith(f"{named}."))


def for_each(things: Iterable[object]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Make a check of one thing a test of all of them, which tells every breach: thousands of tests take minutes."""

    def as_test(check: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            breaches = []
            for thing in things:
                try:
                    check(thing)
                except AssertionError as error:
                    breaches.append(str(error))
            assert not breaches, "\n".join(breaches)

        test.__name__ = check.__name__
        return test

    return as_test


def test_the_map_names_every_room_and_no_other():
    assert set(ROOMS) == {room(name) for name in MODULES if name != "stablenew_tk"}


def test_on_the_map_a_room_uses_only_rooms_below_it():
    order = list(ROOMS)
    for number, (name, uses) in enumerate(ROOMS.items()):
        for used in uses:
            module = f"stablenew_tk.{used}"
            within = room(module) if module in MODULES and used not in ROOMS else used
            inside = [one for one in order if covers(within, one, seen_from=name)]
            assert inside, f"{name} may use {used}, which is no room"
            assert all(order.index(one) > number for one in inside), f"{name} may use {used}, which stands above it"


@for_each([n for n in MODULES if n != "stablenew_tk"])
def test_imports_only_go_down(name):
    here = room(name)
    for target, line in imports_of(name):
        if not target.startswith("stablenew_tk.") or room(target) == here:
            continue
        inner = target.removeprefix("stablenew_tk.")
        allowed = inner in ROOMS[here] or any(covers(one, room(target), seen_from=here) for one in ROOMS[here])
        assert allowed, f"{name}:{line} imports {target}, which the map does not allow"


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {t for t, _ in imports_of(name) if t in MODULES and t != "stablenew_tk"} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@for_each([r for r in ROOMS if r.startswith("gui.") and r not in ("gui.forms", "gui.widgets")])
def test_a_page_imports_no_other_page(page):
    own = page.split(".")[1]
    for name in (n for n in MODULES if room(n) == page):
        for target, line in imports_of(name):
            other = target.split(".")[2] if target.startswith("stablenew_tk.gui.") else own
            assert other in (own, "forms", "widgets", "page"), f"{name}:{line} imports {target}"


@for_each(ROOMS)
def test_a_room_holds_at_most_thirty_modules(here):
    inside = [name for name in MODULES if room(name) == here and MODULES[name].name != "__init__.py"]
    assert len(inside) <= 30, f"{here} has {len(inside)} modules"


@for_each([n for n in MODULES if n != "stablenew_tk"])
def test_third_party_packages_stay_in_their_rooms(name):
    import sys

    for target, line in imports_of(name):
        top = target.split(".")[0]
        if top in ("stablenew_tk", "__future__", ""):
            continue
        if top in sys.stdlib_module_names and top != "tkinter":
            assert storey(name) != "domain" or top not in DOMAIN_BANS, f"{name}:{line} imports {target}"
            continue
        assert top in THIRD_PARTY[storey(name)], f"{name}:{line} imports {target}"


@for_each(MODULES)
def test_threads_stay_at_home(name):
    if name in THREADS:
        return
    used = [
        f"{t}:{line}"
        for t, line in imports_of(name)
        if t.split(".")[0] in ("threading", "concurrent", "multiprocessing", "_thread")
    ]
    assert not used, f"{name} uses {used}"


def test_few_modules_are_longer_than_four_hundred_lines():
    long = [name for name, path in MODULES.items() if path.read_text(encoding="utf-8").count("\n") > SOFT_LIMIT]
    assert len(long) <= len(MODULES) // 20, f"more than one in twenty: {long}"


@for_each(MODULES)
def test_modules_functions_and_classes_stay_small(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert text.count("\n") <= HARD_LIMIT, f"{name} has {text.count(chr(10))} lines"
    for node in NODES[name]:
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


@for_each(MODULES)
def test_only_tables_are_exempt_from_formatting(name):
    tables = {
        node.end_lineno
        for scope in [TREES[name], *(n for n in TREES[name].body if isinstance(n, ast.ClassDef))]
        for node in scope.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        and isinstance(node.value, (ast.Tuple, ast.List, ast.Dict, ast.Set))
    }
    for number, line in enumerate(MODULES[name].read_text(encoding="utf-8").splitlines(), start=1):
        assert "fmt: skip" not in line or number in tables, f"{name}:{number} is no table"
        assert "fmt: off" not in line, f"{name}:{number}"


def test_a_class_name_is_defined_once():
    found: dict[str, list[str]] = {}
    for name, nodes in NODES.items():
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(f"{name}:{node.lineno}")
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


MESSAGES = {
    node.name
    for module, nodes in NODES.items()
    if ".messages." in module
    for node in nodes
    if isinstance(node, ast.ClassDef)
}


@for_each(MODULES)
def test_no_class_is_told_by_its_name_as_text(name):
    for node in NODES[name]:
        if isinstance(node, ast.Compare):
            texts = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
            assert not texts & MESSAGES, f"{name}:{node.lineno} compares {texts & MESSAGES}"
            assert "__name__" not in ast.unparse(node) or "__main__" in texts, f"{name}:{node.lineno}"


def test_the_verbs_of_the_controller_only_ask_and_hand_on():
    for node in ast.walk(TREES["stablenew_tk.app.controller"]):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            doc = node.body[0]
            first = node.body[1] if isinstance(doc, ast.Expr) and len(node.body) > 1 else doc
            lines = (node.end_lineno or 0) - first.lineno + 1
            assert lines <= 10, f"controller.{node.name} has {lines} lines"


@for_each(MODULES)
def test_pictures_of_blind_plans_are_seen_only_by_their_rating(name):
    if name.startswith(SEES_BLIND_PICTURES):
        return
    for node in NODES[name]:
        if isinstance(node, ast.Attribute):
            asked = node.attr == "unblinded" or ast.unparse(node).endswith("plans.hidden")
            assert not asked, f"{name}:{node.lineno}: ask History.visible"


@for_each(MODULES)
def test_every_module_opens_with_a_docstring(name):
    assert ast.get_docstring(TREES[name]), name


@for_each(MODULES)
def test_everything_is_caught_only_at_the_edges(name):
    for node in NODES[name]:
        if isinstance(node, ast.ExceptHandler):
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"BaseException"}
            if caught & {"Exception", "BaseException"}:
                assert name in BROAD_EDGES, f"{name}:{node.lineno} catches everything"


@for_each(MODULES)
def test_dangerous_calls_are_absent(name):
    for target, line in imports_of(name):
        assert target.split(".")[0] not in ("pickle", "marshal", "shelve", "yaml"), f"{name}:{line}"
    for node in NODES[name]:
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in BANNED_CALLS, f"{name}:{node.lineno} calls {called}"
        assert not any(k.arg == "shell" for k in node.keywords), f"{name}:{node.lineno} uses a shell"
        if called == "Image.open":
            assert any(k.arg == "formats" for k in node.keywords), f"{name}:{node.lineno} opens any format"


@for_each([p for p in PACKAGE.parent.rglob("*.py") if ".venv" not in p.parts and "build" not in p.parts])
def test_no_second_versions_of_anything(path):
    assert not re.search(r"_v\d+\b|_old\b|_new\b|_copy\b", path.stem), path


@for_each(MODULES)
def test_names_are_words_of_the_field(name):
    named = set(name.split("."))
    for node in NODES[name]:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            named.add(node.name)
        elif isinstance(node, ast.arg):
            named.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            named.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            named.add(node.attr)
    words = {word.lower() for one in named for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", one)}
    assert not words & RIDDLES, f"{name}: {sorted(words & RIDDLES)}"


@for_each(sorted(TESTS.rglob("*.py")))
def test_tests_use_public_names_only(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    private = [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and re.match(r"_[a-z]", node.attr)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        # Only sys._base_executable names the Python that a virtual environment was made from.
        and not ast.unparse(node).startswith("sys.")
    ]
    assert not private, f"{path.name}: {private}"


@for_each(MODULES)
def test_private_members_are_touched_only_where_they_are_made(name):
    made = {n.attr for n in NODES[name] if isinstance(n, ast.Attribute) and ast.unparse(n.value) in OWN}
    made |= {n.target.id for n in NODES[name] if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    for node in NODES[name]:
        if isinstance(node, ast.Attribute) and re.match(r"_[A-Za-z]", node.attr) and node.attr not in made:
            assert ast.unparse(node.value) in FOREIGN_PRIVATES, f"{name}:{node.lineno} {ast.unparse(node)}"


# What `storage.disk` does safely: atomic, forced to the disk, never waiting on a pipe or a device.
RAW_FILE_CALLS = {
    "os.open", "os.unlink", "os.remove", "os.rename", "os.replace", "os.truncate", "os.fsync", "os.fdatasync", "open",
    "io.open", "shutil.move", "shutil.copy", "shutil.copyfile", "shutil.copy2",
}  # fmt: skip
RAW_PATH_METHODS = {"unlink", "rename", "read_bytes", "read_text", "write_bytes", "write_text", "touch"}
# The journal's own line (written, forced, taken back as one); /proc; the output of a process while it writes it; the
# null device in place of a terminal.
MAY_USE_FILES_RAW = {
    ("stablenew_tk.storage.journal.writer", "os.fsync"),
    ("stablenew_tk.storage.journal.repair", "os.fsync"),
    ("stablenew_tk.storage.programs.processes", "read_text"),
    ("stablenew_tk.storage.programs.started_server", "os.truncate"),
    ("stablenew_tk.__main__", "open"),
}
# A thread's own wait for work, a dialog that the user closes, and what by itself waits a moment only: the end of a
# process that was killed.
MAY_WAIT_FOR_EVER = {
    ("stablenew_tk.pipeline.workers", "self._orders.get()"),
    ("stablenew_tk.pipeline.workers", "self._jobs.get()"),
    ("stablenew_tk.pipeline.server_worker", "server.wait()"),
    ("stablenew_tk.backends.sdserver.child", "self._process.wait()"),
    ("stablenew_tk.pipeline.cluster.link", "future.result()"),  # given up by whoever waits for it, tick by tick
    ("stablenew_tk.pipeline.cluster.worker", "ends.wait()"),
    ("stablenew_tk.pipeline.cluster.scheduler", "ends.wait()"),  # of a program of its own: until it is ended
    ("stablenew_tk.storage.programs.started_server", "started.wait()"),
    ("stablenew_tk.storage.desktop_dialogs", "child.communicate()"),
    ("stablenew_tk.storage.watcher", "observer.join()"),
}
PATH_QUESTIONS = {"exists", "is_file", "is_dir", "is_symlink", "resolve", "expanduser"}
WAITS = {"wait", "join", "result", "acquire", "communicate"}


def calls_in(name):
    return (node for node in NODES[name] if isinstance(node, ast.Call))


def raw_file_use(call):
    """The raw way in which a call touches a file, or ""."""
    called = ast.unparse(call.func)
    if called in RAW_FILE_CALLS:
        return called
    if not isinstance(call.func, ast.Attribute) or called.startswith(("msgspec.", "os.")):
        return ""
    name, first = call.func.attr, call.args[0] if call.args else None
    if name in RAW_PATH_METHODS:
        return name
    if name == "replace" and len(call.args) == 1 and not call.keywords:  # that of texts takes two
        return name
    is_mode = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return name if name == "open" and is_mode and set(first.value) <= set("rwabxt+") else ""


@for_each([name for name in MODULES if storey(name) not in ("gui", "domain")])
def test_files_are_opened_replaced_removed_and_forced_to_disk_only_by_storage_disk(name):
    if room(name) == "storage.disk":
        return
    for call in calls_in(name):
        used = raw_file_use(call)
        assert not used or (name, used) in MAY_USE_FILES_RAW, f"{name}:{call.lineno} {ast.unparse(call)}"


@for_each(MODULES)
def test_a_path_is_asked_only_in_ways_that_never_raise(name):
    if name != "stablenew_tk.storage.disk.files":
        for call in calls_in(name):
            assert not raising_question(call), f"{name}:{call.lineno} {ast.unparse(call)}"


def raising_question(call):
    """Whether a call asks a Path in a way that raises for long names, without permission, for links in a circle."""
    is_one = isinstance(call.func, ast.Attribute) and call.func.attr in PATH_QUESTIONS and not call.args
    # An entry of os.scandir has methods of the same names; it was found in its folder. Sources of values resolve, too.
    return is_one and not call.keywords and not re.search(r"(^|\.)(entry|sources|Path\(__file__\))$", owner(call))


def owner(call):
    return ast.unparse(call.func.value)


@for_each([name for name in MODULES if storey(name) != "gui"])
def test_nothing_waits_without_a_limit(name):
    for call in calls_in(name):
        if not isinstance(call.func, ast.Attribute) or call.args or call.keywords:
            continue
        waits = call.func.attr in WAITS or (call.func.attr == "get" and storey(name) == "pipeline")
        assert not waits or (name, ast.unparse(call)) in MAY_WAIT_FOR_EVER, f"{name}:{call.lineno} {ast.unparse(call)}"


def test_numbers_in_the_head_of_an_answer_are_checked_before_they_are_made():
    """`int` raises for what servers really send as Content-Length: "541, 541", "abc", "" and 5,000 digits."""
    found = 0
    for scope in (
        node for node in ast.walk(TREES["stablenew_tk.backends.transport"]) if isinstance(node, ast.FunctionDef)
    ):
        checked = {ast.unparse(node.func.value) for node in ast.walk(scope) if is_check_of_digits(node)}
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) in ("int", "float") and call.args:
                assert ast.unparse(call.args[0]) in checked, f"transport:{call.lineno} {ast.unparse(call)}"
                found += 1
    assert found, "the head is read elsewhere now: look there"


def is_check_of_digits(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "isdigit"


def test_the_bans_see_what_they_are_for():
    banned = "path.open('rb'); path.unlink(); a.replace(b); os.fsync(3); open(x); path.read_bytes()"
    allowed = "text.replace('a', 'b'); page.open(); viewer.open((1,)); os.path.exists(x); structs.replace(a, b=1)"
    asked = ast.parse("path.exists(); (a / b).is_dir(); Path(text).resolve(); typed.expanduser(); file.is_symlink()")
    safe = ast.parse("is_there(path); entry.is_dir(follow_symlinks=False); entry.is_symlink(); self.sources.resolve()")
    assert all(
        raising_question(node)
        for node in ast.walk(asked)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    assert not any(raising_question(node) for node in ast.walk(safe) if isinstance(node, ast.Call))
    assert all(raw_file_use(node) for node in ast.walk(ast.parse(banned)) if isinstance(node, ast.Call))
    assert not any(raw_file_use(node) for node in ast.walk(ast.parse(allowed)) if isinstance(node, ast.Call))
