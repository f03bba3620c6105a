"""Where the session bus is."""

import re
from collections.abc import Mapping
from pathlib import Path

from msd.bus.errors import BusUnavailableError

_PLAIN = re.compile(r"[^-0-9A-Za-z_/.]")


def session_bus_address(environment: Mapping[str, str]) -> str:
    """Return the address of the session bus.

    Raises:
        BusUnavailableError: neither DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR/bus is there.
    """
    address = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    socket = Path(runtime, "bus")
    if runtime and socket.is_socket():
        return f"unix:path={_escaped(str(socket))}"
    raise BusUnavailableError(
        "no session bus: DBUS_SESSION_BUS_ADDRESS is not set and $XDG_RUNTIME_DIR/bus is no socket"
    )


def _escaped(path: str) -> str:
    return _PLAIN.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), path)
