"""The house checks itself: which room may import which, how long a file and a function may be, which words are banned.

Every rule has its reason beside it; a rule about something that no longer exists fails too, so none can rot.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WEIR = ROOT / "src" / "weir"
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 5

# room -> (rooms it may import, why nothing else)
DOORS: dict[str, tuple[set[str], str]] = {
    "model": (set(), "the vocabulary is read by every room, so it depends on none"),
    "contract": ({"model"}, "what may be said does not know who acts on it"),
    "logstore": ({"model"}, "records at rest know neither the API nor who reads them"),
    "query": ({"model", "logstore"}, "a query reads snapshots; who may ask is decided elsewhere"),
    "control": ({"model", "contract", "logstore", "query"}, "decisions know nothing of HTTP"),
    "capture": ({"model", "contract", "client"}, "agents run on hosts without a server and have no private door"),
    "doors": ({"model", "contract", "control"}, "a door translates HTTP; it neither decides nor stores"),
    "lab": ({"model"}, "the lab is the independent truth that the rest is compared with"),
    "client": ({"model", "contract"}, "one client for agent, CLI and tests; it knows only what may be said"),
    "compose_agent": (
        {"model", "contract", "client", "capture", "settings"},
        "a captured host holds nothing of a server's in memory",
    ),
    "settings": (set(), "settings are read before anything is built"),
}
COMPOSERS = {
    "cli": "the command line may reach every part",
    "compose": "the whole is put together in one place",
    "__main__": "python -m weir is the command line",
}
MODEL_IMPORTS_ONLY_STDLIB = "model: no dependency may shape the vocabulary"

# Pure tables: long because they list, not because they do.
TABLES: dict[str, str] = {
    "src/weir/model/failures.py": "one row per failure",
    "console/src/contract.ts": "generated from every declaration",
}

BANNED: tuple[tuple[str, str], ...] = (
    (r"unittest\.mock|from unittest import mock", "never mock our own code: use the real part or a real peer"),
    (r"monkeypatch\.setattr", "never patch our own code: pass the part in"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", "do it, or write it into an issue"),
    (r"NotImplementedError", "nothing half-built lands"),
    (r"except:\s*$", "name what you expect"),
    (r"\bdatetime\.(utc)?now\(", "take the clock as an argument"),
    (r"/work/|\.\./shared", "a stranger's clone has no such place"),
)
BANNED_EXEMPT = {
    "tests/test_house.py": "spells the banned words out",
    "pyproject.toml": "tells the linter the same bans",
}

BROAD_EXCEPT_AT_THE_DOORS: dict[str, str] = {
    "src/weir/doors/rpc.py": "an unforeseen fault becomes InternalError with a request id",
    "src/weir/doors/sls.py": "an unforeseen fault becomes InternalServerError with a request id",
}

NAMES_TO_AVOID = re.compile(r"(manager|helper|utils?|base|impl)$", re.IGNORECASE)


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).exists()]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


PYTHON = tracked(".py")


def room_of(path: Path) -> str:
    first = path.relative_to(WEIR).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}:{node.lineno}: relative import; write the full name"
            module = node.module or ""
            names = [f"weir.{alias.name}" for alias in node.names] if module == "weir" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "weir" and len(parts) > 1:
                yield node.lineno, parts[1]


def test_every_room_is_known_and_exists() -> None:
    there = {room_of(path) for path in PYTHON if path.is_relative_to(WEIR)} - {"__init__"}
    assert there == set(DOORS) | set(COMPOSERS)


@pytest.mark.parametrize("room", DOORS)
def test_doors_are_one_way(room: str) -> None:
    allowed, reason = DOORS[room]
    wrong = [
        f"{relative(path)}:{line} imports {other}"
        for path in PYTHON
        if path.is_relative_to(WEIR) and room_of(path) == room
        for line, other in imported_rooms(path)
        if other not in allowed | {room} and not other.startswith("__")
    ]
    assert not wrong, f"{room}: {reason}"


def test_model_is_standard_library_only() -> None:
    for path in (WEIR / "model").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names | {"weir"}, f"{relative(path)}: {MODEL_IMPORTS_ONLY_STDLIB}"


def test_files_are_short() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in tracked(".py", ".c", ".h", ".ts")}
    too_long = {name: count for name, count in lengths.items() if count > FILE_LINES_MAX}
    assert set(too_long) == set(TABLES), "split the file, or drop the exception it no longer needs"


def test_functions_are_short_and_take_few_parameters() -> None:
    wrong = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            positional = [a for a in node.args.posonlyargs + node.args.args if a.arg not in ("self", "cls")]
            if lines > FUNCTION_LINES_MAX:
                wrong.append(f"{relative(path)}:{node.lineno} {node.name}: {lines} lines")
            click = any("option" in ast.unparse(d) or "argument" in ast.unparse(d) for d in node.decorator_list)
            test = node.name.startswith("test_")
            if len(positional) + len(node.args.kwonlyargs) > PARAMETERS_MAX and not click and not test:
                wrong.append(f"{relative(path)}:{node.lineno} {node.name}: more than {PARAMETERS_MAX} parameters")
    assert not wrong


def test_every_module_says_what_it_is() -> None:
    silent = [relative(p) for p in PYTHON if p.read_text().strip() and not ast.get_docstring(ast.parse(p.read_text()))]
    assert not silent


def test_names_can_be_spoken() -> None:
    wrong = [relative(path) for path in PYTHON if NAMES_TO_AVOID.search(path.stem)]
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and NAMES_TO_AVOID.search(node.name):
                wrong.append(f"{relative(path)}:{node.lineno} {node.name}")
    assert not wrong, "name the thing, not its role in the program"


def test_banned_words() -> None:
    texts = tracked(".py", ".c", ".h", ".ts", ".md", ".toml", ".sh", "Makefile", "run")
    wrong = [
        f"{relative(path)}:{number}: {reason}"
        for path in texts
        if relative(path) not in BANNED_EXEMPT
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for pattern, reason in BANNED
        if re.search(pattern, line)
    ]
    assert not wrong


def test_broad_except_only_at_the_doors() -> None:
    found = set()
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                names = {ast.unparse(n) for n in getattr(node.type, "elts", [node.type])}
                if names & {"Exception", "BaseException"}:
                    found.add(relative(path))
    assert found == set(BROAD_EXCEPT_AT_THE_DOORS), "a broad except belongs at a door, and only where it is needed"


def test_tests_wait_for_conditions() -> None:
    allowed = {"tests/waiting.py": "the one poll"}
    sleeping = {
        relative(path)
        for path in PYTHON
        if path.is_relative_to(ROOT / "tests")
        and re.search(r"\btime\.sleep\(|\bsleep\(", path.read_text())
        and relative(path) != "tests/test_house.py"
    }
    assert sleeping <= set(allowed), "poll a condition (wait_until) instead of sleeping"


def test_nothing_built_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not re.findall(r"^.*\.(?:o|so|pyc|whl|parquet|arrow)$", listed, re.MULTILINE)
