"""`scripts/install` from a checkout, under a real `systemd --user`: installed, served, removed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folders.media import MediaMaker, media  # noqa: F401 - a fixture
from tests.systemd.user_manager import HOME, MissingToolError, UserManager, start, wait_until

pytestmark = [pytest.mark.systemd, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def newcomer(
    tmp_path_factory: pytest.TempPathFactory,
    media: MediaMaker,  # noqa: F811
) -> Iterator[UserManager]:
    """Start a manager for a user who has nothing but a checkout and a film."""
    home = tmp_path_factory.mktemp("newcomer")
    media.video(home / "Videos/A Film (2001)/A Film (2001).mkv")
    try:
        with start(home) as running:
            yield running
    except MissingToolError as exc:
        pytest.skip(f"no systemd --user for tests: {exc}")


def install(manager: UserManager, *arguments: str) -> str:
    """Run scripts/install as the user, with the Python and the packages of this machine."""
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
    python = f"PYTHON={Path(sys.base_prefix, 'bin/python3')}"
    done = manager.run("env", python, *kept, str(ROOT / "scripts/install"), *arguments, seconds=300)
    return done.stdout + done.stderr


def listing(manager: UserManager) -> list[str]:
    found = manager.run("find", ".", "-not", "-type", "d", "-not", "-path", "./.cache/pip/*")
    return sorted(found.stdout.splitlines())


def test_one_command_from_a_checkout_to_a_served_film_and_back(newcomer: UserManager) -> None:
    """Install, find the film, upgrade under the running daemon, remove: nothing is left."""
    before = listing(newcomer)

    told = install(newcomer, "--yes")
    print(told)
    assert "msd is set up." in told
    msdctl = f"{HOME}/.local/bin/msdctl"
    wait_until(lambda: "A Film" in newcomer.run(msdctl, "items").stdout, "the film is served")
    first = newcomer.show("MainPID")

    again = install(newcomer, "--yes")
    print(again)
    assert newcomer.show("MainPID") not in ("0", first)
    assert "A Film" in newcomer.run(msdctl, "items").stdout
    newcomer.run(msdctl, "sync")

    removed = install(newcomer, "--remove", "--yes")
    print(removed)
    assert listing(newcomer) == before
    assert not newcomer.is_on_the_bus()
