"""Finding a server at one of its addresses, and proving it before any token leaves."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from msd.backends.plex.link import ServerLink
from msd.models import Route
from tests.backend_api.raw_server import raw_server
from tests.backends.plex.addresses import direct
from tests.backends.plex.pms import TOKEN, context, pms, tokens

pytestmark = pytest.mark.anyio


async def test_a_server_is_found_by_its_plex_direct_name_without_a_name_server(tls):
    """Contract §3.3: the address is in the name, the certificate is checked against the name."""
    async with raw_server(pms(), tls=tls) as server:
        async with aclosing(ServerLink(context(direct(server.port)))) as link:
            facts = await link.connect()

    assert (direct(server.port), Route.LOCAL) == (facts.address, facts.route)
    assert ("Den", "1.43.2.10687") == (facts.name, facts.version)
    assert ["/identity", "/"] == server.paths()
    assert [TOKEN] == tokens(server.seen)
