"""Add a Jellyfin server, or sign in again: find the server, sign in, return what to store."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import httpx
import msgspec

from msd.backend_api import (
    AddContext,
    LoginDialogue,
    LoginUser,
    NewAccount,
    NewSource,
    NewSources,
    OptionValue,
)
from msd.backend_api.http.client import open_client
from msd.backend_api.http.json import decode
from msd.backend_api.http.trust import Trust, trust_of
from msd.backends.jellyfin.client.client import Device, JellyfinClient
from msd.backends.jellyfin.client.session import ALLOW_INSECURE, BY_API_KEY
from msd.backends.jellyfin.find.address import candidates
from msd.backends.jellyfin.find.probe import Server
from msd.backends.jellyfin.find.search import find_server
from msd.backends.jellyfin.login.quick_connect import PAUSES_S, by_quick_connect
from msd.backends.jellyfin.login.sign_in import by_api_key, by_password, check
from msd.backends.jellyfin.parse.wire import User
from msd.errors import AuthRefusedError, IdentityMismatchError, InvalidArgumentError
from msd.models import StatusReason

_MOST_ATTEMPTS = 10
_MOST_USERS = 100


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """A server that was found, and who talks to it."""

    http: httpx.AsyncClient
    server: Server
    device: Device
    allow_insecure: bool
    trust: Trust

    def client(self, token: str = "") -> JellyfinClient:
        return JellyfinClient(self.http, self.server.base_url, self.device, token)


async def add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    """Sign in to the server and return the source that it makes.

    Raises:
        InvalidArgumentError: an option can't be meant.
        AuthRefusedError: wrong user or password, or the server does not let the user in.
        TlsError: the certificate is not trusted, or plain http would cross the internet.
        UnreachableError, BadResponseError, IdentityMismatchError: as everywhere.
    """
    name, key = str(options["username"]), str(options.get("api_key", ""))
    if ("password" in options) is bool(key):
        raise InvalidArgumentError("give either the password or an api_key")
    check(name, str(options.get("password", "")))
    async with _found(options, context) as place:
        if key:
            account = await by_api_key(place.client(key), key, name)
            return _new_sources(place, account, options, {BY_API_KEY: "true"})
        account = await by_password(place.client(), place.server, name, str(options["password"]))
        return _new_sources(place, account, options, {})


async def login(
    options: Mapping[str, OptionValue],
    context: AddContext,
    dialogue: LoginDialogue,
    *,
    pauses_s: Iterable[float] = PAUSES_S,
) -> NewSources:
    """Sign in by Quick Connect, or by a password where that is off or not wanted.

    Args:
        options: see `SPEC.login_options`.
        context: who adds the account, or signs in again.
        dialogue: who signs in.
        pauses_s: between questions whether the code was entered; the last one over and over.

    Raises:
        As `add`, and LoginExpiredError: nobody entered the code in time.
    """
    async with _found(options, context) as place:
        account = None
        if options.get("quick_connect") is not False:
            account = await by_quick_connect(
                place.client(), place.server, dialogue, pauses_s=pauses_s
            )
        if account is None:
            name = await _user_name(place, options, context, dialogue)
            account = await _with_password(place, name, dialogue)
        return _new_sources(place, account, options, {})


@asynccontextmanager
async def _found(options: Mapping[str, OptionValue], context: AddContext) -> AsyncIterator[_Place]:
    source = context.source
    if source is None:
        addresses = candidates(str(options["url"]))
        allow_insecure = options.get(ALLOW_INSECURE) is True
    else:
        addresses = (source.address,)
        allow_insecure = source.config.get(ALLOW_INSECURE) == "true"
    device = Device(
        client=context.client_name,
        name=context.device_name,
        device_id=context.device_id,
        version=context.client_version,
    )
    trust = trust_of(context.trust)
    async with open_client(allow_public_http=allow_insecure, trust=trust) as http:
        server = await find_server(http, addresses)
        if source is not None and server.server_id != source.server_id:
            raise IdentityMismatchError("another Jellyfin server answers at this address")
        yield _Place(
            http=http, server=server, device=device, allow_insecure=allow_insecure, trust=trust
        )


async def _user_name(
    place: _Place,
    options: Mapping[str, OptionValue],
    context: AddContext,
    dialogue: LoginDialogue,
) -> str:
    """Return who signs in: as the options say, as before, or one of those whom the server shows."""
    given = str(options.get("username", "")).strip()
    if given:
        return given
    if context.account is not None:
        return context.account.display_name
    answer = await place.client().answer("/Users/Public")
    shown = decode(answer, list[User])[:_MOST_USERS] if answer.is_success else []
    if not shown:
        raise InvalidArgumentError("Quick Connect is off on this server: give a username")
    choice = await dialogue.choose_user(
        [LoginUser(id=user.id, name=user.name) for user in shown], "who signs in?"
    )
    return next(user.name for user in shown if user.id == choice.user_id)


async def _with_password(place: _Place, name: str, dialogue: LoginDialogue) -> NewAccount:
    check(name)
    message, attempts = f"the password of {name}", 0
    while True:
        password = await dialogue.ask_password(message)
        attempts += 1
        try:
            return await by_password(place.client(), place.server, name, password)
        except AuthRefusedError as error:
            if error.reason is StatusReason.USER_DISABLED or attempts == _MOST_ATTEMPTS:
                raise
            message = f"{error}; the password of {name}, once more"


def _new_sources(
    place: _Place,
    account: NewAccount,
    options: Mapping[str, OptionValue],
    config: Mapping[str, str],
) -> NewSources:
    server, allow_insecure, device = place.server, place.allow_insecure, place.device

    async def sign_out() -> None:
        async with open_client(allow_public_http=allow_insecure, trust=place.trust) as http:
            token = account.credentials.token
            await JellyfinClient(http, server.base_url, device, token).post("/Sessions/Logout")

    insecure = {ALLOW_INSECURE: "true"} if allow_insecure else {}
    source = NewSource(
        server_id=server.server_id,
        name=str(options.get("name") or server.name or "Jellyfin"),
        server_version=server.version,
        address=server.base_url,
        config=MappingProxyType({**insecure, **config}),
    )
    undo = None if BY_API_KEY in config else sign_out  # a key is the administrator's to end
    return NewSources(account=account, sources=(source,), undo=undo)
