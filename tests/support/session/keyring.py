"""A real Secret Service: gnome-keyring-daemon on a private bus, in a home of its own."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.support.session.bus import PrivateBus

NAME = "org.freedesktop.secrets"
SERVICE = DBusAddress("/org/freedesktop/secrets", NAME, "org.freedesktop.Secret.Service")
GNOME = SERVICE.with_interface("org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")
PASSWORD = b"master password"
STARTED_WITHIN_S = 10


@dataclass
class Keyring:
    """The keyring of one bus: starts unlocked, can be locked, unlocked, stopped, started again."""

    bus: PrivateBus
    home: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon, its default keyring unlocked."""
        self._start("--unlock")
        self._wait_until_started()

    def start_locked(self) -> None:
        """Start the daemon as a session without a password does: what was stored is locked."""
        self._start()
        self._wait_until_started()

    def _start(self, *options: str) -> None:
        runtime = self.home / "runtime"
        runtime.mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        environment = {
            **os.environ,
            **self.bus.variables,
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(self.home / "share"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
        }
        self.process = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", *options, "--components=secrets"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdin is not None
        if options:
            self.process.stdin.write(PASSWORD)
        self.process.stdin.close()

    def _wait_until_started(self) -> None:
        deadline = time.monotonic() + STARTED_WITHIN_S
        while self._default_collection() in ("", "/"):
            assert time.monotonic() < deadline, "gnome-keyring-daemon did not start"

    def stop(self) -> None:
        """End the daemon, as if the user had none."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(5)
            self.process = None

    def lock(self) -> None:
        """Lock the default keyring."""
        self._call(SERVICE, "Lock", "ao", [self._default_collection()])

    def unlock(self) -> None:
        """Unlock the default keyring without a prompt, as PAM would."""
        collection = self._default_collection()
        with open_dbus_connection(self.bus.address) as connection:
            opened = new_method_call(SERVICE, "OpenSession", "sv", ("plain", ("s", "")))
            session = connection.send_and_get_reply(opened).body[1]
            secret = (session, b"", PASSWORD, "text/plain")
            unlock = new_method_call(
                GNOME, "UnlockWithMasterPassword", "o(oayays)", (collection, secret)
            )
            connection.send_and_get_reply(unlock)

    def _default_collection(self) -> str:
        with open_dbus_connection(self.bus.address) as connection:
            bus = DBusAddress(
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus"
            )
            has_owner = new_method_call(bus, "NameHasOwner", "s", (NAME,))
            if not connection.send_and_get_reply(has_owner).body[0]:
                return ""
        return str(self._call(SERVICE, "ReadAlias", "s", "default")[0])

    def _call(self, address: DBusAddress, member: str, signature: str, *values: object) -> tuple:
        with open_dbus_connection(self.bus.address) as connection:
            call = new_method_call(address, member, signature, values)
            return connection.send_and_get_reply(call).body


@contextmanager
def running_keyring(bus: PrivateBus, home: Path) -> Iterator[Keyring]:
    """Run a keyring on a bus."""
    keyring = Keyring(bus, home)
    keyring.start()
    try:
        yield keyring
    finally:
        keyring.stop()


@pytest.fixture
def keyring(bus: PrivateBus, tmp_path: Path) -> Iterator[Keyring]:
    """An unlocked keyring for one test; import it into a conftest to use it."""
    with running_keyring(bus, tmp_path / "keyring") as running:
        yield running
