"""The stage that the command tests play on."""

from collections.abc import AsyncIterator

import pytest

from msd.dbus.binding import LIBRARIES
from tests.cli.stage import Stage, staged
from tests.support.session.bus import PrivateBus, bus

__all__ = ["bus"]

both_libraries = pytest.mark.parametrize("library", LIBRARIES, indirect=True)


@pytest.fixture
def library(request: pytest.FixtureRequest) -> str:
    """The D-Bus library of msdctl and of the daemon; one unless a test asks for both."""
    return getattr(request, "param", LIBRARIES[0])


@pytest.fixture
async def stage(bus: PrivateBus, library: str) -> AsyncIterator[Stage]:
    """A served msd without any source."""
    async with staged(bus, library) as running:
        yield running
