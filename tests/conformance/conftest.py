"""The suite runs once per backend."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from msd.backend_api import AddContext, BackendContext, MediaBackend, NewSources
from msd.models import AccountId, Source, SourceId
from tests.conformance.harness import DEVICE, HARNESSES, Harness
from tests.e2e.conftest import samples  # noqa: F401 - a fixture


def add_context() -> AddContext:
    return AddContext(
        installation_id="installation",
        device_id=DEVICE,
        client_name="msd",
        client_version="0",
        device_name="conformance",
    )


@dataclass(frozen=True)
class Added:
    """A source as it was added, and how to open it."""

    harness: Harness
    found: NewSources
    cache_dir: Path

    def open(self) -> MediaBackend:
        return self.harness.spec.open(self.context())

    def context(self) -> BackendContext:
        """Return what the backend of this source is opened with."""
        new = self.found.sources[0]
        account = self.found.account
        source = Source(
            id=SourceId(f"{self.harness.spec.kind}_000000000000"),
            kind=self.harness.spec.kind,
            name=new.name,
            account_id=None if account is None else AccountId("account"),
            server_id=new.server_id,
            server_version=new.server_version,
            address=new.address,
            config=new.config,
        )
        return BackendContext(
            source=source,
            credentials=None if account is None else account.credentials.for_server(new.server_id),
            device_id=DEVICE,
            client_name="msd",
            client_version="0",
            device_name="conformance",
            cache_dir=self.cache_dir,
        )


@pytest.fixture(params=sorted(HARNESSES))
def harness(
    request: pytest.FixtureRequest,
    samples: Path,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> Iterator[Harness]:
    with HARNESSES[request.param](samples, tmp_path) as running:
        yield running


@pytest.fixture
async def added(harness: Harness, tmp_path: Path) -> Added:
    found = await harness.spec.add(harness.options, add_context())
    return Added(harness, found, tmp_path / "private")


@pytest.fixture
async def backend(added: Added) -> AsyncIterator[MediaBackend]:
    opened = added.open()
    yield opened
    await opened.aclose()
