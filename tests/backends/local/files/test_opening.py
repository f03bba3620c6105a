"""Opening files: only regular ones, only inside, only so much."""

import os
import socket

import pytest

from msd.backends.local.files import opening
from msd.backends.local.files.opening import content_identity, open_media, read_small


def test_a_file_inside_is_opened(root):
    """The plain case."""
    (root / "a.mkv").write_bytes(b"content")

    with open_media(os.fsencode(root), b"a.mkv") as file:
        assert file.read() == b"content"


@pytest.mark.parametrize("path", [b"../outside.mkv", b"link.mkv", b"folder/outside.mkv"])
def test_nothing_outside_is_opened(root, path):
    """Nothing outside is opened (K6).

    Neither by "..", nor by a link, nor by a link to a folder.
    """
    (root.parent / "outside.mkv").write_bytes(b"secret")
    (root / "link.mkv").symlink_to(root.parent / "outside.mkv")
    (root / "folder").symlink_to(root.parent, target_is_directory=True)

    with pytest.raises(OSError, match="outside of the folder"):
        open_media(os.fsencode(root), path)


def test_a_pipe_is_not_opened_and_nobody_waits_for_its_writer(root):
    """A file may be exchanged for a FIFO between the walk and the look into it."""
    os.mkfifo(root / "a.mkv")

    with pytest.raises(OSError, match="not a regular file"):
        open_media(os.fsencode(root), b"a.mkv")


def test_a_socket_or_device_is_not_even_tried(root):
    """Opening a device can have effects of its own."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "a.mkv"))

        with pytest.raises(OSError, match="not a regular file"):
            open_media(os.fsencode(root), b"a.mkv")


def test_a_large_sidecar_is_not_read(root):
    """A large sidecar is not read (K5).

    Sizes are bounded.
    """
    (root / "a.nfo").write_bytes(b"x" * 11)

    with pytest.raises(OSError, match="too large"):
        read_small(os.fsencode(root), b"a.nfo", 10)


def test_one_call_never_reads_more_than_its_bound(root):
    """A size field in a file makes nothing allocate gigabytes."""
    with (root / "a.mkv").open("wb") as file:
        file.truncate(1 << 30)  # sparse

    with open_media(os.fsencode(root), b"a.mkv") as file:
        assert len(file.read(1 << 30)) == opening._MAX_READ
        rest = sum(map(len, iter(lambda: file.read(1 << 25), b"")))

    assert opening._MAX_READ + rest == opening._MAX_TOTAL


def identity(root, name):
    with open_media(os.fsencode(root), name.encode()) as file:
        return content_identity(file, (root / name).stat().st_size)


def test_identity_follows_the_content_and_not_the_name(root):
    """Identity follows the content and not the name (I2).

    A renamed file is recognised when size and content agree.
    """
    (root / "a.mkv").write_bytes(b"x" * 500_000)
    (root / "b.mkv").write_bytes(b"x" * 500_000)
    (root / "c.mkv").write_bytes(b"x" * 499_999 + b"y")
    (root / "d.mkv").write_bytes(b"x" * 500_001)

    assert identity(root, "a.mkv") == identity(root, "b.mkv")
    assert len({identity(root, name) for name in ("a.mkv", "c.mkv", "d.mkv")}) == 3


def test_empty_files_have_no_identity(root):
    """Otherwise all empty files would be one item."""
    (root / "a.mkv").touch()

    assert identity(root, "a.mkv") == ""
