"""Whatever a server says, the cache stays whole (K5)."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from msd.models import (
    Image,
    ItemDetails,
    ItemType,
    Marker,
    MediaItem,
    MediaSource,
    MediaStream,
    Person,
    RemoteId,
    WatchState,
)
from tests.store.made import MEMORY, Paths, Stores, made, movie

MOVIE, SHOW, SEASON, EPISODE = ItemType.MOVIE, ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE
DETAILS = ItemDetails(people=(Person(name="Ada"),), markers=(Marker(kind="intro", start_ms=1),))


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.just("\ud800\0" * 600),
    st.just("x" * 100_000),
)
STRINGS = st.lists(HOSTILE, max_size=4).map(tuple)


@settings(deadline=None, max_examples=30)
@given(
    fields=st.fixed_dictionaries(
        {"title": HOSTILE},
        optional=dict.fromkeys(
            (
                "sort_title",
                "original_title",
                "overview",
                "tagline",
                "year",
                "released",
                "added_at",
                "duration_ms",
                "rating",
                "content_rating",
                "parent_remote_id",
                "show_remote_id",
                "album_remote_id",
                "show_title",
                "season_number",
                "track_number",
                "child_count",
                "artist",
            ),
            HOSTILE,
        )
        | {"genres": STRINGS, "studios": STRINGS},
    ),
    inner=HOSTILE,
    fingerprint=st.integers(),
)
def test_no_item_can_break_the_cache(fields, inner, fingerprint) -> None:
    """No item can break the cache (K5).

    Whatever a server says is stored bounded and can be read again; twice is the same.
    """
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    stores = Stores(Paths(folder))
    movies = stores.library()
    item = MediaItem(
        remote_id=RemoteId("1"),
        type=MOVIE,
        images=(Image(kind=inner, ref=inner),),
        external_ids=(inner,),
        watch=WatchState(position_ms=inner, last_played=inner, user_rating=inner),
        identity=str(inner),
        details=ItemDetails(
            people=(Person(name=inner, role=inner),),
            media_sources=(
                MediaSource(
                    remote_id=inner,
                    size=inner,
                    streams=(MediaStream(index=inner, kind=inner, width=inner),),
                ),
            ),
            markers=(Marker(kind=inner, start_ms=inner, title=inner),),
        ),
        **fields,
    )
    try:
        first = stores.write(movies, item, fingerprint=fingerprint)
        second = stores.write(movies, item, fingerprint=fingerprint)
        (shown,) = stores.pages(fields=("*",))
    finally:
        stores.close()
        shutil.rmtree(folder)

    assert (first.added, second.unchanged) == (1, 1)
    for value in shown.values():
        if isinstance(value, str):
            value.encode()
            assert len(value.encode()) <= 64 * 1024
            assert "\0" not in value
        elif isinstance(value, int):
            assert -(2**63) <= value < 2**63


def test_an_item_whose_id_can_not_be_kept_is_refused_and_counted(stores: Stores) -> None:
    """An item whose id can not be kept is refused and counted (K5).

    The others of its page are stored.
    """
    movies = stores.library()

    result = stores.write(movies, movie("\ud800", "bad"), movie("", "bad"), movie("good"))

    assert (result.added, result.refused) == (1, 2)
    assert stores.titles() == ["good"]
    assert stores.writer.set_members("good", ["\ud800"]).changed == ()


def test_an_item_without_a_title_is_still_an_item(stores: Stores) -> None:
    """dbus-api.md: an untitled item is shown."""
    movies = stores.library()
    stores.write(movies, made(MOVIE, "1", title=""))

    assert stores.titles() == ["?"]
