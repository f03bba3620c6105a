"""Folders of media files as sources.

folder     is it there, is it the one that was added, may msd read it
walk       what lies in it: one pass over the names, nothing is opened
libraries  which top-level folders are libraries, and of what
catalogue  walk → movies, shows, seasons, episodes, videos (from names alone)
music      walk + tags → artists, albums, tracks
parse      one listed entry → MediaItem (NFO, pictures, streams, identity)
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
    from msd.backends.local.adding import add_folder  # noqa: PLC0415 - imported when used

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
