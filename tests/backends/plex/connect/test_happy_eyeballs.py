"""Who is asked when, who wins, and what a lost race says."""

from __future__ import annotations

import math

import anyio
import pytest

from msd.backends.plex.connect.connections import Candidate
from msd.backends.plex.connect.happy_eyeballs import ProbeResults, happy_eyeballs
from msd.backends.plex.connect.identity import Identity
from msd.errors import (
    BackendError,
    BadResponseError,
    IdentityMismatchError,
    TlsError,
    UnreachableError,
)
from msd.models import Route, StatusReason

pytestmark = pytest.mark.anyio

NEAR = Candidate("https://near", Route.LOCAL)
NEAR_CLEAR = Candidate("http://near", Route.LOCAL)
FAR = Candidate("https://far", Route.REMOTE)
RELAY = Candidate("https://relay", Route.RELAY)
ALL = (NEAR, NEAR_CLEAR, FAR, RELAY)
SILENCE = math.inf


class Course:
    """Addresses that answer in a given order; a number is how many must have answered before."""

    def __init__(self, **conduct: float | BackendError) -> None:
        self.asked: list[str] = []
        self.given_up: list[str] = []
        self._conduct = conduct
        self._answered = 0
        self._news = anyio.Event()

    async def __call__(self, candidate: Candidate) -> Identity:
        name = candidate.address.replace("https://", "").replace("http://", "clear_")
        self.asked.append(name)
        conduct = self._conduct[name]
        if isinstance(conduct, BackendError):
            raise conduct
        try:
            while self._answered < conduct:
                await self._news.wait()
        except BaseException:
            self.given_up.append(name)
            raise
        self._answered += 1
        self._news.set()
        self._news = anyio.Event()
        return Identity(server_id="s", version="1", latency_ms=1)


async def winner(course: Course, *candidates: Candidate, first: Candidate | None = None):
    with anyio.fail_after(30):
        result = await happy_eyeballs(candidates, course, first=first)
    return result.winner and result.winner[0]


async def test_a_better_address_may_answer_a_little_later():
    """A better address may answer a little later.

    Near before far, though far is quicker.
    """
    assert NEAR == await winner(Course(far=0, near=1), FAR, NEAR)


async def test_a_better_address_is_not_waited_for_long():
    """Brief: a short grace; the one that hangs is given up."""
    course = Course(far=0, near=SILENCE)

    assert FAR == await winner(course, FAR, NEAR)
    assert ["near"] == course.given_up


async def test_nobody_waits_for_a_worse_address():
    """The best that can be hoped for ends the race."""
    course = Course(near=0, far=SILENCE)

    assert NEAR == await winner(course, FAR, NEAR)
    assert ["far"] == course.given_up


async def test_of_equally_good_addresses_the_quickest_wins():
    """Of equally good addresses the quickest wins.

    Within a class by latency.
    """
    other = Candidate("https://other", Route.LOCAL)

    assert other == await winner(Course(near=1, other=0), NEAR, other)


async def test_http_and_the_relay_are_asked_when_everybody_else_has_failed():
    """Http and the relay are asked when everybody else has failed (K4)."""
    gone = UnreachableError("gone")
    course = Course(near=gone, far=gone, clear_near=gone, relay=0)

    assert RELAY == await winner(course, *ALL)
    assert ["clear_near", "relay"] == course.asked[-2:]


async def test_the_relay_is_not_even_asked_while_a_direct_address_works():
    """The relay is not even asked while a direct address works.

    Slow, and somebody else's.
    """
    course = Course(near=SILENCE, far=0, clear_near=0, relay=0)

    assert FAR == await winner(course, *ALL)
    assert {"near", "far"} == set(course.asked)


async def test_the_relay_is_asked_when_the_others_keep_silent():
    """The relay is asked when the others keep silent.

    They have had their time.
    """
    assert RELAY == await winner(Course(near=SILENCE, relay=0), NEAR, RELAY)


@pytest.mark.parametrize("known", [True, False])
async def test_who_worked_last_is_asked_alone_at_first(known):
    """Who worked last is asked alone at first.

    Also when plex.tv doesn't list it any more.
    """
    course = Course(near=0, far=0)

    assert FAR == await winner(course, NEAR, *([FAR] if known else []), first=FAR)
    assert ["far"] == course.asked


async def test_nobody_is_asked_twice():
    """The one that worked last fails once."""
    course = Course(far=UnreachableError("gone"), near=0)

    assert NEAR == await winner(course, NEAR, FAR, first=FAR)
    assert ["far", "near"] == course.asked


async def test_a_lost_race_says_what_tells_most_of_the_server():
    """A lost race says what tells most of the server (S2).

    Other networks have hosts at the same private addresses.
    """
    starting = UnreachableError("starting", reason=StatusReason.SERVER_STARTING)
    refused = UnreachableError("refused", reason=StatusReason.REFUSED)
    portal = UnreachableError("portal", reason=StatusReason.NOT_A_MEDIA_SERVER)
    strangers = [TlsError("tls"), IdentityMismatchError("other"), BadResponseError("bad")]

    def failure(*errors: BackendError) -> BackendError:
        return ProbeResults(dict(zip(ALL, errors, strict=False))).failure

    assert failure(strangers[0], refused, strangers[1]) is refused
    assert failure(portal, refused, starting) is starting
    assert failure(portal, refused) is refused
    for stranger in strangers:
        assert failure(stranger) is stranger


async def test_a_race_of_nobody_is_lost():
    """A race of nobody is lost.

    Connections may be null.
    """
    result = await happy_eyeballs((), Course())

    assert result.winner is None
    assert result.failure.reason is StatusReason.DNS
