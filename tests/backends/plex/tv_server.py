"""Just enough of plex.tv to sign in and be listed servers; each test decides the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest

from msd.backend_api import AddContext, LoginUser, NewAccount, UserChoice
from msd.backend_api.http.client import open_client
from msd.backends.plex.connect.device import device_of
from msd.backends.plex.login.tv import PlexTv
from msd.models import UnixSeconds
from tests.backend_api.http.raw_server import (
    RawServer,
    Seen,
    answering,
    json_reply,
    raw_server,
    reply,
)
from tests.backends.plex.pms import DEVICE, SERVER_ID, TOKEN

ACCOUNT_TOKEN = "account-token-123456"
MEMBER_TOKEN = "member-token-1234567"
CODE = "8lzjqnq8lye02n52jq3fqxf8e"
ADD_CONTEXT = AddContext(
    installation_id="installation",
    device_id=DEVICE,
    client_name="msd",
    client_version="0.1.0",
    device_name="Büro, “oben”",
)
REFUSED = json_reply(
    {"errors": [{"code": 1001, "message": "User could not be authenticated", "status": 401}]}, 401
)
PIN_NEEDED = json_reply(
    {"errors": [{"code": 1041, "message": "A valid PIN is required", "status": 403}]}, 403
)
EXPIRED = json_reply(
    {"errors": [{"code": 1020, "message": "Code not found or expired", "status": 404}]}, 404
)
PORTAL = reply(200, b"<html>Sign in to the WLAN</html>", "text/html")

Answer = bytes | Callable[[Seen], bytes]


def pin(token: str | None = None, **more: object) -> dict[str, object]:
    said = {"id": 1272125134, "code": CODE, "expiresIn": 1800, "authToken": token}
    return {**said, **more}


def user(user_id: object = 7, *, home: bool = False, **more: object) -> dict[str, object]:
    return {
        "id": user_id,
        "uuid": "u7",
        "username": "alice",
        "title": "Alice",
        "home": home,
        **more,
    }


def member(user_id: int, name: str, *, protected: bool = False) -> dict[str, object]:
    return {"id": user_id, "uuid": f"u{user_id}", "title": name, "protected": protected}


def connection(uri: str, *, local: object = True, relay: object = False) -> dict[str, object]:
    return {"protocol": "https", "uri": uri, "local": local, "relay": relay}


def resource(server_id: str = SERVER_ID, **more: object) -> dict[str, object]:
    return {
        "name": "Den",
        "product": "Plex Media Server",
        "productVersion": "1.43.2.1",
        "clientIdentifier": server_id,
        "provides": "server",
        "owned": True,
        "accessToken": TOKEN,
        "publicAddressMatches": False,
        "httpsRequired": False,
        "connections": [],
        **more,
    }


class Tv:
    """What plex.tv answers by method and path; a list is answered one after the other."""

    def __init__(self, server: RawServer, answers: dict[str, Answer | Iterable[Answer]]) -> None:
        self.server = server
        self._answers = answers

    def asked(self, what: str) -> list[Seen]:
        """The requests of a method and path, in order."""
        return [seen for seen in self.server.seen if f"{seen.method} {seen.path}" == what]


@asynccontextmanager
async def plex_tv(
    monkeypatch: pytest.MonkeyPatch, **answers: Answer | list[Answer]
) -> AsyncIterator[Tv]:
    """A plex.tv; answers by `METHOD_path` below /api/v2, `_` for `/`."""
    usual: dict[str, Answer | list[Answer]] = {
        "POST_pins": json_reply(pin(), 201),
        "GET_pins_1272125134": json_reply(pin(ACCOUNT_TOKEN)),
        "GET_user": json_reply(user()),
        "GET_resources": json_reply([resource()]),
        "DELETE_users_signout": reply(204),
    }
    by_name = {**usual, **answers}

    def answer(seen: Seen) -> bytes:
        name = f"{seen.method}_{seen.path.removeprefix('/api/v2/').replace('/', '_')}"
        if "x-plex-client-identifier" not in seen.headers:
            said = {"errors": [{"code": 1000, "message": "missing", "status": 400}]}
            return json_reply(said, 400)
        found = by_name.get(name, reply(404, b"", "application/json"))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found(seen) if callable(found) else found

    async with raw_server(answering(answer)) as server:
        monkeypatch.setenv("MSD_PLEX_TV", server.base_url)
        yield Tv(server, by_name)


@asynccontextmanager
async def client(token: str = ACCOUNT_TOKEN) -> AsyncIterator[PlexTv]:
    async with open_client() as http:
        yield PlexTv(http, device_of(ADD_CONTEXT), token)


class Person:
    """A `LoginDialogue` whose answers are known before; notes what it was shown."""

    def __init__(self, *choices: UserChoice) -> None:
        self.codes: list[tuple[str, str, UnixSeconds]] = []
        self.kept: list[NewAccount] = []
        self.asked: list[tuple[tuple[LoginUser, ...], str]] = []
        self.order: list[str] = []
        self._choices = list(choices)

    def show_code(self, *, code: str, url: str, expires_at: UnixSeconds, message: str) -> None:
        self.order.append("code")
        self.codes.append((code, url, expires_at))

    async def ask_password(self, message: str) -> str:
        raise AssertionError("Plex asks for no password")

    async def choose_user(self, users, message: str) -> UserChoice:
        self.order.append("user")
        self.asked.append((tuple(users), message))
        return self._choices.pop(0)

    async def keep(self, account: NewAccount) -> None:
        self.order.append("keep")
        self.kept.append(account)
