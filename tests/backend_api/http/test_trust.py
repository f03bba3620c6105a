"""A private authority or one pinned certificate, for one source alone (K3)."""

import ssl
from hashlib import sha256

import pytest
import trustme

from msd.backend_api.http.client import fetch, open_client
from msd.backend_api.http.trust import (
    Trust,
    fingerprint,
    presented_certificate,
    trust_of,
)
from msd.errors import InvalidArgumentError, TlsError, UnreachableError
from msd.models import CA_CERTIFICATE, FINGERPRINT
from tests.backend_api.http.raw_server import answering, json_reply, raw_server

pytestmark = pytest.mark.anyio


class Authority:
    """A private certificate authority and the certificate of one server."""

    def __init__(self, name: str = "127.0.0.1") -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert(name)
        self.pem = authority.cert_pem.bytes().decode()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.context)
        der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
        self.fingerprint = sha256(der).hexdigest()


async def ask(authority: Authority, trust: Trust) -> int | TlsError:
    """Ask a server that shows the authority's certificate; return the status, or the refusal."""
    async with (
        raw_server(answering(json_reply({})), tls=authority.context) as server,
        open_client(trust=trust) as client,
    ):
        try:
            answer = await fetch(client, client.build_request("GET", server.base_url + "/"))
        except TlsError as error:
            return error
    return answer.status


async def test_a_private_authority_is_refused_with_the_remedy():
    """The message says what is wrong and what to do about it."""
    refusal = str(await ask(Authority(), Trust()))

    assert "issuer" in refusal
    assert "msdctl trust" in refusal


async def test_a_private_authority_can_be_trusted_for_one_source():
    """The source that knows the authority connects; another one does not."""
    authority = Authority()

    assert 200 == await ask(authority, Trust(ca_certificate=authority.pem))
    assert isinstance(await ask(authority, Trust(ca_certificate=Authority().pem)), TlsError)


async def test_a_pinned_certificate_is_accepted_whatever_its_name():
    """The pin takes the place of name and issuer."""
    authority = Authority("elsewhere.example")

    assert 200 == await ask(authority, Trust(fingerprint=authority.fingerprint))


async def test_another_certificate_than_the_pinned_one_gets_no_request():
    """A pin is no switch that turns verification off."""
    authority = Authority()
    async with raw_server(answering(json_reply({})), tls=authority.context) as server:
        async with open_client(trust=Trust(fingerprint=Authority().fingerprint)) as client:
            with pytest.raises(TlsError, match="another certificate"):
                await fetch(client, client.build_request("GET", server.base_url + "/"))

        assert [] == server.seen


async def test_an_authority_still_demands_the_right_name():
    """A private authority does not make names meaningless."""
    authority = Authority("elsewhere.example")

    refusal = await ask(authority, Trust(ca_certificate=authority.pem))

    assert isinstance(refusal, TlsError)
    assert "name" in str(refusal)


def test_a_fingerprint_is_read_in_its_usual_forms():
    """As `openssl x509 -fingerprint -sha256` and browsers show it."""
    plain = "3f" * 32

    assert plain == fingerprint(":".join(["3F"] * 32)) == fingerprint(plain.upper())
    assert "" == fingerprint("")


@pytest.mark.parametrize("text", ["3f", "zz" * 32, "3f" * 20, "3f" * 33])
def test_what_is_no_fingerprint_is_refused(text):
    """A SHA-1 fingerprint, for one, is too short."""
    with pytest.raises(InvalidArgumentError):
        trust_of({FINGERPRINT: text})


def test_what_is_no_certificate_is_refused():
    """A file of another kind is told at once."""
    with pytest.raises(InvalidArgumentError, match="certificate"):
        open_client(trust=trust_of({CA_CERTIFICATE: "no certificate"}))


async def test_the_certificate_of_a_server_can_be_shown_before_it_is_trusted():
    """A person compares the fingerprint; no request is sent meanwhile."""
    authority = Authority("elsewhere.example")
    async with raw_server(answering(json_reply({})), tls=authority.context) as server:
        shown = await presented_certificate(server.base_url)

    assert authority.fingerprint == shown.fingerprint
    assert "trustme" in shown.issuer
    assert shown.expires_at > 1_700_000_000
    assert [] == server.seen
    assert 200 == await ask(authority, Trust(fingerprint=shown.fingerprint))


async def test_what_speaks_no_tls_shows_no_certificate():
    """The wrong port, or plain http."""

    async def speak_first(_seen, stream):
        await stream.aclose()

    async with raw_server(speak_first) as server:
        with pytest.raises((TlsError, UnreachableError)):
            await presented_certificate(server.base_url.replace("http:", "https:"))


@pytest.mark.parametrize("address", ["http://x", "x", "https://", "https://x:99999", "ftp://x"])
async def test_only_an_address_of_https_has_a_certificate(address):
    """What else is given is an invalid argument."""
    with pytest.raises(InvalidArgumentError):
        await presented_certificate(address)
