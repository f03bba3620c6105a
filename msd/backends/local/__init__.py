"""Folders of media files as sources.

files      what lies on the disk: one walk over the names, safe reading, what a file holds
names      what the names of files and folders say
catalogue  walk → libraries, films, shows, seasons, episodes, videos (from names alone)
music      walk + tags → artists, albums, tracks
scanning   one walk of a folder and everything that follows from it
items      one listed entry → MediaItem (NFO, pictures, streams, identity)
changes    what changed since a cursor, in a few directories, or right now
"""

from collections.abc import Mapping

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    MediaBackend,
    NewSources,
    OptionSpec,
)
from msd.backend_api.accounts import OptionValue
from msd.models import BackendKind


async def _add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    from msd.backends.local.files.root_folder import add_folder  # noqa: PLC0415 - imported when used

    return await add_folder(options, context)


def _open(context: BackendContext) -> MediaBackend:
    from msd.backends.local.backend import LocalBackend  # noqa: PLC0415 - imported when used

    return LocalBackend(context)


SPEC = BackendSpec(
    kind=BackendKind("local"),
    display_name="Folder",
    options=(
        OptionSpec(
            name="path",
            signature="s",
            description="absolute path of a readable directory",
            required=True,
            format="path",
        ),
        OptionSpec(
            name="name",
            signature="s",
            description="what to call it; the folder's own name if absent",
        ),
    ),
    add=_add,
    open=_open,
)

__all__ = ["SPEC"]
