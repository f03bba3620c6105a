"""Details of many items at once: what `item` tells of one, at the price of a list."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from msd.backend_api import MediaBackend
from msd.backend_api.details import MOST_AT_ONCE, HasDetailPages
from msd.errors import BackendError
from msd.models import DetailPage, ItemDetails, MediaItem, RemoteId
from tests.conformance.harness import Harness
from tests.support.listings import every_item

pytestmark = pytest.mark.anyio

SINGLE = 25  # items that are compared with their single answers


@pytest.fixture
def detailed(backend: MediaBackend) -> HasDetailPages:
    if not isinstance(backend, HasDetailPages):
        pytest.skip("this kind of source has no details in lists")
    return backend


async def some_ids(backend: MediaBackend) -> Sequence[RemoteId]:
    """Return ids of every type, a page of them at most."""
    items: list[MediaItem] = await every_item(backend)
    by_type = [[i for i in items if i.type is kind] for kind in {i.type for i in items}]
    return [item.remote_id for few in by_type for item in few[:9]][:MOST_AT_ONCE]


async def test_a_page_says_what_single_answers_say(
    backend: MediaBackend, detailed: HasDetailPages
) -> None:
    """People and versions are equal; a whole page has everything that the single answer has."""
    ids = await some_ids(backend)

    page = await detailed.detail_page(ids)

    assert page is not None
    found = {item.remote_id: item for item in page.items}
    for remote_id in ids[:SINGLE]:
        single = await backend.item(remote_id)
        if remote_id not in found:  # what has no details of its own may be absent
            assert single is None or not (single.details or ItemDetails()).people
            continue
        assert single is not None
        assert _compared(found[remote_id], page) == _compared(single, page)
    assert any(item.details and item.details.media_sources for item in page.items)


async def test_a_page_has_only_what_was_asked_for(
    backend: MediaBackend, detailed: HasDetailPages
) -> None:
    """Each item once, also when it is named twice."""
    ids = (await some_ids(backend))[:5]

    page = await detailed.detail_page([*ids, ids[0]])

    assert page is not None
    named = [item.remote_id for item in page.items]
    assert set(named) <= set(ids)
    assert len(named) == len(set(named))


async def test_an_item_that_is_gone_is_absent(
    backend: MediaBackend, detailed: HasDetailPages, harness: Harness
) -> None:
    """The others of its page come."""
    movies = [i.remote_id for i in await every_item(backend) if i.type == "movie"]
    gone = harness.delete_one(movies)

    page = await detailed.detail_page(movies)

    assert page is not None
    assert {item.remote_id for item in page.items} == set(movies) - {gone}


async def test_a_source_that_is_away_is_an_error(
    backend: MediaBackend, detailed: HasDetailPages, harness: Harness
) -> None:
    """An empty page never stands for a source that does not answer."""
    ids = await some_ids(backend)
    harness.vanish()

    with pytest.raises(BackendError):
        await detailed.detail_page(ids)


def _compared(item: MediaItem, page: DetailPage) -> ItemDetails:
    details = item.details or ItemDetails()
    if page.is_whole:
        return details
    chapters = tuple(marker for marker in details.markers if marker.kind == "chapter")
    return replace(details, markers=chapters, parts=(), extras=(), trailers=(), decisions=())
