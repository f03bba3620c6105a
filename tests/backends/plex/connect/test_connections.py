"""Addresses as they are kept, ordered and read again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import PINNED_ADDRESS
from msd.backends.plex.connect.connections import (
    CONNECTIONS,
    Candidate,
    best_first,
    candidate_at,
    config_of,
    known_addresses,
    usable_address,
)
from msd.models import Route
from tests.backends.plex.addresses import HASH, OTHER_HASH, direct

NEAR = Candidate(direct(1), Route.LOCAL)
NEAR_CLEAR = Candidate("http://127.0.0.1:1", Route.LOCAL)
FAR = Candidate("https://plex.example.org", Route.REMOTE)
RELAY = Candidate(direct(2, "203.0.113.7"), Route.RELAY)


def test_near_comes_before_far_and_https_before_http():
    """Near addresses come first, https before http, and each address once."""
    shuffled = (RELAY, FAR, NEAR_CLEAR, NEAR, FAR)

    assert (NEAR, NEAR_CLEAR, FAR, RELAY) == best_first(shuffled)


def test_what_is_kept_is_read_again():
    """Brief: plex.tv is not needed later."""
    known = known_addresses(config_of((NEAR, FAR, RELAY)))

    assert (NEAR, FAR, RELAY) == known.candidates
    assert {HASH} == known.certificates
    assert "" == known.pinned


def test_a_pinned_address_is_read():
    """Issue: PinConnection."""
    assert direct(1) == known_addresses({PINNED_ADDRESS: direct(1)}).pinned
    assert "" == known_addresses({PINNED_ADDRESS: "nonsense"}).pinned


@pytest.mark.parametrize(
    "kept",
    ["{", "7", "null", '["x"]', "[[1]]", '[{"address": 7, "route": "local"}]', "[" * 100_000]
    + [json.dumps([{"address": direct(1), "route": route}]) for route in ("moon", 7, None)],
)
def test_what_can_not_be_read_is_left_out(kept):
    """What can not be read is left out (K5).

    A database may be edited or damaged.
    """
    assert () == known_addresses({CONNECTIONS: kept}).candidates


@given(st.text(max_size=80) | st.from_regex(r"https?://[^ ]{0,60}"))
def test_a_usable_address_stays_the_same_when_it_is_read_again(text):
    """Property: what is kept is stable, ASCII, and holds no user and no query."""
    usable = usable_address(text)

    if usable is not None:
        assert usable == usable_address(usable)
        assert usable.isascii()
        assert not set("?#@ ") & set(usable)


@pytest.mark.parametrize(
    ("address", "route"),
    [
        (direct(1), Route.LOCAL),
        (direct(1, "8.8.8.8", OTHER_HASH), Route.REMOTE),
        ("http://192.168.1.5:32400", Route.LOCAL),
        ("https://plex.example.org", Route.REMOTE),
        (RELAY.address, Route.RELAY),
    ],
)
def test_an_address_that_plex_tv_does_not_list_is_near_when_it_is_private(address, route):
    """An address that plex.tv does not list is near when it is private (O3).

    Remembered or discovered.
    """
    assert route is candidate_at(address, known_addresses(config_of((RELAY,)))).route
