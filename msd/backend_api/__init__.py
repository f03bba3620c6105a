"""What a backend is: the contract between msd and a folder under `msd/backends`."""

from msd.backend_api.protocol import (
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    Listing,
    MediaBackend,
    NewAccount,
    NewSource,
    NewSources,
    OptionSpec,
    Page,
    RawItem,
    SkippedItem,
)

__all__ = [
    "AddContext",
    "BackendContext",
    "BackendSpec",
    "Credentials",
    "Listing",
    "MediaBackend",
    "NewAccount",
    "NewSource",
    "NewSources",
    "OptionSpec",
    "Page",
    "RawItem",
    "SkippedItem",
]
