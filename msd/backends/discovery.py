"""Find the backends: sub-packages of this one, and third parties by entry point."""

import logging
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import msd.backends
from msd.backend_api import BackendSpec
from msd.models import BackendKind

ENTRY_POINT_GROUP = "msd.backends"

log = logging.getLogger(__name__)


def discover() -> Mapping[BackendKind, BackendSpec]:
    """Return the SPEC of every backend by its kind.

    One that fails to import is logged and left out; a third party's can't replace one of msd's
    own.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow; not needed to start

    found: dict[BackendKind, BackendSpec] = {}
    for module in iter_modules(msd.backends.__path__):
        if module.ispkg:
            try:
                spec: BackendSpec = import_module(f"msd.backends.{module.name}").SPEC
            except Exception:
                log.exception("backend %s can't be loaded", module.name)
            else:
                found[spec.kind] = spec
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            third_party = entry_point.load()
        except Exception:
            log.exception("backend %s can't be loaded", entry_point.name)
            continue
        if not isinstance(third_party, BackendSpec) or third_party.kind in found:
            log.error("entry point %s offers no new backend", entry_point.name)
            continue
        found[third_party.kind] = third_party
    return MappingProxyType(found)
