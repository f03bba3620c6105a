"""Where a redirect of the public info may lead."""

from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.http.client import Answer, open_client
from msd.backends.jellyfin.find.probe import _redirected, probe
from msd.errors import UnreachableError
from msd.models import StatusReason
from tests.backend_api.http.raw_server import Seen, answering, json_reply, raw_server, reply


def answer(location):
    return Answer(status=302, headers=httpx.Headers({"location": location}), body=b"")


@pytest.mark.parametrize(
    ("base", "location", "expected"),
    [
        ("http://host:8096", "/jf/web/", "http://host:8096/jf"),
        ("http://host:8096", "/jf/web/index.html?x=1#y", "http://host:8096/jf"),
        ("http://host:8096/web", "/web/", "http://host:8096"),
        (
            "http://host:8096",
            "https://host:8920/System/Info/Public",
            "https://host:8920",
        ),
        ("http://host", "https://HOST/jf/system/info/public", "https://HOST/jf"),
        ("https://host", "//host:8920/web/", "https://host:8920"),
        ("http://[fd00::5]:8096", "/jf/web/", "http://[fd00::5]:8096/jf"),
    ],
)
def test_a_redirect_leads_to_a_base_path_or_to_https(base, location, expected):
    """A redirect leads to a base path or to https.

    Base paths, and RequireHttps.
    """
    assert _redirected(base, answer(location)) == expected


@pytest.mark.parametrize(
    ("base", "location"),
    [
        ("http://host", "http://other/"),
        ("http://host", "//other/"),
        ("http://host", "http://host.evil.example/"),
        ("http://host", "http://host@evil.example/"),
        ("https://host", "http://host/"),
        ("http://host", "file:///etc/passwd"),
        ("http://host", "javascript:alert(1)"),
        ("http://host", "http://[::1"),
    ],
)
def test_a_redirect_never_leads_to_another_host_or_out_of_tls(base, location):
    """A redirect never leads to another host or out of tls (K4).

    Across no redirect to another host; https is never downgraded.
    """
    with pytest.raises(UnreachableError) as caught:
        _redirected(base, answer(location))

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER


@given(st.text() | st.text().map("http://host{}".format))
def test_any_location_leads_to_one_host_or_is_refused(location):
    """Any location leads to one host or is refused (K4).

    Whatever a server writes there.
    """
    headers = httpx.Headers([(b"location", location.encode("utf-8", "replace"))])
    try:
        base = _redirected("http://host", Answer(status=302, headers=headers, body=b""))
    except UnreachableError:
        return
    assert urlsplit(base).hostname == "host"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "base", ["http://host:99999", "http://ho st", "http://[::1", "x://host", ""]
)
async def test_an_impossible_address_is_unreachable(base):
    """Protocol: a stored address that can't be meant is offline, not a fault of msd."""
    async with open_client() as http:
        with pytest.raises(UnreachableError):
            await probe(http, base)


PLAIN = {"ProductName": "Jellyfin Server", "Id": "a" * 32, "ServerName": "nas", "Version": "12.0.0"}


def below_jelly(seen: Seen, *, redirects: tuple[str, ...]) -> bytes:
    """Answer as a server whose base path was set to /jelly, and that has no web client."""
    if seen.path == "/jelly/System/Info/Public":
        return json_reply(PLAIN)
    if seen.path == "/health" and "/health" in redirects:
        return reply(302, location="/jelly/health")
    if seen.path in redirects or "*" in redirects:
        return reply(302, location="../../jelly/api-docs/swagger")
    return reply(404)


@pytest.mark.anyio
async def test_a_new_base_path_is_found_by_the_health_of_the_server():
    """The redirect of the old address leads to a page of the documentation (S11)."""
    answer = partial(below_jelly, redirects=("*", "/health"))
    async with raw_server(answering(answer)) as server, open_client() as http:
        found = await probe(http, server.base_url)

    assert found.base_url == f"{server.base_url}/jelly"


@pytest.mark.anyio
async def test_a_proxy_that_sends_visitors_of_its_root_only_is_followed():
    """An outer proxy answers 404 to everything but its root."""

    def answer(seen: Seen) -> bytes:
        if seen.path == "/":
            return reply(302, location="/jelly/web/")
        return below_jelly(seen, redirects=())

    async with raw_server(answering(answer)) as server, open_client() as http:
        found = await probe(http, server.base_url)

    assert found.base_url == f"{server.base_url}/jelly"


@pytest.mark.anyio
async def test_an_address_without_a_server_is_none():
    """Nothing redirects: it is not a media server."""
    async with raw_server(answering(reply(404))) as server, open_client() as http:
        with pytest.raises(UnreachableError) as caught:
            await probe(http, server.base_url)

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER
