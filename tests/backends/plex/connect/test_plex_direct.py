"""Names below plex.direct, and the addresses that they spell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backends.plex.connect.plex_direct import certificate_hash, direct_name, encoded_address
from tests.backends.plex.addresses import HASH


@given(st.ip_addresses())
def test_every_address_can_be_spelled_and_read(address):
    """Every address can be spelled and read.

    Dots and colons become dashes; property over both versions.
    """
    name = direct_name(str(address), HASH)

    assert str(address) == encoded_address(name)
    assert HASH == certificate_hash(name.upper() + ".")


@pytest.mark.parametrize(
    "host",
    [
        "plex.direct",
        f"{HASH}.plex.direct",
        f"192-168-1-5.{HASH}.plex.direct.evil.org",
        f"x.192-168-1-5.{HASH}.plex.direct",
        "192-168-1-5.abc.plex.direct",
        f"192.168.1.5.{HASH}.plex.direct",
        "192.168.1.5",
        "",
    ],
)
def test_other_names_spell_nothing(host):
    """Other names spell nothing (K4).

    They are looked up as any name.
    """
    assert encoded_address(host) is None
    assert certificate_hash(host) is None


@pytest.mark.parametrize("label", ["999-1-1-1", "1-2-3", "-", "1-2-3-4-5", "abc", "1--2--3"])
def test_a_name_that_spells_no_address_is_looked_up(label):
    """A name that spells no address is looked up.

    Nothing is guessed.
    """
    assert encoded_address(f"{label}.{HASH}.plex.direct") is None
