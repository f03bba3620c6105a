"""Fixtures for the whole suite; areas have their own conftest beside their tests."""

import signal

import hypothesis
import pytest

# How long an example takes says something of the machine, not of msd.
hypothesis.settings.register_profile("msd", deadline=None)
hypothesis.settings.load_profile("msd")
# A background job of a shell ignores SIGINT, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    """dbus-next speaks asyncio only, so msd does too."""
    return "asyncio"
