"""The options with which a source is added: checked before a backend sees them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from anyio import to_thread
from msgspec.structs import replace

from msd.backend_api.accounts import NewSources, OptionValue
from msd.errors import InvalidArgumentError
from msd.models import CA_CERTIFICATE, FINGERPRINT, BackendKind, OptionSpec

_PYTHON_TYPES: Mapping[str, type] = {"s": str, "b": bool, "u": int}


async def checked_trust(options: Mapping[str, OptionValue]) -> dict[str, str]:
    """Return what a source is to trust, as `Source.config` keeps it; other keys are left out (K3).

    Raises:
        InvalidArgumentError: a value is no certificate or fingerprint, or both are given.
    """
    trust = {key: str(options[key]) for key in (CA_CERTIFICATE, FINGERPRINT) if options.get(key)}
    if len(trust) > 1:
        raise InvalidArgumentError("give an authority or a fingerprint, not both")
    if trust:
        # In a thread, for its first use imports what speaks TLS and reads the system's list.
        trust = await to_thread.run_sync(_normal_trust, trust)
    return trust


def _normal_trust(trust: Mapping[str, str]) -> dict[str, str]:
    from msd.backend_api.http.trust import ssl_context, trust_of  # noqa: PLC0415 - see above

    checked = trust_of(trust)
    ssl_context(checked)
    normal = {CA_CERTIFICATE: checked.ca_certificate, FINGERPRINT: checked.fingerprint}
    return {key: value for key, value in normal.items() if value}


def with_trust(verified: NewSources, trust: Mapping[str, str]) -> NewSources:
    """Return new sources whose configuration says what they trust."""
    if not trust:
        return verified
    sources = tuple(
        replace(source, config=MappingProxyType({**source.config, **trust}))
        for source in verified.sources
    )
    return replace(verified, sources=sources)


def secrets_of(specs: Sequence[OptionSpec], options: Mapping[str, OptionValue]) -> list[str]:
    """Return the values of the options that are secret."""
    return [str(options[spec.name]) for spec in specs if spec.secret and spec.name in options]


def check_options(
    kind: BackendKind,
    known_options: Sequence[OptionSpec],
    options: Mapping[str, OptionValue],
    *,
    are_required: bool = True,
) -> None:
    """Check options against those that a kind takes.

    Args:
        kind: for the messages.
        known_options: what the kind takes.
        options: by name.
        are_required: whether required options must be there.

    Raises:
        InvalidArgumentError: an option is unknown, missing or of another type.
    """
    known = {option.name: option for option in known_options}
    for name, value in options.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise InvalidArgumentError(f"{kind} has no option {name!r}; it takes: {names}")
        if type(value) is not _PYTHON_TYPES[known[name].signature]:
            raise InvalidArgumentError(f"option {name} must be of type {known[name].signature}")
    for option in known_options:
        if are_required and option.required and option.name not in options:
            raise InvalidArgumentError(f"{kind} needs the option {option.name}")
