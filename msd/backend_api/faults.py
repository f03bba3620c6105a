"""Which fault concerns what: one table from the request that failed to the part that it costs (S9).

A fault belongs to the smallest thing that it was said of. It climbs to the whole source only on
proof: when the server's identity call fails, too. Every reader uses the same guard:

    try:
        rows = await backend.fetch(remote_ids)
    except BackendError as error:
        await raise_if_source_failed(backend, error)   # the source as a whole: end this work
        …                                              # or this request alone: name it, go on

docs/faults.md shows the tables; scripts/make_fault_table.py writes it from this module.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msd.backend_api.protocol import MediaBackend
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    BackendError,
    BadResponseError,
    ForbiddenError,
    IdentityMismatchError,
    LoginExpiredError,
    TlsError,
    UnreachableError,
)
from msd.models import FaultScope


class Evidence(StrEnum):
    """What an error says about the rest of the source."""

    SOURCE = "source"  # it concerns the whole source by itself
    REQUEST = "request"  # it concerns what was asked for, and nothing else
    ASK = "ask"  # the identity call decides


EVIDENCE: Mapping[type[BackendError], Evidence] = MappingProxyType(
    {
        AuthRequiredError: Evidence.SOURCE,  # a backend confirms it by a second request
        AuthRefusedError: Evidence.SOURCE,
        LoginExpiredError: Evidence.SOURCE,
        IdentityMismatchError: Evidence.SOURCE,
        TlsError: Evidence.ASK,
        UnreachableError: Evidence.ASK,
        ForbiddenError: Evidence.REQUEST,
        BadResponseError: Evidence.REQUEST,
        BackendError: Evidence.REQUEST,  # a mistake in the backend
    }
)
"""What each error says; every class of `BackendError` has a line."""


class Request(StrEnum):
    """What a backend is asked for, by its methods."""

    CONNECT = "connect"
    LIBRARIES = "libraries"
    RIGHTS = "rights"
    CURSOR = "cursor"
    CHANGES = "changes"
    NEWEST = "newest"
    PAGES = "pages"
    PARSE = "parse"
    MEMBERS = "members"
    FETCH = "fetch"
    ITEM = "item"
    DETAIL_PAGE = "detail_page"
    OMISSIONS = "omissions"


SCOPES: Mapping[Request, tuple[FaultScope, str]] = MappingProxyType(
    {
        Request.CONNECT: (FaultScope.SOURCE, "the source is offline, or needs the user"),
        Request.LIBRARIES: (
            FaultScope.SOURCE,
            "the cached libraries are synced; none appears, none is taken for lost",
        ),
        Request.RIGHTS: (FaultScope.SOURCE, "nothing is hidden; the rights are asked for again"),
        Request.CURSOR: (FaultScope.LIBRARY, "the library is enumerated again next time"),
        Request.CHANGES: (
            FaultScope.LIBRARY,
            "rows and cursor of the library stay as they were; garbage makes it enumerated",
        ),
        Request.NEWEST: (FaultScope.LISTING, "no preview; the enumeration reports the fault"),
        Request.PAGES: (
            FaultScope.LISTING,
            "narrowed to the rows at fault; else its deletions and its library's cursors wait",
        ),
        Request.PARSE: (FaultScope.ROW, "the row is left out and listed as an omission"),
        Request.MEMBERS: (FaultScope.ROW, "the members of the collection or playlist stay"),
        Request.FETCH: (FaultScope.ROW, "the pushed rows are found by the next sync"),
        Request.ITEM: (FaultScope.ROW, "the item keeps what is cached of it"),
        Request.DETAIL_PAGE: (
            FaultScope.ROW,
            "narrowed to the items at fault; they keep what is cached of them",
        ),
        Request.OMISSIONS: (FaultScope.SOURCE, "the known omissions stay"),
    }
)
"""The part of the source that one failed request costs, and what becomes of it."""


def evidence_of(error: BackendError) -> Evidence:
    """Return what an error says about the rest of the source."""
    return next(EVIDENCE[kind] for kind in type(error).__mro__ if kind in EVIDENCE)


async def raise_if_source_failed(backend: MediaBackend, error: BackendError) -> None:
    """Return when an error concerns one request only; ask the server where that is not clear.

    Raises:
        BackendError: the source as a whole can't be used now. It is what the identity call was
            answered with, or the error itself.
    """
    match evidence_of(error):
        case Evidence.SOURCE:
            raise error
        case Evidence.ASK:
            await backend.check_identity()
