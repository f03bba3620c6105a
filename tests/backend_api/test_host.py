"""Who counts as private."""

import pytest

from msd.backend_api.host import is_private_address, is_private_host

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.10", "169.254.1.1", "100.64.0.7",
    "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "[fd00::1]", "::ffff:192.168.1.10",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "203.0.114.5", "2606:4700::1", "::ffff:8.8.8.8", "172.32.0.1", "224.0.1.1",
    "64:ff9b::808:808", "", "host", "256.1.1.1", "0x7f.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_the_internet_does_not_route_are_private(address):
    """Addresses the internet does not route are private (K3).

    Plain http is allowed to them.
    """
    assert is_private_address(address)
    assert is_private_host(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_all_others_are_not(address):
    """All others are not (K3).

    A mapped address is what it maps to; what is no address is not private.
    """
    assert not is_private_address(address)


@pytest.mark.parametrize("host", ["localhost", "NAS.local", "nas.home.arpa.", "a.localhost"])
def test_names_of_the_local_network_are_private(host):
    """Names of the local network are private (K3).

    .local is resolved in the local network only.
    """
    assert is_private_host(host)


@pytest.mark.parametrize("host", ["example.org", "local", "notlocal", "local.example.org", ""])
def test_other_names_are_not(host):
    """Other names are not (K3).

    A name that merely contains the word is public.
    """
    assert not is_private_host(host)
