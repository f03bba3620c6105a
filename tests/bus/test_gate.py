"""The gate before the coordinator (O1)."""

import pytest

from msd.bus.gate import Gate
from msd.errors import StorageError
from msd.models import DaemonState

pytestmark = pytest.mark.anyio


async def test_every_caller_gets_an_error_of_its_own() -> None:
    """One exception raised twice would collect the tracebacks of both callers."""
    gate = Gate()
    gate.fail(StorageError("no room"))
    errors = []
    for _ in range(2):
        with pytest.raises(StorageError, match="no room") as failure:
            await gate.coordinator()
        errors.append(failure.value)

    assert errors[0] is not errors[1]
    assert DaemonState.DEGRADED is gate.daemon.state
