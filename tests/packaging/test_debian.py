"""The Debian package in a clean root: built, checked, installed, run, upgraded, removed, purged."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
NAME = "org.msd.Msd1"
USER = "ada"
# What happens in one login session: a bus that starts msd, an upgrade below it, a sync after that.
SESSION = f"""
set -e
export HOME=/home/{USER} XDG_RUNTIME_DIR=/tmp/runtime
mkdir -p $XDG_RUNTIME_DIR ~/Videos && chmod 700 $XDG_RUNTIME_DIR
msdctl add local ~/Videos
old=$(msdctl --json version)
echo "serving $old"
touch /tmp/upgrade-now
until [ -e /tmp/upgraded ]; do sleep 0.2; done
msdctl sync
msdctl version
msdctl restart
msdctl version
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package once."""
    if not shutil.which("dpkg-deb") or not shutil.which("fakeroot"):
        pytest.skip("dpkg-deb and fakeroot are not installed")
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run([ROOT / "packaging/debian/build", folder], check=True)
    (built,) = folder.glob("msd_*.deb")
    return built


@pytest.fixture(scope="module")
def clean_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a Debian root with nothing but what every Debian has."""
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("a clean root needs root and debootstrap")
    root = tmp_path_factory.mktemp("root") / "debian"
    release = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
    assert release
    include = "--include=python3,dbus,dbus-user-session,procps,libstdc++6"
    command = ["debootstrap", "--variant=minbase", include, release[1], root]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no clean root: {made.stdout[-300:]}")
    subprocess.run(["mount", "--bind", "/dev", root / "dev"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", root / "proc", root / "dev"], check=False)


def inside(root: Path, *command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    entered = [
        "chroot",
        f"--userspec={user}",
        root,
        "env",
        "-i",
        "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
    ]
    return subprocess.run([*entered, *command], capture_output=True, text=True, check=False)


def listing(root: Path) -> set[str]:
    folders = ("usr/lib/msd", "usr/bin", "usr/share/dbus-1", "usr/lib/systemd", "etc")
    return {
        str(path) for folder in folders for path in (root / folder).rglob("*") if path.is_file()
    }


def test_lintian_finds_nothing_but_explained_overrides(package: Path) -> None:
    """Each override in packaging/debian/lintian-overrides says why."""
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")

    told = subprocess.run(["lintian", package], capture_output=True, text=True, check=False)

    assert [line for line in told.stdout.splitlines() if line[:2] in ("E:", "W:")] == []


def test_the_package_serves_is_upgraded_below_a_running_daemon_and_leaves_nothing(
    package: Path, clean_root: Path
) -> None:
    """A user's session goes on over an upgrade; remove and purge leave the root as it was."""
    before = listing(clean_root)
    shutil.copy(package, clean_root / "tmp/msd.deb")
    installed = inside(clean_root, "dpkg", "--install", "/tmp/msd.deb")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    inside(clean_root, "useradd", "--create-home", USER)

    entered = ["chroot", f"--userspec={USER}", clean_root, "env", "-i", "PATH=/usr/bin:/bin"]
    with subprocess.Popen(
        [*entered, "dbus-run-session", "sh", "-c", SESSION],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as session:
        assert session.stdout
        for line in session.stdout:
            print(line, end="")
            if line.startswith("serving"):
                again = inside(clean_root, "dpkg", "--install", "/tmp/msd.deb")
                assert again.returncode == 0, again.stderr
                (clean_root / "tmp/upgraded").touch()
    assert session.returncode == 0

    removed = inside(clean_root, "dpkg", "--remove", "msd")
    purged = inside(clean_root, "dpkg", "--purge", "msd")
    assert (removed.returncode, purged.returncode) == (0, 0), removed.stderr + purged.stderr
    left = {path for path in listing(clean_root) - before if "/etc/" not in path}
    assert left == set()


def test_the_recipes_of_other_distributions_name_this_version_and_its_files() -> None:
    """Arch, Fedora and Nix build from the same files; a new version must reach them."""
    version = re.search(r'__version__ = "(.*)"', (ROOT / "msd/__init__.py").read_text())
    assert version
    for recipe in ("arch/PKGBUILD", "fedora/msd.spec", "nix/package.nix"):
        text = (ROOT / "packaging" / recipe).read_text()
        assert version[1] in text
        assert "msd.cli.manual" in text
        assert "ExecStart=" in text
