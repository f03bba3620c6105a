"""`msdctl setup` under a real `systemd --user`: from nothing to served, and back to nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from msd import __version__
from tests.support.folders.media import MediaMaker, media  # noqa: F401 - a fixture
from tests.systemd.user_manager import (
    HOME,
    NAME,
    UNIT,
    MissingToolError,
    UserManager,
    start,
    wait_until,
)

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(180)]

PROGRAMS = Path(sys.prefix, "bin")


@pytest.fixture(scope="module")
def newcomer(
    tmp_path_factory: pytest.TempPathFactory,
    media: MediaMaker,  # noqa: F811
) -> Iterator[UserManager]:
    """Start a manager for a user who has just run `pipx install msd`."""
    home = tmp_path_factory.mktemp("newcomer")
    (home / ".local/bin").mkdir(parents=True)
    for name in ("msd", "msdctl"):
        (home / ".local/bin" / name).symlink_to(PROGRAMS / name)
    media.video(home / "Videos/A Film (2001)/A Film (2001).mkv")
    try:
        with start(home) as running:
            yield running
    except MissingToolError as exc:
        pytest.skip(f"no systemd --user for tests: {exc}")


def msdctl(manager: UserManager, *arguments: str, check: bool = True) -> str:
    done = manager.run(".local/bin/msdctl", *arguments, check=check)
    return done.stdout + done.stderr


def listing(manager: UserManager) -> list[str]:
    """Return every file of the user's home but logs that programs keep for themselves."""
    return sorted(manager.run("find", ".", "-not", "-type", "d").stdout.splitlines())


def test_setup_serves_the_films_and_remove_leaves_nothing(newcomer: UserManager) -> None:
    """One command installs, starts and adds the folders; `--remove` takes all of it back."""
    before = listing(newcomer)

    told = msdctl(newcomer, "setup", "--yes")

    print(told)
    assert "msd is set up." in told
    assert newcomer.show("UnitFileState") == "enabled"
    assert newcomer.is_on_the_bus()
    wait_until(lambda: "A Film" in msdctl(newcomer, "items"), "the film is served")

    removed = msdctl(newcomer, "setup", "--remove", "--yes")

    print(removed)
    assert listing(newcomer) == before
    assert not newcomer.is_on_the_bus()
    names = newcomer.run("busctl", "--user", "list", "--activatable", "--no-legend").stdout
    assert NAME not in names


def test_a_second_setup_changes_nothing(newcomer: UserManager) -> None:
    """Running it again after an upgrade is a no-op when nothing changed."""
    msdctl(newcomer, "setup", "--yes")
    pid = newcomer.show("MainPID")

    again = msdctl(newcomer, "setup", "--yes")

    assert again == "msd is set up already.\n"
    assert newcomer.show("MainPID") == pid


def test_the_unit_calls_the_link_that_survives_an_upgrade(newcomer: UserManager) -> None:
    """`pipx upgrade` replaces the environment; only the link in ~/.local/bin stays."""
    msdctl(newcomer, "setup", "--yes")

    started = newcomer.show("ExecStart")

    assert f"path={HOME}/.local/bin/msd " in started
    assert (
        f"Exec={HOME}/.local/bin/msd"
        in newcomer.run("cat", f".local/share/dbus-1/services/{NAME}.service").stdout
    )


def test_msd_comes_back_after_kill_9_and_by_a_call(newcomer: UserManager) -> None:
    """systemd restarts it after a crash; a stopped one is started by the first call."""
    msdctl(newcomer, "setup", "--yes")
    killed = newcomer.show("MainPID")

    newcomer.run("systemctl", "--user", "kill", "--kill-who=main", "--signal=KILL", UNIT)

    wait_until(
        lambda: newcomer.show("MainPID") not in {"0", killed} and newcomer.is_on_the_bus(),
        "on the bus again",
    )
    msdctl(newcomer, "stop")
    assert f"msdctl {__version__}" in msdctl(newcomer, "version")
    assert not newcomer.is_on_the_bus()
    assert "Videos" in msdctl(newcomer, "sources")


def test_changed_settings_are_used_without_a_restart_of_the_service(newcomer: UserManager) -> None:
    """systemd sees a reload: the same process, active again, and `stop` still stops it."""
    msdctl(newcomer, "setup", "--yes")
    pid = newcomer.show("MainPID")
    text = "[secrets]\nstore = 'file'\n"
    newcomer.run("sh", "-c", "mkdir -p .config/msd && cat > .config/msd/msd.toml", stdin=text)

    newcomer.run("systemctl", "--user", "reload", UNIT)

    wait_until(lambda: '"file"' in msdctl(newcomer, "--json", "status"), "the new settings")
    wait_until(lambda: newcomer.show("ActiveState") == "active", "active again")
    assert newcomer.show("MainPID") == pid
    newcomer.run("systemctl", "--user", "stop", UNIT)
    assert newcomer.show("Result") == "success"
    newcomer.run("rm", "-r", ".config/msd")


def test_a_unit_copied_by_hand_gives_way(newcomer: UserManager) -> None:
    """A unit in ~/.config would win over the installed one with an old path."""
    newcomer.run(
        "sh",
        "-c",
        "mkdir -p .config/systemd/user && echo '[Unit]' > $0",
        f".config/systemd/user/{UNIT}",
    )

    told = msdctl(newcomer, "setup", "--yes")

    assert f"rename to {UNIT}.before-setup" in told
    assert newcomer.show("FragmentPath") == f"{HOME}/.local/share/systemd/user/{UNIT}"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(newcomer: UserManager) -> None:
    """--dry-run."""
    msdctl(newcomer, "setup", "--remove", "--yes")
    before = listing(newcomer)

    told = msdctl(newcomer, "setup", "--dry-run")

    assert "would install ~/.local/share/systemd/user/msd.service" in told
    assert listing(newcomer) == before


def test_nothing_is_removed_when_nobody_can_be_asked(newcomer: UserManager) -> None:
    """What msd has stored is never deleted silently."""
    msdctl(newcomer, "setup", "--yes")

    refused = newcomer.run(".local/bin/msdctl", "setup", "--remove", check=False)

    assert refused.returncode == 2
    assert newcomer.is_on_the_bus()
