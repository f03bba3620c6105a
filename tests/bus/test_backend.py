"""The kinds of sources as ListBackends shows them."""

import pytest

from msd.backends import discover
from msd.contract import SOURCE_COORDINATOR
from msd.dbus.serving.server import BusServer
from msd.models import BackendKind, BackendView, OptionSpec
from tests.dbus.client import Client, plain
from tests.support.fakes.fake_coordinator import FakeCoordinator

pytestmark = pytest.mark.anyio


def option(name: str, signature: str = "s", **details: object) -> OptionSpec:
    return OptionSpec(name=name, signature=signature, description=f"the {name}", **details)


async def test_a_form_can_be_built_for_every_kind(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """ListBackends: each option with its type, secrecy, format, help and default."""
    club = BackendView(
        kind=BackendKind("club"),
        name="Film Club",
        options=(
            option("url", required=True, format="url"),
            option("password", secret=True),
            option("port", "u", default=8080),
        ),
        login_options=(option("link", "b", default=False),),
        is_discoverable=True,
    )
    coordinator.backend_views = (club,)

    ((entry,),) = await client.call(SOURCE_COORDINATOR, "ListBackends")

    url, password, port = plain(entry["options"])
    (link,) = plain(entry["login_options"])
    assert ("club", "Film Club", True) == tuple(
        entry[key].value for key in ("kind", "name", "discoverable")
    )
    assert {
        "name": "url",
        "type": "s",
        "help": "the url",
        "required": True,
        "secret": False,
        "format": "url",
    } == url
    assert password["secret"]
    assert 8080 == port["default"]
    assert link["default"] is False


async def test_a_kind_that_nobody_signs_in_to_has_no_login_options(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """A folder: absent is not the same as a sign-in without options."""
    folder = BackendView(
        kind=BackendKind("local"),
        name="Folder",
        options=(),
        login_options=None,
        is_discoverable=False,
    )
    coordinator.backend_views = (folder,)

    ((entry,),) = await client.call(SOURCE_COORDINATOR, "ListBackends")

    assert "login_options" not in entry
    assert [] == plain(entry["options"])


@pytest.mark.parametrize(("kind", "spec"), sorted(discover().items()))
def test_every_backend_describes_its_options(kind: str, spec: object) -> None:
    """Each option has a help text and a type that a caller can send; required ones come first."""
    for options in (spec.options, spec.login_options):
        assert all(option.description for option in options)
        assert {option.signature for option in options} <= {"s", "b", "u"}
        required = [option.required for option in options]
        assert sorted(required, reverse=True) == required
        assert not [option for option in options if option.required and option.default is not None]
