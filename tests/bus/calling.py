"""Names that many tests of the bus need, and the errors that calls get."""

import pytest

from msd.contract import ROOT_PATH
from tests.dbus.client import Client, ErrorReply

PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
SOURCE_1 = f"{ROOT_PATH}/source/s1"


async def failure_of(client: Client, *call: object, path: str = ROOT_PATH) -> ErrorReply:
    """Return the error that a call gets."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(*call, path=path)  # type: ignore[arg-type]
    return failure.value
