"""What a server's answers mean (docs/protocols/plex.md, Refusals)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from msd.backend_api.http.client import open_client
from msd.backends.plex.connect.client import PlexClient
from msd.backends.plex.connect.device import device_of
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    InvalidArgumentError,
    UnreachableError,
)
from msd.models import StatusReason
from tests.backend_api.http.raw_server import answering, json_reply, raw_server, reply
from tests.backends.plex.addresses import dead
from tests.backends.plex.pms import DEVICE, MAINTENANCE, TOKEN, UNAUTHORISED, context, root

pytestmark = pytest.mark.anyio

PATH = "/library/sections"
HTML = "text/html"


@asynccontextmanager
async def asking(answers: dict[str, bytes]) -> AsyncIterator[tuple[PlexClient, list]]:
    def answer(seen) -> bytes:
        return answers.get(seen.path, reply(404, b"<html></html>", HTML))

    async with raw_server(answering(answer)) as server, open_client() as http:
        device = device_of(context())
        yield PlexClient(http, server.base_url, device, TOKEN, doubt_s=0.05), server.seen


async def test_a_window_is_asked_for_by_both_headers():
    """A window is asked for by both headers.

    And the token is in a header alone.
    """
    async with asking({PATH: json_reply({})}) as (client, seen):
        await client.get(PATH, {"type": 1, "updatedAt>": "5"}, start=200, size=100)
        await client.get(PATH)

    first, second = seen
    assert ("200", "100") == (
        first.headers["x-plex-container-start"],
        first.headers["x-plex-container-size"],
    )
    assert {"type": "1", "updatedAt>": "5"} == first.query
    assert TOKEN == first.headers["x-plex-token"]
    assert DEVICE == first.headers["x-plex-client-identifier"]
    assert "application/json" == first.headers["accept"]
    assert not [name for name in second.headers if "container" in name]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (reply(400, b"<html>", HTML), BadResponseError, StatusReason.PROTOCOL),
        (reply(409, b"<html>", HTML), BadResponseError, StatusReason.PROTOCOL),
        (reply(412, b"<html>", HTML), BadResponseError, StatusReason.PROTOCOL),
        (reply(403, b"<html>", HTML, X_Plex_Protocol="1.0"), ForbiddenError,
         StatusReason.FORBIDDEN),
        (reply(401, b"<html>", HTML), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(401, WWW_Authenticate="Basic"), UnreachableError,
         StatusReason.NOT_A_MEDIA_SERVER),
        (reply(403, b"<html>", HTML), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(403, b"<html>", HTML, CF_Mitigated="challenge"), UnreachableError,
         StatusReason.NOT_A_MEDIA_SERVER),
        (reply(503, b"<html>", HTML, CF_Mitigated="challenge"), UnreachableError,
         StatusReason.NOT_A_MEDIA_SERVER),
        (reply(511, b"<html>", HTML), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(404, b"<html>", HTML), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(302, Location="http://x/"), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(429), UnreachableError, StatusReason.SERVER_ERROR),
        (reply(500, b"<html>", HTML), UnreachableError, StatusReason.SERVER_ERROR),
        (reply(501, b"<html>", HTML), UnreachableError, StatusReason.SERVER_ERROR),
        (reply(503, b"<html>", HTML), UnreachableError, StatusReason.SERVER_STARTING),
        (MAINTENANCE, UnreachableError, StatusReason.SERVER_STARTING),
        (reply(509, b"<html>", HTML), UnreachableError, StatusReason.SERVER_ERROR),
        (reply(200, b"<html>", HTML), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
    ],
)  # fmt: skip
async def test_a_bad_status_becomes_one_typed_error(answer, error, reason):
    """A bad status becomes one typed error.

    PMS; none of these is needs-auth.
    """
    async with asking({PATH: answer, "/": root()}) as (client, _):
        with pytest.raises(error) as caught:
            await client.get(PATH)

    assert caught.value.reason is reason
    assert TOKEN not in f"{caught.value!r} {client!r}"


async def test_a_pause_that_the_server_asks_for_is_passed_on():
    """A pause that the server asks for is passed on.

    503 maintenance.
    """
    async with asking({PATH: MAINTENANCE}) as (client, _):
        with pytest.raises(UnreachableError) as caught:
            await client.get(PATH)

    assert 7.0 == caught.value.retry_after_s


async def test_a_refusal_that_the_server_repeats_needs_a_sign_in():
    """A refusal that the server repeats needs a sign in (S2).

    Confirmed by a second authenticated call, elsewhere.
    """
    async with asking({PATH: UNAUTHORISED, "/": UNAUTHORISED}) as (client, seen):
        with pytest.raises(AuthRequiredError) as caught:
            await client.get(PATH)

    assert caught.value.reason is StatusReason.TOKEN_REFUSED
    assert [PATH, "/"] == [request.path for request in seen]


async def test_a_refusal_is_doubted_for_a_while():
    """A refusal is doubted for a while.

    An overloaded server refuses good tokens for a moment.
    """
    asked_at = []

    def answer(_) -> bytes:
        asked_at.append(anyio.current_time())
        return UNAUTHORISED

    async with raw_server(answering(answer)) as server, open_client() as http:
        device = device_of(context())
        client = PlexClient(http, server.base_url, device, TOKEN, doubt_s=0.2)
        with pytest.raises(AuthRequiredError):
            await client.get(PATH)

    first, second = asked_at
    assert second - first >= 0.2


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (root(), ForbiddenError),
        (MAINTENANCE, UnreachableError),
        (reply(500), UnreachableError),
    ],
)
async def test_a_refusal_that_is_not_confirmed_is_no_lost_sign_in(second, error):
    """A refusal that is not confirmed is no lost sign in (S3).

    One forbidden place, or an overloaded server.
    """
    async with asking({PATH: UNAUTHORISED, "/": second}) as (client, _):
        with pytest.raises(error):
            await client.get(PATH)


async def test_a_gateway_that_confirms_a_refusal_does_not_end_the_sign_in():
    """Only the server's own form of a refusal, confirmed in that form, ends a sign-in (S4)."""
    gateway = reply(401, b"<html>sign in</html>", HTML, WWW_Authenticate="Basic")
    async with asking({PATH: UNAUTHORISED, "/": gateway}) as (client, _):
        with pytest.raises(UnreachableError, match="gateway") as caught:
            await client.get(PATH)

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER


async def test_an_error_names_its_request_and_the_status():
    """Path and status, without the query, so that somebody can act (S9)."""
    async with asking({PATH: reply(500)}) as (client, _):
        with pytest.raises(UnreachableError) as caught:
            await client.get(PATH, {"secret": "x"})

    assert (f"GET {PATH}", 500) == (caught.value.request, caught.value.status)


async def test_what_is_gone_is_none():
    """What is gone is none.

    404 on an item.
    """
    async with asking({"/library/metadata/1": json_reply({})}) as (client, _):
        assert await client.get_or_none("/library/metadata/2") is None
        assert (await client.get_or_none("/library/metadata/1")).is_success


async def test_a_server_that_went_away_is_told_of():
    """A server that went away is told of (O3).

    Its other addresses are to be tried.
    """
    lost = []
    with dead() as port:
        async with open_client() as http:
            base = f"http://127.0.0.1:{port}"
            device = device_of(context())
            client = PlexClient(http, base, device, TOKEN, lost=lambda: lost.append(1))
            with pytest.raises(UnreachableError):
                await client.get(PATH)

    assert [1] == lost


async def test_an_impossible_path_is_a_typed_error():
    """An impossible path is a typed error.

    Nothing of httpx reaches the caller.
    """
    async with asking({}) as (client, _):
        with pytest.raises(InvalidArgumentError):
            await client.get("/\x00" + "x" * 70_000)
