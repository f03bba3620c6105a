"""Reach the stored server, prove that it is the same, and check that it accepts the user."""

import anyio
import httpx
import msgspec

from msd.backend_api.accounts import Credentials
from msd.backend_api.protocol import BackendContext
from msd.backends.jellyfin.client.client import ME, Device, JellyfinClient
from msd.backends.jellyfin.client.kodi_queue import KodiQueue
from msd.backends.jellyfin.client.refusal import explained, remember_login_screen
from msd.backends.jellyfin.client.routes import Routes, version_of
from msd.backends.jellyfin.client.user import read_user, rights_of
from msd.backends.jellyfin.client.versions import BegunVersions
from msd.backends.jellyfin.find.probe import Server, probe
from msd.backends.jellyfin.parse.values import guid
from msd.errors import AuthRequiredError, IdentityMismatchError
from msd.models import Rights, Route, ServerFacts, StatusReason

# The keys of a Jellyfin source's `config`; each is "true" or absent.
ALLOW_INSECURE = "allow_insecure"  # the user asked for plain http to a public address
BY_API_KEY = "by_api_key"  # the token is an API key, which has no user of its own


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is there, is the right one, and knows us."""

    client: JellyfinClient
    routes: Routes
    facts: ServerFacts
    user_path: str
    rights: Rights | None  # when the session began
    begun_at: float  # by the clock of the event loop
    hidden_views: frozenset[str]  # ids of the libraries that the user hides at home
    queue: KodiQueue
    versions: BegunVersions


async def begin_session(http: httpx.AsyncClient, context: BackendContext) -> Session:
    """Return a session with the source's server.

    The token leaves only after the server has answered with the stored identity (I4).

    Raises:
        AuthRequiredError: there is no token, or the server refused it twice.
        IdentityMismatchError: another server answers at the address.
        ForbiddenError: the server knows the user and refuses everything.
        UnreachableError, TlsError, BadResponseError: as everywhere.
    """
    credentials = context.credentials
    if credentials is None or not credentials.token:
        raise AuthRequiredError("nobody is signed in", reason=StatusReason.NO_CREDENTIALS)
    server = await probe(http, context.source.address)
    _check_identity(server, context)
    client = JellyfinClient(http, server.base_url, _device(context), credentials.token)
    # An API key has no user of its own: "me" is nobody then.
    by_key = context.source.config.get(BY_API_KEY) == "true"
    user_path = f"/Users/{_user_id(credentials)}" if by_key else ME
    try:
        user = await read_user(client, user_path)
    except AuthRequiredError as error:
        if by_key:
            raise
        anonymous = JellyfinClient(http, server.base_url, _device(context))
        raise await explained(error, anonymous, context) from error
    await remember_login_screen(context, user)
    if guid(user.id) != guid(credentials.user_id):
        raise IdentityMismatchError("the sign-in belongs to another user of the server")
    excludes = (user.configuration and user.configuration.my_media_excludes) or []
    user_id = _user_id(credentials)
    routes = Routes(version=version_of(server.version), user_id=user_id)
    return Session(
        client=client,
        routes=routes,
        facts=_facts(server),
        user_path=user_path,
        rights=rights_of(user),
        begun_at=anyio.current_time(),
        hidden_views=frozenset(filter(None, map(guid, excludes))),
        queue=KodiQueue(client, user_id),
        versions=BegunVersions(client, routes),
    )


def _check_identity(server: Server, context: BackendContext) -> None:
    if server.server_id != guid(context.source.server_id):
        raise IdentityMismatchError("another Jellyfin server answers at this address")


def _device(context: BackendContext) -> Device:
    return Device(
        client=context.client_name,
        name=context.device_name,
        device_id=context.device_id,
        version=context.client_version,
    )


def _user_id(credentials: Credentials) -> str:
    return guid(credentials.user_id) or ""


def _facts(server: Server) -> ServerFacts:
    return ServerFacts(
        server_id=server.server_id,
        name=server.name,
        version=server.version,
        address=server.base_url,
        route=Route.LOCAL if server.is_private else Route.REMOTE,
        latency_ms=server.latency_ms,
    )
