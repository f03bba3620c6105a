"""What msd learns about the Jellyfin backend before it needs one; imports nothing heavy."""

from collections.abc import Mapping

from msd.backend_api.accounts import AddContext, NewSources, OptionSpec, OptionValue
from msd.backend_api.protocol import BackendContext, BackendSpec, MediaBackend
from msd.models import BackendKind


async def _add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    from msd.backends.jellyfin.login import add  # noqa: PLC0415 - httpx only when it is used

    return await add(options, context)


def _open(context: BackendContext) -> MediaBackend:
    from msd.backends.jellyfin.backend import JellyfinBackend  # noqa: PLC0415 - as above

    return JellyfinBackend(context)


SPEC = BackendSpec(
    kind=BackendKind("jellyfin"),
    display_name="Jellyfin",
    options=(
        OptionSpec(
            name="url",
            signature="s",
            description="host, host:port or address of the server, with its base path if any",
            required=True,
        ),
        OptionSpec(
            name="username", signature="s", description="the user to sign in as", required=True
        ),
        OptionSpec(
            name="password",
            signature="s",
            description="the user's password; used once, never stored",
            required=True,
            secret=True,
        ),
        OptionSpec(
            name="name", signature="s", description="what to call the source; default: its own name"
        ),
        OptionSpec(
            name="allow_insecure",
            signature="b",
            description="allow unencrypted http to a public address",
        ),
    ),
    add=_add,
    open=_open,
)
