"""plex.tv's answers, good ones and bad (docs/protocols/plex.md, Refusals)."""

from __future__ import annotations

import pytest

from msd.backends.plex.login.tv import USER
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
from tests.backends.plex.pms import DEVICE
from tests.backends.plex.tv_server import (
    ACCOUNT_TOKEN,
    PORTAL,
    REFUSED,
    client,
    plex_tv,
    user,
)

pytestmark = pytest.mark.anyio

BROKEN = reply(500, b"<html></html>", "text/html")


async def ask():
    async with client() as tv:
        return await tv.get(USER, dict[str, object])


async def test_every_request_says_who_we_are_in_headers_alone(monkeypatch):
    """Every request says who we are in headers alone (K1).

    A stable client identifier, ASCII values, no token in the address.
    """
    async with plex_tv(monkeypatch) as tv:
        await ask()

    [seen] = tv.server.seen
    assert DEVICE == seen.headers["x-plex-client-identifier"]
    assert "Buro, oben" == seen.headers["x-plex-device-name"]
    assert "msd" == seen.headers["x-plex-product"]
    assert ACCOUNT_TOKEN == seen.headers["x-plex-token"]
    assert "application/json" == seen.headers["accept"]
    assert {} == seen.query


async def test_a_refused_token_is_confirmed_by_a_second_call(monkeypatch):
    """A refused token is confirmed by a second call.

    401 code 1001; S2: confirmed.
    """
    async with plex_tv(monkeypatch, GET_user=REFUSED) as tv:
        with pytest.raises(AuthRequiredError):
            await ask()

    assert 2 == len(tv.server.seen)


async def test_a_refusal_that_is_not_confirmed_is_an_outage(monkeypatch):
    """A refusal that is not confirmed is an outage (S2).

    One 401 is not enough.
    """
    async with plex_tv(monkeypatch, GET_user=[REFUSED, json_reply(user())]):
        with pytest.raises(UnreachableError):
            await ask()


async def test_an_invalid_token_may_also_be_told_by_422(monkeypatch):
    """An invalid token may also be told by 422.

    422 whose message says invalid token.
    """
    said = {"errors": [{"code": "1", "message": "Invalid token", "status": 422}]}
    async with plex_tv(monkeypatch, GET_user=json_reply(said, 422)):
        with pytest.raises(AuthRequiredError):
            await ask()


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (json_reply({"errors": [{"code": 1000}]}, 400), BadResponseError, StatusReason.PROTOCOL),
        (json_reply({"errors": [{"message": "x"}]}, 422), BadResponseError, StatusReason.PROTOCOL),
        (json_reply({"errors": []}, 498), BadResponseError, StatusReason.PROTOCOL),
        (json_reply({"errors": "?"}, 403), ForbiddenError, StatusReason.FORBIDDEN),
        (BROKEN, UnreachableError, StatusReason.SERVER_ERROR),
        (json_reply({}, 503), UnreachableError, StatusReason.SERVER_ERROR),
        (PORTAL, UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(302, Location="http://portal/"), UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(401, b"<html>proxy</html>", "text/html"), UnreachableError,
         StatusReason.NOT_A_MEDIA_SERVER),
        (json_reply("hello"), BadResponseError, StatusReason.PROTOCOL),
        (reply(200, b'{"id": 7', "application/json"), UnreachableError, StatusReason.SERVER_ERROR),
    ],
)  # fmt: skip
async def test_any_other_trouble_leaves_the_token_alone(monkeypatch, answer, error, reason):
    """Any other trouble leaves the token alone.

    5xx, portals and proxies are never needs-auth.
    """
    async with plex_tv(monkeypatch, GET_user=answer):
        with pytest.raises(error) as caught:
            await ask()

    assert caught.value.reason is reason
    assert ACCOUNT_TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(("said", "pause_s"), [({}, 10.0), ({"Retry_After": "33"}, 33.0)])
async def test_being_asked_to_wait_is_passed_on(monkeypatch, said, pause_s):
    """Being asked to wait is passed on.

    429; Retry-After is often missing.
    """
    async with plex_tv(monkeypatch, GET_user=reply(429, b"slow down", "text/plain", **said)) as tv:
        with pytest.raises(UnreachableError) as caught:
            await ask()

    assert caught.value.retry_after_s == pause_s
    assert 1 == len(tv.server.seen)


async def test_nobody_answering_is_unreachable(monkeypatch):
    """Nobody answering is unreachable.

    DNS, refused, timeout.
    """
    with dead() as port:
        monkeypatch.setenv("MSD_PLEX_TV", f"http://127.0.0.1:{port}")
        with pytest.raises(UnreachableError):
            await ask()


@pytest.mark.parametrize("first", [BROKEN, PORTAL, None])
async def test_the_second_host_is_asked_when_the_first_does_not_work(monkeypatch, first):
    """The second host is asked when the first does not work.

    Clients.plex.tv first, plex.tv on a transient failure.
    """
    async with plex_tv(monkeypatch) as tv, raw_server(answering(first or b"")) as broken:
        with dead() as port:
            base = broken.base_url if first else f"http://127.0.0.1:{port}"
            monkeypatch.setenv("MSD_PLEX_TV", f"{base} {tv.server.base_url}")
            assert "alice" == (await ask())["username"]


async def test_the_second_host_is_asked_when_the_first_is_somebody_else(monkeypatch, tls):
    """The second host is asked when the first is somebody else.

    A certificate for another name; a network may catch one of the names.
    """
    async with plex_tv(monkeypatch) as tv, raw_server(answering(b""), tls=tls) as stranger:
        monkeypatch.setenv("MSD_PLEX_TV", f"{stranger.base_url} {tv.server.base_url}")
        assert "alice" == (await ask())["username"]

    assert [] == stranger.seen


async def test_a_refusal_is_not_taken_to_the_second_host(monkeypatch):
    """A refusal is not taken to the second host.

    What plex.tv says itself holds for both.
    """
    async with plex_tv(monkeypatch) as tv, raw_server(answering(REFUSED)) as first:
        monkeypatch.setenv("MSD_PLEX_TV", f"{first.base_url} {tv.server.base_url}")
        with pytest.raises(AuthRequiredError):
            await ask()

    assert [] == tv.server.seen


async def test_an_impossible_base_is_refused(monkeypatch):
    """Never the real plex.tv where a test wanted another."""
    monkeypatch.setenv("MSD_PLEX_TV", "nonsense")
    with pytest.raises(InvalidArgumentError, match="MSD_PLEX_TV"):
        await ask()
