"""What msd learns about the Plex backend before it needs one; imports nothing heavy."""

from collections.abc import AsyncGenerator, Mapping

from msd.backend_api.accounts import AddContext, NewSources, OptionSpec, OptionValue
from msd.backend_api.protocol import BackendContext, BackendSpec, MediaBackend
from msd.backend_api.sign_in import (
    AccountContext,
    AccountServers,
    DiscoverContext,
    FoundServer,
    LoginDialogue,
)
from msd.models import BackendKind


async def _add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    from msd.backends.plex.login.login import add  # noqa: PLC0415 - httpx only when it is used

    return await add(options, context)


async def _login(
    options: Mapping[str, OptionValue], context: AddContext, dialogue: LoginDialogue
) -> NewSources:
    from msd.backends.plex.login.login import login  # noqa: PLC0415 - as above

    return await login(options, context, dialogue)


async def _servers(context: AccountContext) -> AccountServers:
    from msd.backends.plex.login.servers import servers  # noqa: PLC0415 - as above

    return await servers(context)


async def _sign_out(context: AccountContext) -> None:
    from msd.backends.plex.login.login import sign_out  # noqa: PLC0415 - as above

    await sign_out(context)


async def _discover(context: DiscoverContext) -> AsyncGenerator[FoundServer, None]:
    from msd.backends.plex.connect.gdm import discover  # noqa: PLC0415 - as above

    async for server in discover(context):
        yield server


def _open(context: BackendContext) -> MediaBackend:
    from msd.backends.plex.backend import PlexBackend  # noqa: PLC0415 - as above

    return PlexBackend(context)


SPEC = BackendSpec(
    kind=BackendKind("plex"),
    display_name="Plex",
    options=(
        OptionSpec(
            name="token",
            signature="s",
            description="a token of the Plex account; signed out when the account is removed",
            required=True,
            secret=True,
        ),
    ),
    add=_add,
    open=_open,
    login=_login,
    login_options=(
        OptionSpec(
            name="link",
            signature="b",
            description="show a short code for plex.tv/link instead of a link for the browser",
            default=False,
        ),
        OptionSpec(
            name="forward_url",
            signature="s",
            description="where the browser goes after signing in",
        ),
    ),
    servers=_servers,
    sign_out=_sign_out,
    discover=_discover,
    has_certificates=True,
)
