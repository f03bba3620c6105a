"""Kinds of sources that can be added, and the options that each takes."""

from msgspec import Struct

from msd.models.ids import BackendKind


class OptionSpec(Struct, frozen=True, kw_only=True):
    """One option of `AddSource` or `BeginLogin`: its name, D-Bus type and meaning."""

    name: str
    signature: str  # "s", "b" or "u"
    description: str  # for a person, e.g. "the user to sign in as"
    required: bool = False
    secret: bool = False  # asked for without echo; may come as `<name>-fd` (type h)
    default: str | int | bool | None = None  # None: absent is not the same as any value
    format: str = ""  # what a text is: "path" of this machine, "url" of a server, "" = any


class BackendView(Struct, frozen=True, kw_only=True):
    """One kind of sources, as `ListBackends` shows it."""

    kind: BackendKind
    name: str  # for a person, e.g. "Jellyfin"
    options: tuple[OptionSpec, ...]  # of AddSource, in the order in which a form asks for them
    login_options: tuple[OptionSpec, ...] | None  # of BeginLogin; None: nobody signs in
    is_discoverable: bool  # DiscoverServers can find servers of this kind
