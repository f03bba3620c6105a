"""What msd learns about the Jellyfin backend before it needs one; imports nothing heavy."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from msd.backend_api.accounts import (
    TRUST_OPTIONS,
    AddContext,
    NewSources,
    OptionSpec,
    OptionValue,
)
from msd.backend_api.protocol import BackendContext, BackendSpec, MediaBackend
from msd.backend_api.sign_in import DiscoverContext, FoundServer, LoginDialogue
from msd.models import BackendKind


async def _add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    from msd.backends.jellyfin.login.login import add  # noqa: PLC0415 - httpx only when it is used

    return await add(options, context)


async def _login(
    options: Mapping[str, OptionValue], context: AddContext, dialogue: LoginDialogue
) -> NewSources:
    from msd.backends.jellyfin.login.login import login  # noqa: PLC0415 - as above

    return await login(options, context, dialogue)


async def _discover(context: DiscoverContext) -> AsyncGenerator[FoundServer, None]:
    from msd.backends.jellyfin.find.discovery import discover  # noqa: PLC0415 - as above

    async with aclosing(discover(context)) as servers:
        async for server in servers:
            yield server


def _open(context: BackendContext) -> MediaBackend:
    from msd.backends.jellyfin import backend  # noqa: PLC0415 - as above

    by_key = context.source.config.get("by_api_key") == "true"
    return backend.PolledJellyfinBackend(context) if by_key else backend.JellyfinBackend(context)


_URL = OptionSpec(
    name="url",
    signature="s",
    description="host, host:port or address of the server, with its base path if any",
    required=True,
    format="url",
)
_NAME = OptionSpec(
    name="name", signature="s", description="what to call the source; default: its own name"
)
_ALLOW_INSECURE = OptionSpec(
    name="allow_insecure",
    signature="b",
    description="allow unencrypted http to a public address",
    default=False,
)

SPEC = BackendSpec(
    kind=BackendKind("jellyfin"),
    display_name="Jellyfin",
    options=(
        _URL,
        OptionSpec(
            name="username", signature="s", description="the user to sign in as", required=True
        ),
        OptionSpec(
            name="password",
            signature="s",
            description="the user's password; used once, never stored",
            secret=True,
        ),
        OptionSpec(
            name="api_key",
            signature="s",
            description="instead of the password: an API key that an administrator made",
            secret=True,
        ),
        _NAME,
        _ALLOW_INSECURE,
        *TRUST_OPTIONS,
    ),
    add=_add,
    open=_open,
    login=_login,
    login_options=(
        _URL,
        OptionSpec(
            name="username", signature="s", description="who signs in when a password is asked for"
        ),
        OptionSpec(
            name="quick_connect",
            signature="b",
            description="false: ask for the password, also where Quick Connect is on",
            default=True,
        ),
        _NAME,
        _ALLOW_INSECURE,
        *TRUST_OPTIONS,
    ),
    discover=_discover,
    has_certificates=True,
)
