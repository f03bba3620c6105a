"""Sign in to a Plex account, by a token or by a PIN, and find the servers that it reaches."""

import logging
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import anyio
from msgspec.structs import replace

from msd.backend_api import (
    AccountContext,
    AccountServers,
    AddContext,
    Credentials,
    LoginDialogue,
    NewAccount,
    NewSources,
    OptionValue,
)
from msd.backend_api.http.client import open_client
from msd.backend_api.sign_in import lasting
from msd.backends.plex.connect.device import device_of
from msd.backends.plex.login.home import home_users, switch
from msd.backends.plex.login.pin import PAUSES_S, claimed_token
from msd.backends.plex.login.servers import servers_of
from msd.backends.plex.login.tv import USER, PlexTv
from msd.backends.plex.parse.scalars import flag, number, token, word
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    BackendError,
    BadResponseError,
    InvalidArgumentError,
    UnreachableError,
)
from msd.models import Account, StatusReason

SIGN_OUT = "/api/v2/users/signout"
_PATIENCE_S = 120.0  # for what a new token belongs to
_LONGEST_URL = 1_000

log = logging.getLogger(__name__)


async def add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    """Return the account that a token belongs to, with the servers that it reaches.

    Raises:
        InvalidArgumentError: this is no token.
        AuthRefusedError: plex.tv does not accept it.
        UnreachableError: plex.tv can't be asked, or the account reaches no server.
        TlsError, BadResponseError: as everywhere.
    """
    given = token(str(options["token"]).strip())
    if not given:
        raise InvalidArgumentError("this is not a Plex token")
    async with open_client() as http:
        tv = PlexTv(http, device_of(context), given)
        try:
            account, _ = await _account(tv, given)
        except AuthRequiredError as error:
            raise AuthRefusedError("plex.tv does not accept this token") from error
        return _new_sources(account, _some(account, await servers_of(tv)), context)


async def login(
    options: Mapping[str, OptionValue],
    context: AddContext,
    dialogue: LoginDialogue,
    *,
    pauses_s: Sequence[float] = PAUSES_S,
) -> NewSources:
    """Sign in by a PIN, as the chosen member of a Home, and find the servers that he reaches.

    Args:
        options: see `SPEC.login_options`.
        context: who adds the account.
        dialogue: who signs in.
        pauses_s: between questions to plex.tv; the last one over and over.

    Raises:
        InvalidArgumentError: an option can't be meant.
        LoginExpiredError: nobody approved the code in time.
        AuthRefusedError: it was rejected.
        UnreachableError: plex.tv can't be asked, or the account reaches no server.
        TlsError, BadResponseError: as everywhere.
    """
    forward_url = _forward_url(options)
    async with open_client() as http:
        tv = PlexTv(http, device_of(context))
        claimed = await claimed_token(
            tv,
            dialogue,
            link=options.get("link") is True,
            forward_url=forward_url,
            pauses_s=pauses_s,
        )
        tv = tv.signed_in(claimed)
        account, has_home = await _patient_account(tv, claimed, pauses_s)
        # Before anything else: plex.tv has ended the token that this device had before (A1).
        await dialogue.keep(account)
        if has_home:
            account = await _as_member(tv, account, dialogue, context.account)
            tv = tv.signed_in(account.credentials.token)
        if context.account is None:
            return _new_sources(account, _some(account, await servers_of(tv)), context)
        return _new_sources(account, await _renewed(tv), context)


async def sign_out(context: AccountContext) -> None:
    """Give the account's token back, best effort."""
    try:
        async with open_client() as http:
            tv = PlexTv(http, device_of(context), context.credentials.token)
            await tv.send("DELETE", SIGN_OUT)
    except BackendError as error:
        log.info("%s: signing out failed: %s", context.account.id, error)


async def _account(tv: PlexTv, account_token: str) -> tuple[NewAccount, bool]:
    """Return whose token it is, and whether that is an account of several users."""
    user = await tv.get(USER, dict[str, object])
    user_id = number(user.get("id"))
    if user_id is None:
        raise BadResponseError("plex.tv does not say whose token it is")
    names = (word(user.get(key)) for key in ("friendlyName", "title", "username"))
    account = NewAccount(
        remote_user_id=str(user_id),
        display_name=next(filter(None, names), str(user_id)),
        credentials=Credentials(user_id=str(user_id), token=account_token),
    )
    return account, flag(user.get("home"))


async def _patient_account(
    tv: PlexTv, account_token: str, pauses_s: Sequence[float]
) -> tuple[NewAccount, bool]:
    """Ask again while plex.tv doesn't work, for the token can't be had a second time."""
    with anyio.move_on_after(_PATIENCE_S):
        for pause_s in lasting(pauses_s):
            try:
                return await _account(tv, account_token)
            except UnreachableError as error:
                await anyio.sleep(max(pause_s, error.retry_after_s or 0.0))
    return await _account(tv, account_token)


async def _as_member(
    tv: PlexTv, account: NewAccount, dialogue: LoginDialogue, again: Account | None
) -> NewAccount:
    """Return the account of the chosen member; a repeated sign-in keeps the earlier choice."""
    users = await home_users(tv)
    if again is not None:
        users = tuple(user for user in users if user.id == again.remote_user_id)
    if all(user.id == account.remote_user_id for user in users):
        return account
    member, member_token = await switch(tv, users, dialogue, signed_in_as=account.remote_user_id)
    if not member_token:
        return account
    chosen = NewAccount(
        remote_user_id=member.id,
        display_name=member.name,
        credentials=Credentials(user_id=member.id, token=member_token),
    )
    await dialogue.keep(chosen)  # his token of old has ended by this one, too
    return chosen


async def _renewed(tv: PlexTv) -> AccountServers:
    """Return the servers of an account that signs in again; finding none is not an error."""
    try:
        return await servers_of(tv)
    except UnreachableError as error:
        log.info("signed in again, but the servers can't be asked for now: %s", error)
        return AccountServers(sources=(), complete=False)


def _some(account: NewAccount, servers: AccountServers) -> AccountServers:
    if not servers.sources:
        raise UnreachableError(
            f"the Plex account of {account.display_name} reaches no server",
            reason=StatusReason.ACCOUNT_GONE,
        )
    return servers


def _new_sources(account: NewAccount, servers: AccountServers, context: AddContext) -> NewSources:
    """Return what was found; every source trusts what the user said besides the system (K3)."""
    credentials = replace(account.credentials, server_tokens=servers.server_tokens)
    return NewSources(
        account=replace(account, credentials=credentials),
        sources=tuple(
            replace(source, config={**source.config, **context.trust}) for source in servers.sources
        ),
    )


def _forward_url(options: Mapping[str, OptionValue]) -> str:
    url = str(options.get("forward_url", ""))
    if not url:
        return ""
    try:
        is_page = urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        is_page = False
    if not is_page or not url.isprintable() or len(url) > _LONGEST_URL:
        raise InvalidArgumentError("forward_url must be the address of a web page")
    return url
