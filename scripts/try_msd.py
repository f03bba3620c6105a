"""Run msd with its own data directory and show what it serves; scripts/run sets this up."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from child_process import Environment, TrialError, stopping
from session_bus import BUS_NAME, answers, private_bus, refuse_second_daemon

from msd.backends.local.files.file_kind import MEDIA_KINDS, kind_of
from msd.cli.private_bus import trial_file

ROOT = Path(__file__).resolve().parents[1]
ROOT_OBJECT = "/org/msd/Msd1"
START_SECONDS = 20

EXAMPLES = """
Try, in another terminal:
{export}  busctl --user call {name} {root} {name}.SourceCoordinator ListSources
  busctl --user call {name} {root} {name}.Library ListLibraries 'sa{{sv}}' {source} 0
  busctl --user call {name} {root} {name}.Library QueryItems 'a{{sv}}' 2 \\
      library_ids as 1 {library} limit u 5
  gdbus call --session -d {name} -o {root} -m {name}.Library.QueryItems \\
      "{{'source_ids': <['{source}']>, 'limit': <uint32 5>}}"
  gdbus call --session -d {name} -o {root} -m {name}.SourceCoordinator.SyncSource {source}
  busctl --user monitor {name}
  {msdctl}    # how msd and its sources are
  {msdctl} items --help

Log: {log}    Ctrl-C ends msd. Its news, as they come:
"""


def main() -> int:
    """Run msd until Ctrl-C; return the exit code."""
    options = _options()
    if options.needs_samples:
        return 0 if _needs_samples(options.dir) else 1
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            _serve(stack, options.dir)
    except KeyboardInterrupt:
        print("msd has stopped.")
        return 0
    except TrialError as exc:
        print(exc, file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/run", description=__doc__)
    parser.add_argument("--dir", type=Path, default=ROOT / ".msd-try", help="where the data goes")
    parser.add_argument("--needs-samples", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.dir = Path(os.environ.get("MSD_STARTED_IN", "."), options.dir).resolve()
    return options


def _serve(stack: ExitStack, directory: Path) -> None:
    _make(directory)
    environment = dict(os.environ)
    export, address = "", ""
    if not answers(environment):
        address = stack.enter_context(private_bus(directory))
        environment["DBUS_SESSION_BUS_ADDRESS"] = address
        export = f"  export DBUS_SESSION_BUS_ADDRESS={shlex.quote(address)}\n"
    refuse_second_daemon(environment)
    stack.enter_context(_written_down(address, directory / "config/msd/msd.toml"))
    log = directory / "msd.log"
    daemon = stack.enter_context(daemon_running(directory, log, environment))
    wait_for_name(daemon, log, environment)
    _add_first_sources(directory, environment)
    _show(environment)
    print(_examples(environment, export=export, log=log))
    watch = stack.enter_context(_stopped_at_the_end(_msdctl("watch"), environment))
    daemon.wait()
    watch.terminate()
    raise TrialError(_obituary(daemon, log))


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as exc:
        raise TrialError(
            f"{directory} can't be written ({exc.strerror}); choose another with --dir"
        ) from exc


@contextmanager
def _written_down(address: str, config: Path) -> Iterator[None]:
    """Tell msdctl of this environment where the private bus and the settings are."""
    lines = [f"bus={address}"] if address else []
    path = Path(trial_file())
    text = "\n".join([*lines, f"config={config}", ""])
    try:
        path.write_text(text)
    except OSError:  # a read-only environment: the printed line does it as well
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):  # another scripts/run of this environment may have its own there
            if path.read_text() == text:
                path.unlink()


@contextmanager
def _stopped_at_the_end(
    command: Sequence[str], environment: Environment
) -> Iterator[subprocess.Popen[str]]:
    # a session of its own: Ctrl-C reaches only this script, which then stops everything in order
    with (
        subprocess.Popen(command, env=environment, start_new_session=True, text=True) as process,
        stopping(process),
    ):
        yield process


@contextmanager
def daemon_running(
    directory: Path, log: Path, environment: Environment
) -> Iterator[subprocess.Popen[str]]:
    """Run msd with its files in a directory; it is stopped with the block."""
    own = {
        f"XDG_{name}_HOME": str(directory / name.lower()) for name in ("DATA", "CACHE", "CONFIG")
    }
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "msd"],
            cwd=ROOT,
            env={**environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            text=True,
        ) as daemon,
        stopping(daemon),
    ):
        yield daemon


def wait_for_name(daemon: subprocess.Popen[str], log: Path, environment: Environment) -> None:
    """Wait until msd is on the bus.

    Raises:
        TrialError: it ended, or it is not there after 20 seconds.
    """
    for _ in range(START_SECONDS):
        command = ("gdbus", "wait", "--session", "--timeout=1", BUS_NAME)
        waited = subprocess.run(command, env=environment, capture_output=True, check=False)
        if waited.returncode == 0:
            return
        if daemon.poll() is not None:
            raise TrialError(_obituary(daemon, log))
    raise TrialError(f"msd is not on the bus after {START_SECONDS} s; see {log}")


def _obituary(daemon: subprocess.Popen[str], log: Path) -> str:
    last_words = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    return f"{last_words}\nmsd ended with code {daemon.returncode}; all of its log: {log}"


# --- what is served --------------------------------------------------------------------------


def _needs_samples(directory: Path) -> bool:
    return not (directory / "data/msd/state.db").exists() and not _media_folders()


def _media_folders() -> list[Path]:
    """Return the user's Videos and Music folders, if there is something to play in them."""
    folders = [_user_folder("VIDEOS", "Videos"), _user_folder("MUSIC", "Music")]
    return [folder for folder in folders if _has_media(folder)]


def _user_folder(kind: str, name: str) -> Path:
    if shutil.which("xdg-user-dir"):
        told = subprocess.run(
            ["xdg-user-dir", kind], capture_output=True, text=True, check=False
        ).stdout.strip()
        if told and Path(told) != Path.home():  # the home directory means that none is set
            return Path(told)
    return Path.home() / name


def _has_media(folder: Path) -> bool:
    return any(
        kind_of(os.fsencode(name)) in MEDIA_KINDS
        for _folder, _folders, names in os.walk(folder)
        for name in names
    )


def _msdctl(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "msd.cli", *arguments]


def _ask(environment: Environment, *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        _msdctl("--json", *arguments), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise TrialError(f"msdctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _tell(environment: Environment, *arguments: str) -> bool:
    """Let msdctl talk to the user; return whether it succeeded."""
    done = subprocess.run(_msdctl(*arguments), env=environment, check=False)
    return done.returncode == 0


def _add_first_sources(directory: Path, environment: Environment) -> None:
    if _ask(environment, "sources"):
        return
    added = [_tell(environment, "add", "local", str(folder)) for folder in _media_folders()]
    if not any(added):
        samples = directory / "samples"
        print("No videos or music of yours were found; making a sample library.")
        subprocess.run([sys.executable, ROOT / "scripts/make_samples.py", samples], check=True)
        _tell(environment, "add", "local", str(samples))
    _tell(environment, "sync")


def _show(environment: Environment) -> None:
    print()
    _tell(environment, "sources")
    print()
    _tell(environment, "libraries")


def _examples(environment: Environment, *, export: str, log: Path) -> str:
    libraries = _ask(environment, "libraries")
    first = libraries[0] if libraries else {"source_id": "SOURCE_ID", "id": "LIBRARY_ID"}
    return EXAMPLES.format(
        name=BUS_NAME,
        root=ROOT_OBJECT,
        source=first["source_id"],
        library=first["id"],
        msdctl=shlex.quote(str(Path(sys.prefix, "bin/msdctl"))),
        export=export,
        log=log,
    )


if __name__ == "__main__":
    sys.exit(main())
