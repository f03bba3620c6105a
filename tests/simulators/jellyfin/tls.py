"""A certificate authority of the test's own."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class TestCertificate:
    """A server's TLS context and the file a client has to trust for it."""

    context: ssl.SSLContext
    ca_file: Path


def issue(*, wrong_host: bool = False) -> TestCertificate:
    """Return a certificate for loopback, or one for another host."""
    authority = trustme.CA()
    names = ("elsewhere.example",) if wrong_host else ("127.0.0.1", "localhost", "::1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    ca_file = Path(tempfile.mkdtemp(prefix="simulator-ca-")) / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return TestCertificate(context, ca_file)
