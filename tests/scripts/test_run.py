"""scripts/run: a newcomer's first minute, typed as a newcomer would."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.scripts.trial import NAME, ROOT, Trial, newcomer, trying

pytestmark = pytest.mark.timeout(180)

LIST_SOURCES = f"busctl --user call {NAME} /org/msd/Msd1 {NAME}.SourceCoordinator ListSources"
QUERY_ITEMS = f"gdbus call --session -d {NAME} -o /org/msd/Msd1 -m {NAME}.Library.QueryItems '{{}}'"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("try")


@pytest.fixture(scope="module")
def trial(directory: Path) -> Iterator[Trial]:
    environment = newcomer(directory / "home")
    videos = directory / "home/Videos"
    videos.mkdir()
    (videos / "notes.txt").write_text("nothing to play")
    with trying(directory / "data", environment) as running:
        yield running


def test_a_sample_library_is_served(trial: Trial) -> None:
    """A sample library is served.

    Busctl and gdbus answer without any step by hand.
    """
    sources = trial.shell(LIST_SOURCES)
    items = trial.shell(QUERY_ITEMS)

    assert sources.startswith("aa{sv} 1 ")
    assert "'type': <'movie'>" in items


def test_msdctl_of_the_same_environment_finds_the_private_bus(trial: Trial) -> None:
    """Nothing has to be typed in the second terminal."""
    environment = {**trial.environment}
    del environment["DBUS_SESSION_BUS_ADDRESS"]

    done = subprocess.run(
        [ROOT / ".venv/bin/msdctl"], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 source" in done.stdout


def test_every_line_to_try_works(trial: Trial) -> None:
    """Every line to try works.

    The printed lines can be pasted, with real ids.
    """
    lines = trial.printed.replace("\\\n", " ").splitlines()
    commands = [line.strip() for line in lines if re.match(r"  (busctl|gdbus|/.*msdctl)", line)]
    ending = [command for command in commands if " monitor " not in command]

    for command in ending:
        trial.shell(command)

    assert len(ending) >= 5


def test_the_sources_libraries_and_their_counts_are_shown(trial: Trial) -> None:
    """The sources libraries and their counts are shown.

    It prints what is served.
    """
    assert "connected" in trial.printed
    assert re.search(r"movies\b.*\b[1-9]\d*", trial.printed)


def test_a_second_msd_on_the_bus_is_refused_and_says_by_whom(trial: Trial, directory: Path) -> None:
    """A second msd on the bus is refused and says by whom.

    A taken bus name is told with its owner.
    """
    second = subprocess.run(
        [ROOT / "scripts/run", "--dir", directory / "second"],
        env=trial.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 1
    assert re.search(rf"{NAME} is taken by process \d+: .*python.* -m msd", second.stderr)


def test_ctrl_c_ends_it_cleanly_and_the_next_start_is_quick(directory: Path) -> None:
    """Ctrl c ends it cleanly and the next start is quick.

    Ctrl-C, code 0, nothing left; again: nothing is made or added twice.
    """
    environment = newcomer(directory / "home")
    data = directory / "again"
    with trying(data, environment) as first:
        source = first.shell(LIST_SOURCES)
        assert first.press_ctrl_c() == 0
    assert "msd has stopped" in first.printed
    assert not (data / "bus").exists()

    begin = monotonic()
    with trying(data, environment) as again:
        took = monotonic() - begin
        listed = again.shell(LIST_SOURCES)

    print(f"serving again after {took:.2f} s")
    assert source.split('"')[1] in listed
    assert listed.startswith("aa{sv} 1 ")
    for slow_step in ("making a sample library", "added", "packages"):
        assert slow_step not in again.printed


def test_the_users_own_folders_are_served(tmp_path: Path, directory: Path, trial: Trial) -> None:
    """The users own folders are served.

    Videos and Music, where there is something in them.
    """
    assert trial.process.poll() is None
    environment = newcomer(tmp_path / "home")
    films = tmp_path / "home/Videos"
    films.mkdir()
    sample = next(
        path for path in (directory / "data/samples").rglob("*") if path.suffix in {".mkv", ".mp4"}
    )
    shutil.copy(sample, films / f"My Own Film (2001){sample.suffix}")

    with trying(tmp_path / "data", environment) as own:
        items = own.shell(QUERY_ITEMS)

    assert "My Own Film" in items
    assert str(films) in own.printed or "Videos" in own.printed


def checkout(folder: Path) -> Path:
    """Return a copy of what scripts/run reads before it builds anything."""
    (folder / "scripts").mkdir(parents=True)
    for name in ("scripts/run", "scripts/setup.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def refused(root: Path, *arguments: str, **environment: str) -> str:
    """Run scripts/run where it can't work; return what it said."""
    done = subprocess.run(
        [root / "scripts/run", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The way out is in the sentence."""
    told = refused(ROOT, "--dir", "/proc/nothing", **newcomer(tmp_path / "home"))

    assert told == "/proc/nothing can't be written; choose another folder with --dir.\n"


def test_an_old_python_is_named_with_the_way_out(tmp_path: Path) -> None:
    """A machine whose newest Python is too old."""
    programs = tmp_path / "bin"
    programs.mkdir()
    needed = ("bash", "dirname", "cat", "cksum", "flock", "mkdir", "sed", "grep", "env", "id")
    for name in (*needed, "dbus-daemon", "busctl", "gdbus"):
        (programs / name).symlink_to(shutil.which(name) or name)
    old = programs / "python3"
    old.write_text('#!/bin/bash\n[ "$1" = --version ] && echo Python 3.9.2\n')
    old.chmod(0o755)

    told = refused(checkout(tmp_path / "my msd é"), PATH=str(programs), HOME=str(tmp_path))

    assert "msd needs Python 3.11 or newer, and here is Python 3.9.2." in told
    assert "PYTHON=" in told


@pytest.mark.slow
def test_without_a_network_the_first_start_says_so(tmp_path: Path) -> None:
    """Nothing is half built: with a network the next start goes on."""
    environment = newcomer(tmp_path / "home")
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": "/dev/null"}
    kept = {key: value for key, value in environment.items() if not key.startswith("PIP_")}

    told = refused(checkout(tmp_path / "msd"), **kept, **offline)

    assert told.splitlines()[-1].endswith("needs a network; there seems to be none.")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fresh_copy_sets_itself_up(tmp_path: Path) -> None:
    """A fresh copy sets itself up.

    No step by hand, from nothing but the files of the project.
    """
    fresh = tmp_path / "my msd é"
    built = shutil.ignore_patterns(".venv*", ".git", ".msd-try", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, fresh, ignore=built)

    with trying(tmp_path / "data", newcomer(tmp_path / "home"), root=fresh) as trial:
        sources = trial.shell(LIST_SOURCES)

    assert sources.startswith("aa{sv} 1 ")
