"""Signing in by a PIN: until success, expiry, rejection or cancellation."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from msd.backends.plex.login.pin import LINK_URL, claimed_token
from msd.errors import AuthRefusedError, BadResponseError, LoginExpiredError, UnreachableError
from tests.backend_api.http.raw_server import json_reply, reply
from tests.backends.plex.pms import DEVICE
from tests.backends.plex.tv_server import (
    ACCOUNT_TOKEN,
    CODE,
    EXPIRED,
    PORTAL,
    REFUSED,
    Person,
    client,
    pin,
    plex_tv,
)

pytestmark = pytest.mark.anyio

QUICK = (0.01,)
POLL = "GET /api/v2/pins/1272125134"


async def claim(person: Person, **options):
    async with client("") as tv:
        return await claimed_token(tv, person, pauses_s=QUICK, **options)


async def test_a_link_for_the_browser_is_shown_and_its_approval_noticed(monkeypatch):
    """A link for the browser is shown and its approval noticed.

    Strong; null until it is claimed.
    """
    waiting = json_reply(pin())
    polls = [waiting, waiting, json_reply(pin(ACCOUNT_TOKEN))]
    person = Person()
    async with plex_tv(monkeypatch, GET_pins_1272125134=polls) as tv:
        assert ACCOUNT_TOKEN == await claim(person, forward_url="https://example.org/?a=b&c")

    [(code, url, expires_at)] = person.codes
    assert CODE == code
    shown = parse_qs(urlsplit(url).fragment.removeprefix("?"))
    assert [DEVICE] == shown["clientID"]
    assert [CODE] == shown["code"]
    assert ["msd"] == shown["context[device][product]"]
    assert ["https://example.org/?a=b&c"] == shown["forwardUrl"]
    assert url.startswith("https://app.plex.tv/auth#?")
    assert 0 <= expires_at - time.time() <= 1801
    [asked] = tv.asked("POST /api/v2/pins")
    assert {"strong": "true"} == asked.query
    assert "x-plex-token" not in asked.headers
    assert 3 == len(tv.asked(POLL))


async def test_a_short_code_is_shown_when_it_is_asked_for(monkeypatch):
    """A short code is shown when it is asked for.

    Not strong, for plex.tv/link.
    """
    person = Person()
    async with plex_tv(monkeypatch, POST_pins=json_reply(pin(code="AB3X"), 201)) as tv:
        await claim(person, link=True)

    assert [("AB3X", LINK_URL)] == [(code, url) for code, url, _ in person.codes]
    assert {} == tv.asked("POST /api/v2/pins")[0].query


@pytest.mark.parametrize("answer", [EXPIRED, reply(410, b"", "application/json")])
async def test_an_expired_code_ends_the_sign_in(monkeypatch, answer):
    """An expired code ends the sign in.

    404 code 1020; 410 likewise.
    """
    async with plex_tv(monkeypatch, GET_pins_1272125134=[json_reply(pin()), answer]):
        with pytest.raises(LoginExpiredError):
            await claim(Person())


@pytest.mark.parametrize(
    "lifetime",
    [
        {"expiresIn": 1},
        {"expiresIn": "1"},
        {"expiresIn": -5},
        {
            "expiresIn": None,
            "createdAt": "2026-01-01T00:00:00Z",
            "expiresAt": "2026-01-01T00:00:01Z",
        },
    ],
)
async def test_a_code_that_is_never_declared_expired_ends_in_time(monkeypatch, lifetime):
    """A code that is never declared expired ends in time.

    Some claim 200 with null for ever.
    """
    answers = {
        "POST_pins": json_reply(pin(**lifetime), 201),
        "GET_pins_1272125134": json_reply(pin(**lifetime)),
    }
    async with plex_tv(monkeypatch, **answers):
        with pytest.raises(LoginExpiredError), anyio.fail_after(20):
            await claim(Person())


async def test_a_code_lasts_an_hour_at_most(monkeypatch):
    """A code lasts an hour at most (K5).

    Whatever plex.tv says; D-Bus carries no greater numbers than 64 bits.
    """
    person = Person()
    async with plex_tv(monkeypatch, POST_pins=json_reply(pin(expiresIn=10**30), 201)):
        await claim(person)

    [(_, _, expires_at)] = person.codes
    assert expires_at <= time.time() + 3601


@pytest.mark.parametrize("answer", [REFUSED, json_reply({"errors": []}, 403)])
async def test_a_rejected_sign_in_ends(monkeypatch, answer):
    """A rejected sign in ends.

    401 and 403.
    """
    async with plex_tv(monkeypatch, GET_pins_1272125134=answer):
        with pytest.raises(AuthRefusedError):
            await claim(Person())


async def test_trouble_on_the_way_only_costs_time(monkeypatch):
    """Trouble on the way only costs time.

    Transport errors and 5xx keep polling; so does a portal.
    """
    trouble = [
        b"",  # nothing at all
        reply(503, b"<html></html>", "text/html"),
        PORTAL,
        reply(429, b"", "text/plain", Retry_After="0"),
        reply(200, b'{"id": 1', "application/json"),
    ]
    polls = [*trouble, json_reply(pin(ACCOUNT_TOKEN))]
    async with plex_tv(monkeypatch, GET_pins_1272125134=polls) as tv, client("") as asking:
        asking._http.timeout = 0.2
        token = await claimed_token(asking, Person(), pauses_s=QUICK)

    assert ACCOUNT_TOKEN == token
    assert 6 == len(tv.asked(POLL))


async def test_a_sign_in_that_is_cancelled_stops_asking(monkeypatch):
    """Issue: polling ends with the login."""
    asked = anyio.Event()

    def waiting(seen):
        asked.set()
        return json_reply(pin())

    with anyio.fail_after(10):
        async with (
            plex_tv(monkeypatch, GET_pins_1272125134=waiting),
            anyio.create_task_group() as group,
        ):
            group.start_soon(claim, Person())
            await asked.wait()
            group.cancel_scope.cancel()


@pytest.mark.parametrize(
    "answer",
    [
        json_reply({"id": 1}, 201),
        json_reply({"id": "x", "code": "AB3X"}, 201),
        json_reply({"id": 1, "code": "a\nb"}, 201),
        json_reply([], 201),
        json_reply({"errors": [{"code": 1000}]}, 400),
    ],
)
async def test_a_pin_without_a_code_is_an_error(monkeypatch, answer):
    """A pin without a code is an error (K5).

    Nothing is shown that is none.
    """
    person = Person()
    async with plex_tv(monkeypatch, POST_pins=answer):
        with pytest.raises(BadResponseError):
            await claim(person)

    assert [] == person.codes


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", ["list"], "x" * 5000])
async def test_a_token_that_is_none_is_an_error(monkeypatch, token):
    """A token that is none is an error (K5).

    It would stand in a header.
    """
    async with plex_tv(monkeypatch, GET_pins_1272125134=json_reply(pin(token))):
        with pytest.raises(BadResponseError):
            await claim(Person())


async def test_plex_tv_that_can_not_be_asked_shows_nothing(monkeypatch):
    """Plex.tv that can not be asked shows nothing.

    No code, no waiting.
    """
    async with plex_tv(monkeypatch, POST_pins=reply(500, b"", "text/html")):
        with pytest.raises(UnreachableError):
            await claim(Person())
