"""What the server shares with the user (docs/protocols/plex.md, Rights)."""

from collections.abc import Sequence

import xxhash

from msd.backends.plex.parse.wire import Section, key
from msd.models import RemoteId, Rights

_OWNER = "owner"


def rights_of(sections: Sequence[Section], *, is_owner: bool) -> Rights | None:
    """Return what the user may see; None, nothing is hidden, where the list leaves doubt.

    The owner sees everything: a section that he has no more was removed. What is missing in the
    list of anybody else is not shared with him any more. An empty list, or one with an entry that
    can't be read, proves nothing.
    """
    if is_owner:
        return Rights(digest=_OWNER)
    keys = [key(section.key) for section in sections]
    if not keys or None in keys:
        return None
    shared = sorted(f"{key(section.key)}:{section.uuid or ''}" for section in sections)
    return Rights(
        digest=xxhash.xxh3_64_hexdigest("\n".join(shared)),
        libraries=frozenset(RemoteId(each) for each in keys if each is not None),
        restrictions=f"{len(keys)} shared libraries",
    )
