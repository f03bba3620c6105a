"""A third party's backend that tells its secrets wherever it can: the canaries of the tests.

What it does is what its user is called; see `leak`. It is found by a real entry point.
"""

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    LoginDialogue,
    NewAccount,
    NewSource,
    NewSources,
    OptionSpec,
)
from msd.backend_api.accounts import OptionValue
from msd.errors import AuthRefusedError, AuthRequiredError, BadResponseError, UnreachableError
from msd.models import BackendKind, LibraryType, RemoteLibrary, ServerFacts
from tests.support.fakes.fake_backend import FakeBackend, FakeServer, movie

KIND = BackendKind("leaky")
PASSWORD = "canary pass/w\u00f6rd"
METADATA = "Metadata-Version: 2.1\nName: msd-leaky\nVersion: 1\n"
ENTRY_POINTS = "[msd.backends]\nleaky = tests.support.fakes.leaky_backend:SPEC\n"

log = logging.getLogger("leaky")


def token_of(user: str) -> str:
    """Return the token that a user gets."""
    return f"canary0token0{user.replace('-', '0')}"


def install(folder: Path) -> None:
    """Make the backend known to whoever has the folder on its path."""
    home = folder / "msd_leaky-1.dist-info"
    home.mkdir(parents=True)
    (home / "METADATA").write_text(METADATA)
    (home / "entry_points.txt").write_text(ENTRY_POINTS)


def leak(secret: str) -> None:
    """Tell a secret to everything that writes."""
    log.warning("signing in with %s", secret)
    log.info("GET /library?X-Plex-Token=%s", secret)
    print("printed", secret)
    print("printed as an error", secret, file=sys.stderr)
    warnings.warn(f"{secret} is deprecated", stacklevel=1)
    try:
        crash(secret)
    except ValueError:
        log.exception("caught")
    thread = threading.Thread(target=crash, args=[secret])
    thread.start()
    thread.join()


def crash(secret: str) -> NoReturn:
    """Fail in an unexpected way."""
    raise ValueError(f"no such thing: {secret}")


class LeakyBackend(FakeBackend):
    """One library with one film; `connect` or `libraries` may fail, as its user is called."""

    def __init__(self, context: BackendContext) -> None:
        server = FakeServer(
            libraries=[RemoteLibrary(remote_id="l", name="Films", type=LibraryType.MOVIES)]  # type: ignore[arg-type]
        )
        server.items["l"] = {}  # type: ignore[index]
        server.put("l", movie("m1"))  # type: ignore[arg-type]
        super().__init__(server, context)
        assert context.credentials is not None
        self._user = context.credentials.user_id
        self._token = context.credentials.token

    async def connect(self) -> ServerFacts:
        leak(self._token)
        match self._user:
            case "unreachable":
                raise UnreachableError(f"no route to http://host/?x={self._token}")
            case "crashing":
                crash(self._token)
            case "refused":
                raise AuthRequiredError(f"the server does not know {self._token}")
        return ServerFacts(
            server_id=self._user, name="n", version=self._token, address=f"http://{self._token}/"
        )

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        leak(self._token)
        match self._user:
            case "failing-sync":
                raise BadResponseError(f"the server said {self._token}")
            case "crashing-sync":
                crash(self._token)
        return await super().libraries()


async def add(options: Mapping[str, OptionValue], _: AddContext) -> NewSources:
    """Sign in with a password, and tell it to everyone."""
    user, password = str(options["user"]), str(options["password"])
    leak(password)
    if user == "wrong":
        raise AuthRefusedError(f"{password} is wrong")
    if user == "exploding":
        crash(password)
    token = token_of(user)
    return NewSources(
        account=NewAccount(
            remote_user_id=user,
            display_name=f"user with {token}",
            credentials=Credentials(user_id=user, token=token, server_tokens={user: token + "0"}),
        ),
        sources=(
            NewSource(server_id=user, name=f"Server {token} {token}0", address=f"http://{token}0/"),
        ),
    )


async def login(
    options: Mapping[str, OptionValue], context: AddContext, dialogue: LoginDialogue
) -> NewSources:
    """Sign in with a password that is asked for; the first one is always wrong."""
    message = "the password?"
    for _ in range(2):
        password = await dialogue.ask_password(message)
        leak(password)
        message = f"{password[:2]} is wrong"
    user = context.source.server_id if context.source else str(options["user"])
    return await add({"user": user, "password": password}, context)


_OPTIONS = (
    OptionSpec(name="user", signature="s", description="what leaks", required=True),
    OptionSpec(name="password", signature="s", description="a canary", secret=True),
)
_OPEN: Callable[[BackendContext], LeakyBackend] = LeakyBackend
SPEC = BackendSpec(
    kind=KIND,
    display_name="Leaky",
    options=_OPTIONS,
    add=add,
    open=_OPEN,
    login=login,
    login_options=_OPTIONS[:1],
)
