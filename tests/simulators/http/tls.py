"""A certificate authority of the test's own."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path

import trustme

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


class TestAuthority:
    """Signs certificates for any names; a client trusts `ca_file` for all of them."""

    __test__ = False

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self._folder = Path(tempfile.mkdtemp(prefix="simulator-ca-"))
        self.ca_file = self._folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for these names or addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def remove(self) -> None:
        """Remove the file clients were to trust."""
        shutil.rmtree(self._folder, ignore_errors=True)
