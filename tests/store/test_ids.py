"""Ids derive from what they name (I1, I2)."""

import re

from msd.models import BackendKind, RemoteId, SourceId
from msd.store.ids import item_id, library_id, source_id

ONE, OTHER = SourceId("a_1"), SourceId("a_2")


def test_the_same_server_and_user_always_give_the_same_source_id() -> None:
    """The same server and user always give the same source id (I1).

    Adding the same thing twice gives the same id.
    """
    first = source_id(BackendKind("jellyfin"), "server", "user")

    assert first == "jellyfin_" + first[-12:]
    assert first == source_id(BackendKind("jellyfin"), "server", "user")
    assert re.fullmatch(r"jellyfin_[0-9a-f]{12}", first)


def test_another_user_of_a_server_is_another_source() -> None:
    """Another user of a server is another source (I1).

    The user's remote id is part of the identity.
    """
    kind = BackendKind("jellyfin")

    assert source_id(kind, "server", "ada") != source_id(kind, "server", "bob")
    assert source_id(kind, "ab", "c") != source_id(kind, "a", "bc")


def test_ids_of_two_sources_never_collide() -> None:
    """Ids of two sources never collide (I2).

    Source and remote id both count, and so does the salt.
    """
    remote = RemoteId("1")
    ids = [item_id(ONE, remote), item_id(OTHER, remote), item_id(ONE, remote, 1)]

    assert len(set(ids)) == 3
    assert library_id(ONE, remote) != library_id(OTHER, remote)


def test_ids_are_plain_words_whatever_the_server_says() -> None:
    """Ids are plain words whatever the server says (I2).

    [A-Za-z0-9_-] for any remote id, lone surrogates included.
    """
    for remote in ("", "\0", "\ud800", "a/b c", "é" * 5000):
        for made in (item_id(ONE, RemoteId(remote)), library_id(ONE, RemoteId(remote))):
            assert re.fullmatch(r"[A-Za-z0-9_-]+", made)
