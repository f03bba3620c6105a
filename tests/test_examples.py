"""The examples of docs/writing-a-frontend.md, run against a daemon with the sample library."""

import os
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.conftest import samples  # noqa: F401 - a fixture
from tests.support.session.bus import private_bus
from tests.support.session.daemon import Daemon, running

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
SYSTEM_PYTHON = "/usr/bin/python3"  # PyGObject is a package of the distribution
PROBE = Path(__file__).with_name("qml_probe.py")
DISPLAY = ":97"


@pytest.fixture(scope="module")
def daemon(
    tmp_path_factory: pytest.TempPathFactory,
    samples: Path,  # noqa: F811 - the fixture
) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("examples")
    with private_bus(folder / "bus") as bus, running(bus, folder / "home") as daemon:
        media = shutil.copytree(samples, folder / "media")
        daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
        yield daemon


def run(daemon: Daemon, *command: str) -> str:
    programs = Path(sys.executable).parent  # msdctl
    environment = {**daemon.environment, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_can_be_pasted_into_a_shell(daemon: Daemon) -> None:
    """A newcomer follows it block by block, in one shell."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    guide = (EXAMPLES.parent / "writing-a-frontend.md").read_text()
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", guide, re.DOTALL | re.MULTILINE)

    shown = run(daemon, "bash", "-euo", "pipefail", "-c", "\n".join(blocks))

    assert len(blocks) > 10
    assert '"match":"title"' in shown


def titles(daemon: Daemon) -> set[str]:
    items, _, _ = daemon.query("types", "as", "1", "movie")
    return {item["title"] for item in items}


def test_gjs_lists_films_with_their_posters(daemon: Daemon) -> None:
    """A GNOME Shell extension reads a page as JSON."""
    if shutil.which("gjs") is None:
        pytest.skip("gjs is not installed")

    script = ("gjs", "-m", str(EXAMPLES / "titles.js"))
    lines = run(daemon, *script).splitlines()
    found = run(daemon, *script, "blue", "grad")

    assert {line.split("\t")[0] for line in lines} == titles(daemon)
    assert found.startswith("Blue Gradient\t2021\t")


def test_a_launcher_finds_items_by_words(daemon: Daemon) -> None:
    """rofi shows a line and an icon for each hit."""
    first = run(daemon, sys.executable, str(EXAMPLES / "rofi-msd"))
    found = run(daemon, sys.executable, str(EXAMPLES / "rofi-msd"), "blue", "grad")

    assert first.startswith("\0message\x1f")
    options, line = found.splitlines()
    assert options == "\0markup-rows\x1ftrue"
    assert line.startswith("Blue Gradient <small>movie · 2021</small>\0icon\x1f")


@contextmanager
def screen(folder: Path) -> Iterator[Path]:
    """Run an X server whose picture is a file."""
    command = (
        "Xvfb",
        DISPLAY,
        "-screen",
        "0",
        "900x700x24",
        "-fbdir",
        str(folder),
        "-nolisten",
        "tcp",
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            yield folder / "Xvfb_screen0"
        finally:
            server.terminate()


def colours(screen_file: Path) -> int:
    """Return how many colours a screen in the XWD format shows."""
    content = screen_file.read_bytes()
    header_size, *_ = struct.unpack_from(">I", content)
    ncolors = struct.unpack_from(">I", content, 76)[0]
    pixels = content[header_size + ncolors * 12 :]
    return len({pixels[at : at + 3] for at in range(0, len(pixels) - 4, 4)})


def type_into_the_search(environment: dict[str, str], words: str) -> None:
    """Click into the middle of the title bar, and type."""
    click = ("mousemove", "450", "27", "click", "1", "sleep", "0.3")
    command = ("xdotool", *click, "type", "--delay", "30", words)
    subprocess.run(command, env=environment, check=True, timeout=20)


def test_a_poster_wall_shows_pictures_and_searches(daemon: Daemon, tmp_path: Path) -> None:
    """A wall of pictures, not of grey icons; what is typed leaves what it finds."""
    has_gtk = "import gi; gi.require_version('Gtk', '4.0')"
    if (
        not (shutil.which("Xvfb") and shutil.which("xdotool"))
        or subprocess.run(
            [SYSTEM_PYTHON, "-c", has_gtk], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("GTK 4 for Python, Xvfb or xdotool is not installed")
    environment = {
        **daemon.environment,
        "DISPLAY": DISPLAY,
        "GSK_RENDERER": "cairo",
        "GDK_BACKEND": "x11",
        "PATH": os.environ["PATH"],
    }
    with screen(tmp_path) as picture:
        deadline = time.monotonic() + 50
        while not picture.exists():
            assert time.monotonic() < deadline
        with subprocess.Popen(
            [SYSTEM_PYTHON, EXAMPLES / "poster_wall.py"],
            env=environment,
            stderr=subprocess.DEVNULL,
        ) as wall:
            try:
                # Text and frames alone have some hundred shades; photographs have thousands.
                daemon.until(lambda: colours(picture) > 1500, "the wall shows pictures", 45)
                assert wall.poll() is None
                if kept := os.environ.get("MSD_KEEP_SCREENS"):
                    shutil.copy(picture, Path(kept) / "poster_wall.xwd")
                type_into_the_search(environment, "no film is called so")
                daemon.until(lambda: colours(picture) < 1000, "the wall is empty", 20)
            finally:
                wall.terminate()


def test_a_qml_page_shows_posters_and_searches(daemon: Daemon) -> None:
    """Posters are decoded, and words leave what they find."""
    if find_spec("PySide6") is None:
        pytest.skip("PySide6 is not installed")
    environment = {
        **daemon.environment,
        "QT_QPA_PLATFORM": "offscreen",
        "QT_QUICK_BACKEND": "software",
    }
    probe = (sys.executable, str(PROBE), str(EXAMPLES / "posters"), "blue")
    folder = os.environ.get("MSD_KEEP_SCREENS")
    kept = (f"{folder}/posters.png",) if folder else ()

    done = subprocess.run(
        (*probe, *kept), env=environment, capture_output=True, text=True, timeout=55, check=False
    )

    assert done.returncode == 0, done.stderr
