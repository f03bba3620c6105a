"""What a worker is told before it works for a source."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from msd.backend_api import Credentials
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.sources.supervisor import Access
from msd.models import LibraryId, SourceId, SyncOptions, SyncPolicy

if TYPE_CHECKING:  # the engine's messages are imported when the first worker starts
    from msd.sync.messages import SyncRequest


class WorkerRequests:
    """Makes the requests of workers from what is known of a source at that moment."""

    def __init__(self, services: Services, library: MediaLibrary, access: Access) -> None:
        self._settings = services.settings
        self._registry = services.registry
        self._backends = services.backends
        self._library = library
        self._access = access

    async def sync(self, source_id: SourceId, options: SyncOptions) -> "SyncRequest":
        """Return the request for a sync; libraries that are off stay so.

        Raises:
            MsdError: there are no credentials, or they can't be had now.
        """
        from msd.sync.messages import SyncRequest  # noqa: PLC0415 - see above

        source = self._registry.source(source_id)
        account = self._registry.account_of(source)
        credentials = await self._access.credentials(source) or Credentials(user_id="", token="")
        never = {
            library_id
            for library_id, settings in self._registry.library_settings().items()
            if settings.sync is SyncPolicy.OFF
        }
        return SyncRequest(
            source=self._registry.source(source_id),
            user_id=credentials.user_id,
            token=credentials.token,
            device_id="" if account is None else account.device_id,
            device_name=self._backends.device_name,
            cache_db=str(self._settings.cache_db),
            state_db=str(self._settings.state_db),
            cache_dir=str(self._settings.cache_dir),
            options=replace(options, off=options.off | never),
            content_types=self._library.content_types(source_id),
        )

    async def details(self, source_id: SourceId, off: frozenset[LibraryId]) -> "SyncRequest":
        """Return the request for the details that are due, but in the libraries that are off.

        Raises:
            As `sync`.
        """
        from msd.sync.messages import Task  # noqa: PLC0415 - see above

        request = await self.sync(source_id, SyncOptions(off=off))
        return replace(request, task=Task.DETAILS)
