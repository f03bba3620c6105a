"""Adding a folder: what is refused, and what is stored."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from msd.backends.local import SPEC
from msd.errors import InvalidArgumentError
from tests.support.folders.list_folder import NOBODY

pytestmark = pytest.mark.anyio
REPOSITORY = Path(__file__).parents[4]


async def added(path, **options):
    (source,) = (await SPEC.add({"path": str(path), **options}, NOBODY)).sources
    return source


async def test_a_folder_is_known_by_its_canonical_path(root, tmp_path):
    """A folder is known by its canonical path (I1).

    Adding the same folder by another way gives the same identity.
    """
    (tmp_path / "link").symlink_to(root, target_is_directory=True)

    direct = await added(root)

    assert direct.server_id == str(root)
    assert await added(tmp_path / "link") == direct
    assert await added(f"{root}/../root/") == direct
    assert direct.name == "root"
    assert direct.config["fs_id"]


async def test_the_user_s_name_goes_before_the_folder_s(root):
    """The optional name."""
    assert (await added(root, name=" My films ")).name == "My films"


async def test_folders_may_lie_inside_each_other(root):
    """A folder inside or around another one is another source."""
    (root / "inner").mkdir()

    assert (await added(root)).server_id != (await added(root / "inner")).server_id


@pytest.mark.parametrize(
    "path",
    [
        *("", "relative", "~/Videos", "/", "//", "/nowhere/at/all", "/etc/passwd", "/tmp/a\0b"),
        *("/proc", "/proc/self", "/proc/self/root", "/sys/class", "/dev", "/dev/shm"),
        "/" + "x" * 5000,
    ],
)
async def test_what_is_no_folder_of_media_is_refused(path):
    """What is no folder of media is refused (K6).

    Nothing under /proc, /sys, /dev, no file, nothing that is not there.
    """
    with pytest.raises(InvalidArgumentError):
        await added(path)


async def test_a_link_into_a_forbidden_place_is_refused(root):
    """A link into a forbidden place is refused (K6).

    The canonical path counts.
    """
    (root / "link").symlink_to("/proc/self")

    with pytest.raises(InvalidArgumentError):
        await added(root / "link")


@pytest.mark.parametrize(
    "options", [{"name": "n" * 201}, {"name": 3}, {"path": True}, {"path": ""}]
)
async def test_options_of_another_kind_are_refused(root, options):
    """Options of another kind are refused (K5).

    Types and sizes are checked.
    """
    with pytest.raises(InvalidArgumentError):
        await SPEC.add({"path": str(root), **options}, NOBODY)


async def test_an_unreadable_folder_is_refused(root):
    """Readable by this user, not only there."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    root.chmod(0)

    with pytest.raises(InvalidArgumentError):
        await added(root)
    root.chmod(0o700)


def test_the_spec_costs_no_import_of_a_media_library():
    """Start: the front process finds the backends without loading what they need."""
    program = (
        "import json, sys\nfrom msd.backends.local import SPEC\n"
        "print(json.dumps([m for m in ('PTN', 'tinytag', 'pymediainfo', 'defusedxml', 'xxhash',"
        " 'sqlite3', 'anyio', 'msd.backends.local.backend') if m in sys.modules]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )

    assert json.loads(done.stdout) == []
