"""Fixtures for the whole suite; areas have their own conftest beside their tests."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """dbus-next speaks asyncio only, so msd does too."""
    return "asyncio"
