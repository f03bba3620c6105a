"""What a backend is: the contract between msd and a folder under `msd/backends`."""

from msd.backend_api.accounts import (
    AddContext,
    Credentials,
    NewAccount,
    NewSource,
    NewSources,
    OptionSpec,
    OptionValue,
)
from msd.backend_api.protocol import (
    PINNED_ADDRESS,
    BackendContext,
    BackendSpec,
    HasConnections,
    Listing,
    MediaBackend,
    Page,
    RawItem,
    SkippedItem,
)
from msd.backend_api.sign_in import (
    AccountContext,
    AccountServers,
    DiscoverContext,
    FoundServer,
    LoginDialogue,
    LoginUser,
    UserChoice,
)

__all__ = [
    "PINNED_ADDRESS",
    "AccountContext",
    "AccountServers",
    "AddContext",
    "BackendContext",
    "BackendSpec",
    "Credentials",
    "DiscoverContext",
    "FoundServer",
    "HasConnections",
    "Listing",
    "LoginDialogue",
    "LoginUser",
    "MediaBackend",
    "NewAccount",
    "NewSource",
    "NewSources",
    "OptionSpec",
    "OptionValue",
    "Page",
    "RawItem",
    "SkippedItem",
    "UserChoice",
]
