"""msd driven with gdbus alone: another connection to the bus for every call."""

import re
import subprocess
from dataclasses import dataclass

from tests.support.session.daemon import COORDINATOR, NAME, ROOT, Daemon

LOGIN = f"{NAME}.Login"
TOKEN = "0123456789abcdef-of-a-script"
OWNER = f"{{'owner_token': <'{TOKEN}'>}}"


class GdbusError(Exception):
    """gdbus was answered with an error; its text."""


@dataclass(frozen=True)
class Gdbus:
    """Calls of one user, each by a process of its own."""

    daemon: Daemon

    def call(self, path: str, method: str, *arguments: str) -> str:
        """Return the answer as gdbus prints it."""
        done = subprocess.run(
            [
                *("gdbus", "call", "--session", "--timeout=25"),
                *("-d", NAME, "-o", path, "-m", method),
                *arguments,
            ],
            env=self.daemon.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise GdbusError(done.stderr.strip())
        return done.stdout.strip()

    def begin(self, kind: str, **options: str) -> str:
        """Begin a login; options are GVariants. Return its object path."""
        return self._begun(f"{COORDINATOR}.BeginLogin", kind, options)

    def reauthenticate(self, source_id: str, **options: str) -> str:
        """Begin to sign in to a source anew."""
        return self._begun(f"{COORDINATOR}.Reauthenticate", source_id, options)

    def _begun(self, method: str, subject: str, options: dict[str, str]) -> str:
        given = {"owner_token": f"'{TOKEN}'"} | options
        text = ", ".join(f"'{name}': <{value}>" for name, value in given.items())
        answer = self.call(ROOT, method, subject, f"{{{text}}}")
        found = re.search(r"objectpath '([^']+)'", answer)
        assert found, answer
        return found[1]

    def read(self, login: str, name: str, options: str = OWNER) -> str:
        """Return a property of a login that is a text, as who shows the owner's token."""
        answer = self.call(login, f"{LOGIN}.Read", options)
        found = re.search(rf"'{name}': <'((?:[^'\\]|\\.)*)'>", answer)
        return found[1] if found else ""

    def until_code(self, login: str) -> str:
        """Wait for the code of a login and return it."""
        self.daemon.until(lambda: self.read(login, "Code") != "", "a code is shown")
        return self.read(login, "Code")

    def until_step(self, login: str, step: str) -> None:
        """Wait until a login asks for something."""
        self.daemon.until(lambda: self.read(login, "Step") == step, f"{step} is asked for")

    def until_ended(self, login: str) -> str:
        """Wait for the end of a login; return its state."""
        self.daemon.until(lambda: self.read(login, "State") != "waiting", "the login ends", 60)
        return self.read(login, "State")

    def sources(self, login: str) -> list[str]:
        """Return the sources that a login was about."""
        answer = self.call(login, f"{LOGIN}.Read", OWNER)
        found = re.search(r"'SourceIds': <\[(.*?)\]>", answer)
        return re.findall(r"'([^']+)'", found[1]) if found else []

    def seen_by_others(self, login: str, name: str) -> str:
        """Return what a connection without the token reads."""
        return self.call(login, "org.freedesktop.DBus.Properties.Get", LOGIN, name)
