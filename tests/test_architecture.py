"""How the code is layered, sized and named, and that each rule of it bites."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
OWN_CODE = [*sorted((ROOT / "msd").rglob("*.py")), *sorted((ROOT / "scripts").glob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_TEST_FILE = 600  # a list of sentences, read one at a time
MOST_LINES_OF_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}

# contract id → a file and the line that breaks that contract
BREACHES = {
    "layers": ("msd/models/__init__.py", "import msd.errors"),
    "managers": ("msd/bus/__init__.py", "import msd.managers"),
    "store": ("msd/bus/__init__.py", "import msd.store"),
    "backends": ("msd/managers/__init__.py", "import msd.backends"),
    "events": ("msd/managers/__init__.py", "import msd.events"),
    "no-backend-knows-another": ("msd/backends/local/__init__.py", "import msd.backends.jellyfin"),
    "no-manager-knows-another": ("msd/managers/auth.py", "import msd.managers.sync"),
    "cli": ("msd/cli/__init__.py", "import msd.settings"),
    "no-cycles": ("msd/models/__init__.py", "import msd.errors"),
    "dbus": ("msd/coordinator/__init__.py", "import msd.dbus.messages.names"),
    "fence-dbus": ("msd/bus/gate.py", "import dbus_next"),
    "fence-dbus-binding": ("msd/app.py", "import msd.dbus.binding"),
    "fence-sql": ("msd/app.py", "import sqlalchemy"),
    "fence-tables": ("msd/store/state/store.py", "import msd.store.build_time_schema.state_tables"),
    "fence-keyring": ("msd/store/__init__.py", "import keyring"),
    "fence-http": ("msd/coordinator/__init__.py", "import httpx"),
    "fence-websocket": ("msd/backends/jellyfin/__init__.py", "import wsproto"),
    "fence-media": ("msd/backends/jellyfin/__init__.py", "import PTN"),
    "fence-pictures": ("msd/app.py", "import PIL"),
    "fence-certificates": ("msd/backends/jellyfin/__init__.py", "import cryptography"),
    "fence-xml": ("msd/backends/jellyfin/__init__.py", "import defusedxml"),
    "fence-rich": ("msd/app.py", "import rich"),
}


def lint_imports(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def report_of_each_broken_contract(output: str) -> dict[str, str]:
    """Return what import-linter says of each broken contract, by the contract's id."""
    text = (ROOT / ".importlinter").read_text()
    ids = {name: contract for contract, name in re.findall(r":contract:(.+)\]\nname = (.+)", text)}
    sections = re.split(r"^(.+)\n-+$", output.partition("Broken contracts")[2], flags=re.MULTILINE)
    return {
        ids[name]: body
        for name, body in zip(sections[1::2], sections[2::2], strict=True)
        if name in ids
    }


def module_of(path: str) -> str:
    """Return the dotted name of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def names_the_import(report: str, importer: str, imported: str) -> bool:
    """Return whether a report has the import; one of cycles names modules without their package."""
    edges = (f"{importer} -> {imported}", f"{importer} -> {imported}".replace("msd.", "."))
    return any(edge in report for edge in edges)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_calls(function: ast.AST) -> set[str]:
    """Return the names of what a function calls, functions inside it left out."""
    called: set[str] = set()
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called.add(node.func.attr)
        called |= own_calls(node)
    return called


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def has_tests(place: Path) -> bool:
    return place.is_dir() or place.with_name(f"test_{place.name}.py").exists()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code that a test may spoil."""
    shutil.copytree(ROOT / "msd", tmp_path / "msd", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_every_import_contract_is_kept() -> None:
    """The order of the folders is the order of the calls."""
    checked = lint_imports(ROOT)

    assert checked.returncode == 0, checked.stdout


def test_every_import_contract_has_a_breach_below() -> None:
    """No contract is trusted that was not seen to fail."""
    contracts = re.findall(r"\[importlinter:contract:(.+)\]", (ROOT / ".importlinter").read_text())

    assert sorted(contracts) == sorted(BREACHES)


def test_each_import_contract_can_fail(copy: Path) -> None:
    """A bad import is noticed, and reported under the contract that it breaks."""
    for path, line in BREACHES.values():
        with (copy / path).open("a") as file:
            file.write(f"\n{line}\n")

    checked = lint_imports(copy)

    reports = report_of_each_broken_contract(checked.stdout)
    missed = {
        contract: (path, line)
        for contract, (path, line) in BREACHES.items()
        if not names_the_import(reports.get(contract, ""), module_of(path), line.split()[-1])
    }
    assert missed == {}, checked.stdout


def test_a_module_without_a_place_in_the_layers_is_noticed(copy: Path) -> None:
    """Each module has its place in the layers."""
    (copy / "msd/leftovers.py").touch()

    checked = lint_imports(copy, "--contract", "layers")

    assert checked.returncode == 1
    assert "leftovers" in checked.stdout


def test_files_are_short() -> None:
    """A file has at most 400 lines."""
    long_code = [name_of(path) for path in OWN_CODE if lines_of(path) > MOST_LINES_OF_A_FILE]
    long_tests = [name_of(path) for path in TESTS if lines_of(path) > MOST_LINES_OF_A_TEST_FILE]

    assert long_code + long_tests == []


def test_functions_are_short() -> None:
    """A function has at most 60 lines, docstring included."""
    lengths = {
        f"{name_of(path)}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in [*OWN_CODE, *TESTS]
        for function in functions(path)
    }

    assert [name for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    """No utils, helpers, common."""
    named = [name_of(path) for path in [*OWN_CODE, *TESTS] if path.stem in NAMES_THAT_SAY_NOTHING]

    assert named == []


def test_nothing_outside_the_backends_asks_for_a_kind() -> None:
    """One folder per backend; no `if kind ==` elsewhere."""
    asks = re.compile(r"\bkind\s*(==|!=|in\s*[({\[])\s*[\"'({]")
    outside = [path for path in OWN_CODE if "backends" not in path.parts]

    assert [name_of(path) for path in outside if asks.search(path.read_text())] == []


def test_tests_use_no_mocks() -> None:
    """Arguments are the seams. (The environment is an argument of a process.)"""
    banned = re.compile(
        r"\bunittest\.mock\b|\bMagicMock\b|\bmonkeypatch\.(setattr|delattr|setitem|delitem)\b"
    )
    others = [path for path in TESTS if path != Path(__file__)]

    assert [name_of(path) for path in others if banned.search(path.read_text())] == []


def test_tests_do_not_sleep() -> None:
    """They wait on events; only a server in a test may be slow."""
    sleeping = [
        f"{name_of(path)}: {function.name}"
        for path in TESTS
        for function in functions(path)
        if function.name.startswith("test_") and "sleep" in own_calls(function)
    ]

    assert sleeping == []


def test_the_tests_mirror_the_code() -> None:
    """What tests `msd/x/` is `tests/x/`, or `tests/test_x.py`."""
    folders = {path.parent.relative_to(ROOT) for path in OWN_CODE if path.name != "__init__.py"}
    places = [ROOT / "tests" / folder.relative_to(folder.parts[0]) for folder in sorted(folders)]

    assert [str(place) for place in places if not has_tests(place)] == []


def test_a_backend_is_found_because_its_folder_is_there(copy: Path) -> None:
    """Nothing outside a backend's folder names it."""
    dummy = copy / "msd/backends/dummy"
    dummy.mkdir()
    (dummy / "__init__.py").write_text(
        "from msgspec.structs import replace\n"
        "from msd.backends.local import SPEC as LOCAL\n"
        "from msd.models import BackendKind\n"
        "SPEC = replace(LOCAL, kind=BackendKind('dummy'))\n"
    )

    found = subprocess.run(
        [sys.executable, "-c", "from msd.backends import discover; print(*sorted(discover()))"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    )

    before = {path.parent.name for path in (ROOT / "msd/backends").glob("*/__init__.py")}
    assert {*found.stdout.split()} == {"dummy"} | before
