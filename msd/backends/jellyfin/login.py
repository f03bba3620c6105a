"""Add a Jellyfin server: find it, sign in once with the password, hand back what was verified."""

from collections.abc import Mapping
from types import MappingProxyType

import anyio
import httpx
from anyio.streams.memory import MemoryObjectSendStream

from msd.backend_api.accounts import (
    AddContext,
    Credentials,
    NewAccount,
    NewSource,
    NewSources,
    OptionValue,
)
from msd.backend_api.http import Answer, open_client
from msd.backend_api.http_json import decode
from msd.backend_api.http_status import raise_if_unavailable
from msd.backends.jellyfin.address import candidates
from msd.backends.jellyfin.client import JellyfinClient
from msd.backends.jellyfin.header import Device
from msd.backends.jellyfin.probe import Server, probe
from msd.backends.jellyfin.wire import Login, guid
from msd.errors import (
    AuthRefusedError,
    BackendError,
    BadResponseError,
    IdentityMismatchError,
    InvalidArgumentError,
    TlsError,
    UnreachableError,
)
from msd.models import StatusReason

ALLOW_INSECURE = "allow_insecure"  # key of `Source.config`, "true" when the user asked for it
_PROBE_BUDGET_S = 12.0  # of the 20 s that adding may take
_GRACE_S = 2.0  # how long a better address may answer later than a worse one
_LONGEST_TOKEN = 256

Outcome = Server | BackendError


async def add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    """Sign in to the server and return the source that it makes.

    Raises:
        InvalidArgumentError: an option can't be meant.
        AuthRefusedError: wrong user or password, or the server does not let the user in.
        TlsError: the certificate is not trusted, or plain http would cross the internet.
        UnreachableError, BadResponseError, IdentityMismatchError: as everywhere.
    """
    allow_insecure = options.get(ALLOW_INSECURE) is True
    addresses = candidates(str(options["url"]))
    login = {"Username": str(options["username"]), "Pw": str(options["password"])}
    _check(login)
    device = Device(
        client=context.client_name,
        name=context.device_name,
        device_id=context.device_id,
        version=context.client_version,
    )
    async with open_client(allow_public_http=allow_insecure) as http:
        server = await find_server(http, addresses)
        client = JellyfinClient(http, server.base_url, device)
        # Never sent twice: a server may lock the user after a few failures.
        answer = await client.post("/Users/AuthenticateByName", login)
    account = _account(answer, server)

    async def undo() -> None:
        async with open_client(allow_public_http=allow_insecure) as late_http:
            token = account.credentials.token
            late_client = JellyfinClient(late_http, server.base_url, device, token)
            await late_client.post("/Sessions/Logout")

    source = NewSource(
        server_id=server.server_id,
        name=str(options.get("name") or server.name or "Jellyfin"),
        server_version=server.version,
        address=server.base_url,
        config=MappingProxyType({ALLOW_INSECURE: "true"} if allow_insecure else {}),
    )
    return NewSources(account=account, sources=(source,), undo=undo)


def _check(login: Mapping[str, str]) -> None:
    if not login["Username"].strip():
        raise InvalidArgumentError("give the name of the user to sign in as")
    try:
        "".join(login.values()).encode()
    except UnicodeEncodeError:
        # Not chained: the error behind it repeats the password.
        raise InvalidArgumentError("the user name or password is not valid text") from None


async def find_server(http: httpx.AsyncClient, addresses: tuple[str, ...]) -> Server:
    """Return the best of the addresses at which a Jellyfin server answers; asks all at once.

    Raises:
        UnreachableError, TlsError, BadResponseError: none does; the error is that of the address
        that came nearest.
    """
    outcomes: dict[int, Outcome] = {}
    send, receive = anyio.create_memory_object_stream[tuple[int, Outcome]](len(addresses))
    async with anyio.create_task_group() as group:
        for rank, address in enumerate(addresses):
            group.start_soon(_try_address, http, address, rank, send)
        with receive, send, anyio.move_on_after(_PROBE_BUDGET_S) as scope:
            while len(outcomes) < len(addresses):
                rank, outcome = await receive.receive()
                outcomes[rank] = outcome
                if isinstance(outcome, Server):
                    scope.deadline = min(scope.deadline, anyio.current_time() + _GRACE_S)
                if _is_settled(outcomes):
                    break
        group.cancel_scope.cancel()
    return _best(outcomes)


async def _try_address(
    http: httpx.AsyncClient,
    address: str,
    rank: int,
    send: MemoryObjectSendStream[tuple[int, Outcome]],
) -> None:
    try:
        outcome: Outcome = await probe(http, address)
    except BackendError as error:
        outcome = error
    send.send_nowait((rank, outcome))


def _is_settled(outcomes: Mapping[int, Outcome]) -> bool:
    """Whether no address that is still open could be better than one that answered."""
    answered = [rank for rank, outcome in outcomes.items() if isinstance(outcome, Server)]
    return bool(answered) and all(rank in outcomes for rank in range(min(answered)))


def _best(outcomes: Mapping[int, Outcome]) -> Server:
    errors: list[BackendError] = []
    for _, outcome in sorted(outcomes.items()):
        if isinstance(outcome, Server):
            return outcome
        errors.append(outcome)
    if not errors:
        raise UnreachableError("the server took too long to answer")
    raise min(errors, key=_distance)


def _distance(error: BackendError) -> int:
    """How far an attempt stayed from a usable server; the nearest tells the user most."""
    if error.reason is StatusReason.SERVER_STARTING:
        return 0
    order: tuple[type[BackendError], ...] = (TlsError, BadResponseError)
    if isinstance(error, order):
        return 1
    reasons = (
        StatusReason.NOT_A_MEDIA_SERVER,
        StatusReason.SERVER_ERROR,
        StatusReason.TIMEOUT,
        StatusReason.REFUSED,
    )
    return 2 + (reasons.index(error.reason) if error.reason in reasons else len(reasons))


def _account(answer: Answer, server: Server) -> NewAccount:
    _raise_if_refused(answer)
    login = decode(answer, Login)
    if guid(login.server_id) != server.server_id:
        raise IdentityMismatchError("another server took the sign-in than the one that was found")
    user_id = guid(login.user.id)
    token = login.access_token
    is_token = token.isascii() and token.isalnum() and len(token) <= _LONGEST_TOKEN
    if user_id is None or not is_token:
        raise BadResponseError("the server accepted the sign-in without saying how to go on")
    return NewAccount(
        remote_user_id=user_id,
        display_name="".join(filter(str.isprintable, login.user.name))[:200] or user_id,
        credentials=Credentials(user_id=user_id, token=token),
    )


def _raise_if_refused(answer: Answer) -> None:
    if answer.is_success:
        return
    raise_if_unavailable(answer)
    match answer.status:
        case httpx.codes.UNAUTHORIZED:
            raise AuthRefusedError("the server does not accept this user name and password")
        case httpx.codes.FORBIDDEN:
            raise AuthRefusedError(
                "the server does not let this user in: disabled, not allowed from here or at this"
                " time, or too many sessions",
                reason=StatusReason.USER_DISABLED,
            )
        case httpx.codes.BAD_REQUEST:
            raise AuthRefusedError("the server does not accept this user name")
        case httpx.codes.NOT_FOUND | httpx.codes.METHOD_NOT_ALLOWED:
            raise UnreachableError(
                "the address answers, but not as a Jellyfin server",
                reason=StatusReason.NOT_A_MEDIA_SERVER,
            )
    if httpx.codes.is_redirect(answer.status):
        raise UnreachableError(
            "the server sends sign-ins elsewhere", reason=StatusReason.NOT_A_MEDIA_SERVER
        )
    raise BadResponseError(f"the server refused the sign-in with status {answer.status}")
