"""Property values of an adapter, each failure contained in its own property."""

import logging
from collections.abc import Iterable

from msd.bus.errors import CallError
from msd.bus.interface import Interface
from msd.bus.spec import InterfaceSpec
from msd.bus.variant import Variant

logger = logging.getLogger(__name__)


def property_value(interface: Interface, spec: InterfaceSpec, name: str) -> Variant:
    """Return the value of one property.

    Raises:
        CallError: there is no such property.
        Exception: whatever its reader raises.
    """
    if name not in spec.properties:
        raise CallError("UnknownProperty", f"{spec.name} has no property {name!r}")
    value = interface.properties[name](interface.subject())
    return Variant(spec.properties[name].signature, value)


def property_values(
    interface: Interface, spec: InterfaceSpec, names: Iterable[str] | None = None
) -> dict[str, Variant]:
    """Return the values of the named properties, or of all; one that can't be read is absent.

    Raises:
        MsdError: the object is gone.
    """
    subject = interface.subject()
    values: dict[str, Variant] = {}
    for name in spec.properties if names is None else names:
        try:
            value = interface.properties[name](subject)
        except Exception:
            logger.exception("property %s of %s could not be read", name, spec.name)
        else:
            values[name] = Variant(spec.properties[name].signature, value)
    return values
