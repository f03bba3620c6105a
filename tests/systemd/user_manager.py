"""Drive the `systemd --user` that user_manager.sh starts."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from threading import Event

HERE = Path(__file__).parent
UID = 4242
UNIT = "msd.service"
HOME = Path("/run/msd-test")
NAME = "org.msd.Msd1"
ROOT_OBJECT = "/org/msd/Msd1"


class MissingToolError(Exception):
    """This machine can't run a `systemd --user` for tests."""


@dataclass(frozen=True, kw_only=True)
class UserManager:
    """One running manager; `run` executes a command beside it, as its user."""

    pid: int

    def run(
        self,
        *command: str,
        stdin: str = "",
        check: bool = True,
        user: int = UID,
        seconds: float = 40,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the manager's namespaces and return what it printed."""
        spaces = ("--mount", "--pid", "--ipc", "--cgroup", "--root")  # root: msd's may be a chroot
        enter = ["nsenter", f"--target={self.pid}", *spaces]
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(HOME),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": f"/run/user/{UID}",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{UID}/bus",
        }
        identity = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        done = subprocess.run(
            [*enter, "env", f"--chdir={HOME}", *identity, *command],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            timeout=seconds,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def call(self, interface: str, member: str, *arguments: str) -> str:
        """Call a method of msd's root object as `busctl` prints it."""
        return self.run(
            "busctl", "--user", "call", NAME, ROOT_OBJECT, f"{NAME}.{interface}", member, *arguments
        ).stdout.strip()

    def show(self, prop: str) -> str:
        """Return one property of the unit."""
        return self.run(
            "systemctl", "--user", "show", UNIT, f"--property={prop}", "--value"
        ).stdout.strip()

    def journal(self) -> str:
        """Return what the unit, and the manager about it, wrote so far."""
        matches = (f"_SYSTEMD_USER_UNIT={UNIT}", "+", f"USER_UNIT={UNIT}")
        return self.run("journalctl", "--output=cat", "--no-pager", *matches, user=0).stdout

    def drop_in(self, name: str, text: str) -> None:
        """Add settings to the unit; empty text removes them again."""
        path = f".config/systemd/user/{UNIT}.d/{name}.conf"
        self.run("sh", "-c", f'mkdir -p "$(dirname {path})" && cat > {path}', stdin=text)
        self.run("systemctl", "--user", "daemon-reload")

    def is_on_the_bus(self) -> bool:
        """Tell whether somebody owns msd's name, without activating it."""
        answer = self.run(
            *("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus"),
            *("org.freedesktop.DBus", "NameHasOwner", "s", NAME),
        )
        return answer.stdout.strip() == "b true"


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = 15) -> float:
    """Wait for a condition and return how long it took."""
    begin = time.monotonic()
    pause = Event()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        pause.wait(0.05)
    return time.monotonic() - begin


@contextmanager
def start(home: Path) -> Iterator[UserManager]:
    """Run a manager whose user starts with a copy of `home`.

    Raises:
        MissingToolError: not root, a tool is missing, or namespaces are forbidden here.
    """
    _check_machine()
    exposed = {str(HERE.parents[1]), sys.prefix, sys.base_prefix}
    with subprocess.Popen(
        [HERE / "user_manager.sh", str(UID), home, *sorted(exposed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            word, _, pid = process.stdout.readline().partition(" ")
            if word != "ready":
                raise MissingToolError(process.stderr.read().strip())
            yield UserManager(pid=int(pid))
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(20)


def _check_machine() -> None:
    if os.geteuid() != 0:
        raise MissingToolError("only root may make the namespaces")
    needed = ("unshare", "nsenter", "setpriv", "findmnt", "systemctl", "journalctl", "busctl")
    missing = [tool for tool in needed if not which(tool)]
    if missing:
        raise MissingToolError(f"not installed: {', '.join(missing)}")
    if not Path("/usr/lib/systemd/user/dbus.service").exists():
        raise MissingToolError("not installed: dbus-user-session")
