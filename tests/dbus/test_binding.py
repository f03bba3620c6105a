"""Which bus and which library: the environment's answers."""

import subprocess
import sys
from pathlib import Path

import pytest

from msd.dbus.binding import chosen_library, session_bus_address
from msd.dbus.connection import Connection
from msd.dbus.errors import BusUnavailableError
from tests.support.session.bus import PrivateBus


@pytest.mark.parametrize("name", ["plain", "a,b ü*"])
@pytest.mark.anyio
async def test_without_an_address_the_socket_in_the_runtime_directory_is_used(
    bus: PrivateBus, library: str, name: str, tmp_path: Path
) -> None:
    """Defect 17; a comma or an umlaut in the path is escaped."""
    runtime = tmp_path / name
    runtime.symlink_to(bus.folder)
    address = session_bus_address({"XDG_RUNTIME_DIR": str(runtime)})

    async with Connection(address, library=library) as connection:
        assert connection.unique_name.startswith(":")


@pytest.mark.parametrize("environment", [{}, {"XDG_RUNTIME_DIR": "/nowhere"}])
def test_without_any_bus_there_is_one_clear_error(environment: dict[str, str]) -> None:
    """Without any bus there is one clear error."""
    with pytest.raises(BusUnavailableError, match="no session bus"):
        session_bus_address(environment)


def test_the_address_in_the_environment_comes_first() -> None:
    """DBUS_SESSION_BUS_ADDRESS."""
    environment = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x", "XDG_RUNTIME_DIR": "/nowhere"}

    assert "unix:path=/x" == session_bus_address(environment)


@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "nonsense", "unix:path=/dev/null"])
@pytest.mark.anyio
async def test_an_address_that_leads_nowhere_is_one_clear_error(address: str, library: str) -> None:
    """No traceback of the library, no socket left open (warnings are errors)."""
    with pytest.raises(BusUnavailableError, match="can't connect"):
        async with Connection(address, library=library):
            pass


def test_the_library_is_the_one_that_the_environment_names() -> None:
    """MSD_DBUS_LIB is the user's: anything else is one clear error."""
    assert "dbus_next" == chosen_library({})
    assert "dbus_fast" == chosen_library({"MSD_DBUS_LIB": "dbus_fast"})
    with pytest.raises(BusUnavailableError, match="MSD_DBUS_LIB"):
        chosen_library({"MSD_DBUS_LIB": "os"})


def test_both_libraries_work_without_what_python_3_15_removed() -> None:
    """Both libraries work without what python 3 15 removed.

    Dbus-next imports typing.no_type_check_decorator.
    """
    program = """
import typing
if hasattr(typing, "no_type_check_decorator"):
    del typing.no_type_check_decorator
import asyncio
from msd.dbus.binding import LIBRARIES, new_bus
async def main():
    for library in LIBRARIES:
        try:
            await new_bus(library, "unix:path=/nowhere").connect()
        except OSError:
            print(library)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )

    assert "dbus_next\ndbus_fast\n" == done.stdout, done.stderr
