"""What a source trusts besides the system's certificate authorities: a private CA, or a pin (K3).

Verification is never switched off, and what is trusted belongs to one source.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msd.backend_api.accounts import OptionValue
from msd.backend_api.options import checked_trust
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.errors import InvalidArgumentError, NotSupportedError
from msd.events import EventStream, SourceAccessChanged, SourceChanged
from msd.models import CA_CERTIFICATE, FINGERPRINT, Certificate, SourceId

_CONFIG_KEYS = {"ca_certificate": CA_CERTIFICATE, "fingerprint": FINGERPRINT}


class Certificates:
    """Shows certificates before they are trusted, and stores which one a source trusts."""

    def __init__(self, services: Services, events: EventStream) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._events = events

    async def shown(self, address: str) -> Certificate:
        """Return the certificate that a server shows, without verifying it.

        Args:
            address: a base URL, e.g. "https://192.168.1.5:8920".

        Raises:
            InvalidArgumentError: this is no address of https.
            UnreachableError, TlsError: no certificate was shown within 5 seconds.
        """
        from msd.backend_api.http.trust import presented_certificate  # noqa: PLC0415 - TLS only on demand

        return await guarded(
            lambda: presented_certificate(address), "asking a server for its certificate"
        )

    async def trust(self, source_id: SourceId, options: Mapping[str, OptionValue]) -> None:
        """Trust one certificate or one authority for a source, and connect again.

        Args:
            source_id: the source.
            options: `ca_certificate` with PEM text, or `fingerprint` with the SHA-256 fingerprint
                of the one accepted certificate; none: the system's authorities alone.

        Raises:
            UnknownSourceError: no source has this id.
            NotSupportedError: sources of this kind use no TLS.
            InvalidArgumentError: an unknown option, both options, or a value that is none.
        """
        source = self._registry.source(source_id)
        if not self._backends.takes_certificates(source.kind):
            raise NotSupportedError("a source of this kind has no certificate")
        trusted = await checked_trust(_config_of(options))
        config = {
            key: value for key, value in source.config.items() if key not in _CONFIG_KEYS.values()
        }
        await self._registry.change(source_id, config=MappingProxyType(config | trusted))
        self._events.publish(SourceChanged(source_id))
        self._events.publish(SourceAccessChanged(source_id))


def _config_of(options: Mapping[str, OptionValue]) -> dict[str, str]:
    unknown = options.keys() - _CONFIG_KEYS.keys()
    if unknown:
        raise InvalidArgumentError(
            f"unknown option {min(unknown)!r}; known: {', '.join(_CONFIG_KEYS)}"
        )
    return {_CONFIG_KEYS[name]: str(value) for name, value in options.items()}
