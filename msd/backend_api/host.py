"""Tell private addresses from public ones: who may be spoken to without TLS (K3)."""

from ipaddress import IPv6Address, ip_address

_PRIVATE_SUFFIXES = (".local", ".localhost", ".home.arpa", ".internal")


def is_ip_literal(text: str) -> bool:
    """Whether this is an IP address, of either version and without brackets."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_private_address(text: str) -> bool:
    """Whether this is the literal of an IP address that the internet does not route."""
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return False
    # Older patch releases of Python call every mapped address private.
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return not address.ipv4_mapped.is_global
    return not address.is_global and not address.is_multicast


def is_private_host(host: str) -> bool:
    """Whether a host is private by its spelling alone: a private address or a local name."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(_PRIVATE_SUFFIXES) or is_private_address(name)
