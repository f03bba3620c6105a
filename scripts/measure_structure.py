"""Measure how the code is built: its size, its folders, and how far one call travels.

    python scripts/measure_structure.py [CHECKOUT]            sizes
    python scripts/measure_structure.py [CHECKOUT] --trace    and the calls of a running daemon

Sizes: files, lines of code, docstrings and comments, files under 40 lines, folders with more than
15 files. The trace runs the daemon of CHECKOUT on a private bus with a keyring, a simulated
Jellyfin server and a folder, and counts for one QueryItems, one SyncSource of an unchanged folder
and one AddJellyfinSource: the functions of msd that are called in the front, the files they stand
in, and the greatest number of them on one stack. CHECKOUT may be an older one, to compare with.
"""

import argparse
import ast
import io
import json
import os
import runpy
import signal
import sys
import threading
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
SMALL_FILE = 40
MANY_FILES = 15
START, STOP = signal.SIGUSR1, signal.SIGUSR2


# --- sizes -----------------------------------------------------------------------------------


def docstring_lines(tree: ast.Module) -> int:
    """Return how many lines the docstrings of a module take."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    lines = 0
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            statement = node.body[0]
            lines += (statement.end_lineno or statement.lineno) - statement.lineno + 1
    return lines


def comment_lines(text: str) -> int:
    """Return how many lines hold nothing but a comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(
        token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") for token in tokens
    )


def print_sizes(checkout: Path) -> None:
    """Print the sizes of `msd/`."""
    files = sorted((checkout / "msd").rglob("*.py"))
    sizes: Counter[str] = Counter()
    small: list[str] = []
    folders: Counter[Path] = Counter()
    for path in files:
        text = path.read_text()
        tree = ast.parse(text)
        lines = text.splitlines()
        docstring, comment = docstring_lines(tree), comment_lines(text)
        blank = sum(not line.strip() for line in lines)
        sizes += Counter(
            files=1,
            lines=len(lines),
            docstring=docstring,
            comment=comment,
            code=len(lines) - docstring - comment - blank,
        )
        folders[path.parent] += 1
        if len(lines) < SMALL_FILE and path.name != "__init__.py":
            small.append(str(path.relative_to(checkout)))
    print("  ".join(f"{name} {sizes[name]}" for name in sizes))
    print(f"files under {SMALL_FILE} lines (without __init__): {len(small)}")
    crowded = {str(folder.relative_to(checkout)): n for folder, n in folders.items()}
    crowded = {folder: n for folder, n in crowded.items() if n > MANY_FILES}
    print(f"folders with more than {MANY_FILES} files: {crowded or 'none'}")


# --- the daemon with a trace in it -------------------------------------------------------------


class Trace:
    """The calls of functions below one folder, while it is switched on by a signal."""

    def __init__(self, folder: str, output: Path) -> None:
        self._folder = folder
        self._output = output
        self._is_on = False
        self._calls: Counter[tuple[str, str]] = Counter()
        self._depth = 0

    def install(self) -> None:
        """Follow every thread, and obey the signals."""
        signal.signal(START, self._start)
        signal.signal(STOP, self._stop)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _start(self, _signal: int, _frame: FrameType | None) -> None:
        self._calls.clear()
        self._depth = 0
        self._is_on = True

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._is_on = False
        files = {file for file, _ in self._calls}
        result = {"functions": len(self._calls), "files": len(files), "depth": self._depth}
        partial = self._output.with_suffix(".part")
        partial.write_text(json.dumps(result))
        partial.replace(self._output)

    def _profile(self, frame: FrameType, event: str, _argument: object) -> None:
        if not self._is_on or event != "call" or not self._is_ours(frame):
            return
        code = frame.f_code
        self._calls[code.co_filename, code.co_qualname] += 1
        depth = sum(self._is_ours(outer) for outer in _stack(frame))
        self._depth = max(self._depth, depth)

    def _is_ours(self, frame: FrameType) -> bool:
        code = frame.f_code
        is_function = not code.co_name.startswith("<")
        return is_function and code.co_filename.startswith(self._folder)


def _stack(frame: FrameType) -> Iterator[FrameType]:
    here: FrameType | None = frame
    while here is not None:
        yield here
        here = here.f_back


def run_traced_daemon(checkout: Path, output: Path) -> None:
    """Be msd, with a trace in it."""
    sys.path.insert(0, str(checkout))
    sys.argv = ["msd"]
    Trace(str(checkout / "msd") + os.sep, output).install()
    runpy.run_module("msd", run_name="__main__", alter_sys=True)


# --- what is traced ----------------------------------------------------------------------------


def print_traces(checkout: Path) -> None:
    """Print how far one read, one sync and one added source travel."""
    sys.path.insert(0, str(ROOT))
    # Only a trace needs the simulators and fixtures of the tests.
    from tests.simulators.jellyfin import JellyfinSimulator, make_world  # noqa: PLC0415
    from tests.support.session.bus import private_bus  # noqa: PLC0415
    from tests.support.session.daemon import LIBRARY, Daemon  # noqa: PLC0415
    from tests.support.session.keyring import running_keyring  # noqa: PLC0415

    with (
        TemporaryDirectory() as name,
        private_bus(Path(name) / "bus") as bus,
        running_keyring(bus, Path(name) / "keyring"),
        JellyfinSimulator(make_world(60, seed=3), version="12") as simulator,
    ):
        folder = Path(name)
        output = folder / "trace.json"
        command = (sys.executable, __file__, str(checkout), "--daemon", str(output))
        (folder / "Films").mkdir()
        (folder / "Films" / "Heat (1995).mkv").touch()
        daemon = Daemon(bus, folder / "home", {"PYTHONPATH": str(checkout)}, command)
        daemon.start()
        source_id = str(daemon.call("AddLocalSource", "s", str(folder / "Films")))
        daemon.until_synced(source_id)

        def trace(what: str, *words: str, interface: str = "", waits: bool = False) -> None:
            assert daemon.process is not None
            output.unlink(missing_ok=True)
            daemon.process.send_signal(START)
            options = {"interface": interface} if interface else {}
            daemon.call(*words, **options)
            if waits:
                daemon.until_synced(source_id)
            daemon.process.send_signal(STOP)
            daemon.until(output.exists, "the trace is written")
            print(what, "  ".join(f"{k} {v}" for k, v in json.loads(output.read_text()).items()))

        query = ("QueryItems", "a{sv}", "1", "limit", "u", "50")
        trace("QueryItems        ", *query, interface=LIBRARY)
        trace("SyncSource        ", "SyncSource", "s", source_id, waits=True)
        add = ("AddJellyfinSource", "sss", simulator.url, "alice", "secret")
        trace("AddJellyfinSource ", *add)
        daemon.stop()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("checkout", nargs="?", type=Path, default=ROOT, help="default: this one")
    parser.add_argument("--trace", action="store_true", help="trace calls of a running daemon")
    parser.add_argument("--daemon", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    checkout = arguments.checkout.resolve()
    if arguments.daemon:
        run_traced_daemon(checkout, arguments.daemon)
        return
    print_sizes(checkout)
    if arguments.trace:
        print_traces(checkout)


if __name__ == "__main__":
    main()
