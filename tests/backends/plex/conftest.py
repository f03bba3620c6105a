"""A certificate authority that the process trusts, as it trusts the one that plex.direct uses."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import trustme

from msd.backend_api.http import trust
from tests.backends.plex.addresses import HASH, server_tls
from tests.simulators.plex import PlexServer, make_world


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks plex.tv or the network that the machine is in."""
    monkeypatch.setenv("MSD_PLEX_TV", "http://127.0.0.1:9")
    monkeypatch.setenv("MSD_PLEX_GDM", "")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory, monkeypatch
) -> Iterator[None]:
    """Trust the authority for one test."""
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    trust.ssl_context.cache_clear()
    yield
    trust.ssl_context.cache_clear()


@pytest.fixture
def tls(authority: trustme.CA, trusted: None) -> ssl.SSLContext:
    """What a server has that owns `*.HASH.plex.direct`."""
    return server_tls(authority, f"*.{HASH}.plex.direct")


@pytest.fixture
def server() -> Iterator[PlexServer]:
    """A small simulated media server, on plain http."""
    with PlexServer(make_world(150)) as running:
        yield running
