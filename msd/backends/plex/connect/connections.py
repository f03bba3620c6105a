"""The addresses at which a server may be reached, as its source remembers them.

plex.tv lists them; they are kept as JSON in `Source.config`, so that a server is found again
without plex.tv. They hold no secret.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from msd.backend_api import PINNED_ADDRESS
from msd.backend_api.host import is_private_host
from msd.backends.plex.connect.plex_direct import certificate_hash, encoded_address
from msd.models import Route

CONNECTIONS = "connections"  # a key of `Source.config`
MOST_CONNECTIONS = 32  # a server has one for each network card, and each container's
_LONGEST_ADDRESS = 300
_ROUTES = (Route.LOCAL, Route.REMOTE, Route.RELAY)


class Candidate(msgspec.Struct, frozen=True):
    """One address at which the server may answer."""

    address: str  # base URL without a slash at its end
    route: Route

    @property
    def is_secure(self) -> bool:
        """Whether the address is one of https."""
        return self.address.startswith("https:")

    @property
    def grade(self) -> tuple[int, bool]:
        """How good the address is, the smallest the best: near before far, https before http."""
        return _ROUTES.index(self.route), not self.is_secure


class KnownAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """What a source knows of its server's addresses."""

    candidates: tuple[Candidate, ...]  # best first
    pinned: str = ""  # the one address that may be used; "" when all may

    @property
    def certificates(self) -> frozenset[str]:
        """The parts of names below plex.direct that belong to this server alone."""
        hosts = (urlsplit(candidate.address).hostname or "" for candidate in self.candidates)
        return frozenset(filter(None, map(certificate_hash, hosts)))


def usable_address(address: str) -> str | None:
    """Return a base URL without a slash at its end, None when the address can't be used.

    Without TLS only private hosts can: nobody is asked whether more is meant (K3).
    """
    try:
        parts = urlsplit(address.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not host or not is_plain:
        return None
    if parts.scheme == "http" and not is_private_host(host):
        return None
    if len(address) > _LONGEST_ADDRESS or not address.isascii() or _leads_nowhere(host):
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def best_first(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return each address once, the best first, and no more than anyone needs."""
    by_address: dict[str, Candidate] = {}
    for candidate in candidates:
        by_address.setdefault(candidate.address, candidate)
    return tuple(sorted(by_address.values(), key=lambda known: known.grade))[:MOST_CONNECTIONS]


def config_of(candidates: Sequence[Candidate]) -> Mapping[str, str]:
    """Return what a source keeps of the addresses of its server."""
    rows = [{"address": known.address, "route": known.route.value} for known in candidates]
    return MappingProxyType({CONNECTIONS: json.dumps(rows, separators=(",", ":"))})


def known_addresses(config: Mapping[str, str]) -> KnownAddresses:
    """Return what a source's config says; what can't be read of it is left out."""
    return KnownAddresses(
        candidates=best_first(_candidates(config.get(CONNECTIONS, ""))),
        pinned=usable_address(config.get(PINNED_ADDRESS, "")) or "",
    )


def candidate_at(address: str, known: KnownAddresses) -> Candidate:
    """Return an address as a candidate: as it is known, else by what it looks like."""
    for candidate in known.candidates:
        if candidate.address == address:
            return candidate
    host = urlsplit(address).hostname or ""
    is_near = is_private_host(encoded_address(host) or host)
    return Candidate(address, Route.LOCAL if is_near else Route.REMOTE)


def _candidates(text: str) -> Iterable[Candidate]:
    try:
        rows = json.loads(text or "[]")
        pairs = [(row["address"], row["route"]) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    for address, route in pairs:
        usable = usable_address(address) if isinstance(address, str) else None
        if usable and route in _ROUTES:
            yield Candidate(usable, Route(route))


def _leads_nowhere(host: str) -> bool:
    """Whether this spells an address that nobody can be reached at from here."""
    try:
        address = ip_address(encoded_address(host) or host)
    except ValueError:
        return False
    return address.is_link_local or address.is_unspecified or address.is_multicast
