"""Requests over real sockets to servers that misbehave."""

import gzip
import logging
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import httpx
import pytest

from msd.backend_api.http.client import Answer, fetch, open_client, without_echo
from msd.backend_api.http.status import retry_after_s
from msd.errors import BadResponseError, TlsError, UnreachableError
from msd.models import StatusReason
from tests.backend_api.http.raw_server import answering, json_reply, raw_server, reply

pytestmark = pytest.mark.anyio


async def get(base_url, path="/", **limits):
    async with open_client() as client:
        return await fetch(client, client.build_request("GET", base_url + path), **limits)


async def test_an_answer_comes_whole_with_the_address_of_its_sender():
    """An answer comes whole with the address of its sender (K4).

    Who answered is known before anything secret is sent.
    """
    async with raw_server(answering(json_reply({"a": 1}))) as server:
        answer = await get(server.base_url)

    assert (answer.status, answer.body, answer.peer) == (200, b'{"a": 1}', "127.0.0.1")
    assert answer.media_type == "application/json"


async def test_an_answer_over_its_limit_is_refused_while_it_arrives():
    """An answer over its limit is refused while it arrives (K5).

    An endless body never fills the memory.
    """
    sent = 0

    async def endless(_seen, stream):
        nonlocal sent
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            await stream.send(b"0," * 8192)
            sent += 16384

    async with raw_server(endless) as server:
        with pytest.raises(BadResponseError, match="larger than 1 MiB"):
            await get(server.base_url)

    assert sent < 16 << 20


async def test_the_limit_counts_unpacked_bytes():
    """The limit counts unpacked bytes (K5).

    A small packed answer may be a large one.
    """
    body = gzip.compress(b" " * (3 << 20))
    async with raw_server(
        answering(reply(200, body, "application/json", Content_Encoding="gzip"))
    ) as server:
        with pytest.raises(BadResponseError, match="larger than"):
            await get(server.base_url)


async def test_an_answer_packed_twice_is_refused_unread():
    """An answer packed twice is refused unread (K5).

    Packings multiply.
    """
    body = gzip.compress(gzip.compress(b"{}"))
    async with raw_server(
        answering(reply(200, body, "application/json", Content_Encoding="gzip, gzip"))
    ) as server:
        with pytest.raises(BadResponseError, match="packed"):
            await get(server.base_url)


async def test_a_packed_answer_is_unpacked():
    """gzip costs nothing and saves most of the bytes."""
    async with raw_server(
        answering(reply(200, gzip.compress(b"{}"), "application/json", Content_Encoding="gzip"))
    ) as server:
        answer = await get(server.base_url)

    assert answer.body == b"{}"
    assert server.seen[0].headers["accept-encoding"] == "gzip"


async def test_a_broken_packing_is_a_bad_response():
    """Bad input: data that can't be unpacked."""
    async with raw_server(
        answering(reply(200, b"no gzip", "application/json", Content_Encoding="gzip"))
    ) as server:
        with pytest.raises(BadResponseError):
            await get(server.base_url)


async def test_a_large_error_page_keeps_its_status():
    """A large error page keeps its status (S2).

    The size of a proxy's error page says nothing.
    """
    async with raw_server(answering(reply(503, b"x" * (2 << 20), "text/html"))) as server:
        answer = await get(server.base_url)

    assert answer.status == 503
    assert len(answer.body) <= 64 << 10


async def test_a_body_that_is_cut_off_is_unreachable():
    """A body that is cut off is unreachable (S2).

    The connection broke; the server may be well again in a moment.
    """

    async def cut(_seen, stream):
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await stream.aclose()

    async with raw_server(cut) as server:
        with pytest.raises(UnreachableError) as caught:
            await get(server.base_url)

    assert caught.value.reason is StatusReason.SERVER_ERROR


async def test_a_server_that_drips_is_given_up_at_the_deadline():
    """A server that drips is given up at the deadline (K5).

    A byte now and then resets read timeouts for ever.
    """

    async def drip(_seen, stream):
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            await stream.send(b" ")
            await anyio.sleep(0.01)

    async with raw_server(drip) as server:
        with pytest.raises(UnreachableError) as caught:
            await get(server.base_url, budget_s=0.2)

    assert caught.value.reason is StatusReason.TIMEOUT


async def test_no_http_at_all_is_unreachable():
    """Wrong port: something else listens there."""

    async def speak_first(_seen, stream):
        await stream.send(b"SSH-2.0-OpenSSH_9.2\r\n")
        await stream.aclose()

    async with raw_server(speak_first) as server:
        with pytest.raises(UnreachableError):
            await get(server.base_url)


async def test_a_refused_connection_says_so():
    """A refused connection says so (S2).

    Reason refused.
    """
    async with raw_server(answering(b"")) as server:
        base_url = server.base_url

    with pytest.raises(UnreachableError) as caught:
        await get(base_url)

    assert caught.value.reason is StatusReason.REFUSED


async def test_an_unknown_name_says_so():
    """An unknown name says so (S2).

    Reason dns.
    """
    with pytest.raises(UnreachableError) as caught:
        await get("http://no-such-host.invalid")

    assert caught.value.reason is StatusReason.DNS


async def test_a_redirect_is_an_answer_like_any_other():
    """A redirect is an answer like any other (K4).

    Following it would carry headers along.
    """
    async with (
        raw_server(answering(json_reply({}))) as other,
        raw_server(answering(reply(302, Location=other.base_url))) as server,
    ):
        answer = await get(server.base_url)

        assert answer.status == 302
        assert other.seen == []


async def test_cookies_of_a_server_are_not_kept():
    """Cookies of a server are not kept (K5).

    Nothing a server sends grows a store of ours.
    """
    async with (
        raw_server(answering(json_reply({}, Set_Cookie="a=b"))) as server,
        open_client() as client,
    ):
        for _ in range(2):
            await fetch(client, client.build_request("GET", server.base_url))

    assert all("cookie" not in request.headers for request in server.seen)


async def test_a_certificate_that_nobody_signed_is_a_tls_error(tls_context):
    """A certificate that nobody signed is a tls error (K3).

    TLS is verified always.
    """
    async with raw_server(answering(json_reply({})), tls=tls_context) as server:
        with pytest.raises(TlsError):
            await get(server.base_url)

        assert server.seen == []


def test_what_a_server_repeats_of_a_secret_is_taken_out():
    """What a server repeats of a secret is taken out (K1).

    It goes no further, whatever it would have become.
    """
    answer = Answer(status=500, headers=httpx.Headers(), body=b'{"Name": "c4nary c4nary"}')

    assert b'{"Name": "*** ***"}' == without_echo(answer, "c4nary").body
    assert answer == without_echo(answer, "other") == without_echo(answer, "")


async def test_an_answer_shows_nothing_of_its_content():
    """An answer shows nothing of its content (K1).

    A repr may reach a log.
    """
    async with raw_server(answering(json_reply({"AccessToken": "canary"}, X_A="canary"))) as server:
        answer = await get(server.base_url)

    assert "canary" not in repr(answer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("005", 5.0),
        ("0", 0.0),
        ("86400", 3600.0),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
    ],
)
def test_the_pause_a_server_asks_for_is_read_and_bounded(text, expected):
    """Jellyfin pads with zeros; others write anything."""
    headers = httpx.Headers([(b"Retry-After", text.encode())])

    assert expected == retry_after_s(Answer(status=503, headers=headers, body=b""))


def test_a_pause_may_be_a_date():
    """RFC 9110: Retry-After may be an HTTP date."""
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    answer = Answer(status=503, headers=httpx.Headers({"Retry-After": when}), body=b"")

    assert 50 < (retry_after_s(answer) or 0) <= 60


@pytest.fixture(scope="module")
def tls_context(tmp_path_factory):
    """A server's context with a certificate it signed itself."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return context
