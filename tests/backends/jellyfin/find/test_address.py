"""What a user types becomes the right addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backends.jellyfin.find.address import candidates, without_web_client
from msd.errors import InvalidArgumentError

ALL = (
    "https://host",
    "http://host",
    "http://host:8096",
    "https://host:8096",
    "https://host:8920",
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("host", ALL),
        ("  HOST \n", ALL),
        ("https://host", ("https://host", "https://host:8096", "https://host:8920")),
        ("http://host", ("http://host", "http://host:8096")),
        ("HTTP://Host:8096", ("http://host:8096",)),
        ("host:8096", ("https://host:8096", "http://host:8096")),
        ("host:443", ("https://host", "http://host:443")),
        ("https://host:443/", ("https://host",)),
        ("http://host:80/media//jf/", ("http://host/media/jf",)),
        ("http://host:1/web/", ("http://host:1",)),
        ("http://host:1/web/index.html#!/home", ("http://host:1",)),
        ("http://host:1/jf/Web/index.html?a=b", ("http://host:1/jf",)),
        ("http://host:1/web/#/details?id=5", ("http://host:1",)),
        ("host:1/jf", ("https://host:1/jf", "http://host:1/jf")),
        ("http://host:1/cobweb", ("http://host:1/cobweb",)),
        ("http://host:1/a b", ("http://host:1/a%20b",)),
        ("[::1]:8096", ("https://[::1]:8096", "http://[::1]:8096")),
        ("http://[fd00::5]:8096/x", ("http://[fd00::5]:8096/x",)),
        ("10.0.0.1:8096", ("https://10.0.0.1:8096", "http://10.0.0.1:8096")),
    ],
)
def test_an_address_may_be_typed_in_many_ways(typed, expected):
    """An address may be typed in many ways.

    Only the typed scheme and port; else https first and default ports first.
    """
    assert expected == candidates(typed)


def test_a_bare_ipv6_address_is_put_in_brackets():
    """IPv6 users paste what `ip address` shows."""
    assert "http://[fd00::5]:8096" in candidates("fd00::5")


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "ftp://host", "file:///etc/passwd", "http://", "http://:8096", "host:0",
        "host:65536", "host:port", "http://user:pass@host", "user@host", "ho st", "host\0",
        "http://host\r\nX: y", "http://[::1", "http://host/../x", "http://host/./x", "a" * 3000,
        "http://ho\\st", "javascript:alert(1)", "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_any_request(typed):
    """Bad input: wrong URL."""
    with pytest.raises(InvalidArgumentError):
        candidates(typed)


def test_a_refused_address_is_not_repeated_in_the_error():
    """A refused address is not repeated in the error (K1).

    It may hold a password.
    """
    with pytest.raises(InvalidArgumentError) as caught:
        candidates("http://user:canary@host")

    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_web_clients_page_stands_for_its_server():
    """The web clients page stands for its server.

    The redirect of a base path ends there.
    """
    assert without_web_client("http://host/jf/web/index.html?x#y") == "http://host/jf"


@given(st.text())
def test_any_text_is_a_few_addresses_or_refused(text):
    """Any text is a few addresses or refused (K5).

    Bounded number of probes.
    """
    try:
        found = candidates(text)
    except InvalidArgumentError:
        return
    assert 1 <= len(found) <= 5
