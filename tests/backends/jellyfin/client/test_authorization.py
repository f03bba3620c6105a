"""The Authorization header, read back as a server reads it."""

from urllib.parse import unquote_plus

from hypothesis import given
from hypothesis import strategies as st

from msd.backends.jellyfin.client.client import Device

PART = st.text(max_size=80)


def as_server_reads(value):
    """Pairs split on commas outside quotes, quotes stripped, form-decoded."""
    scheme, _, rest = value.partition(" ")
    parts, quoted, current = [], False, ""
    for letter in rest:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            parts.append(current)
            current = ""
        else:
            current += letter
    parts.append(current)
    pairs = (part.partition("=") for part in parts)
    return scheme, {key.strip(): unquote_plus(value.strip('"')) for key, _, value in pairs}


@given(client=PART, name=PART, device_id=PART, version=PART)
def test_every_name_survives_the_servers_grammar(client, name, device_id, version):
    """Every name survives the servers grammar.

    No raw quote, comma or non-ASCII letter; never an empty value.
    """
    device = Device(client=client, name=name, device_id=device_id, version=version)

    text = device.authorization("f" * 32)
    scheme, found = as_server_reads(text)

    def expected(value):
        return (value[:64] or "msd").encode("utf-8", "replace").decode()

    assert text.isascii()
    assert scheme == "MediaBrowser"
    assert {
        "Client": expected(client),
        "Device": expected(name),
        "DeviceId": expected(device_id),
        "Version": expected(version),
        "Token": "f" * 32,
    } == found


def test_without_a_token_none_is_mentioned():
    """Without a token none is mentioned.

    A sign-in carries no token.
    """
    device = Device(client="a", name="b", device_id="c", version="d")

    assert (
        device.authorization()
    ) == 'MediaBrowser Client="a", Device="b", DeviceId="c", Version="d"'
