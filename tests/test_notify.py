"""What is told to the service manager, and that failing to tell it is no failure."""

import os
import resource
import socket
from pathlib import Path

import pytest

from msd.notify import notify


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The socket on which a service manager listens."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listening


def test_the_lines_arrive_in_one_datagram(manager: socket.socket) -> None:
    """sd_notify(3)."""
    with manager:
        notify("READY=1", "STATUS=3 sources")

        assert manager.recv(1000) == b"READY=1\nSTATUS=3 sources"


def test_an_abstract_socket_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """sd_notify(3): `@` stands for a zero byte."""
    name = f"msd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

        notify("READY=1")

        assert listening.recv(1000) == b"READY=1"


def test_without_a_service_manager_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start by hand; a manager that went away."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")

    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")


def test_without_descriptors_left_it_is_not_told_and_msd_goes_on(manager: socket.socket) -> None:
    """Without descriptors left it is not told and msd goes on (O4).

    One datagram that can't be sent is no reason to end the daemon.
    """
    _, hard = limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with manager:
        manager.setblocking(False)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            notify("WATCHDOG=1")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

        with pytest.raises(BlockingIOError):
            manager.recv(1000)
