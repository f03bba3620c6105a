"""Add a folder: check it and say what is stored of it."""

import os
from collections.abc import Mapping
from types import MappingProxyType

from anyio import to_thread

from msd.backend_api import AddContext, NewSource, NewSources
from msd.backend_api.accounts import OptionValue
from msd.backends.local.folder import canonical_folder, mount_of
from msd.errors import InvalidArgumentError

_MAX_NAME = 200


async def add_folder(options: Mapping[str, OptionValue], _context: AddContext) -> NewSources:
    """Return the source for the folder `path`; nothing is walked yet.

    Raises:
        InvalidArgumentError: the folder can't be used, in words for the user.
    """
    path, name = options.get("path", ""), options.get("name", "")
    if not isinstance(path, str) or not isinstance(name, str) or len(name) > _MAX_NAME:
        raise InvalidArgumentError("path and name must be text, the name 200 characters at most")
    # A hanging network mount must not hold the caller: the thread is left behind.
    return await to_thread.run_sync(_new_source, path, name.strip(), abandon_on_cancel=True)


def _new_source(path: str, name: str) -> NewSources:
    real = canonical_folder(path)
    source = NewSource(
        server_id=real,
        name=name or os.path.basename(real),
        address=real,
        config=MappingProxyType(mount_of(real).as_config()),
    )
    return NewSources(account=None, sources=(source,))
