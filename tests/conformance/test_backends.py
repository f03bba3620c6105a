"""What every backend must do: the contract of `msd.backend_api.protocol`, over real sources."""

import re
from contextlib import aclosing, suppress
from pathlib import Path

import anyio
import pytest

from msd.backend_api import Listing, MediaBackend, Page, SkippedItem
from msd.backends import discover
from msd.errors import BackendError, MsdError, UnreachableError
from msd.models import ItemType, MediaItem, RemoteId
from msd.sync.enumeration import Enumeration
from tests.conformance.conftest import Added, add_context
from tests.conformance.harness import (
    HARNESSES,
    TEMPLATE,
    FakeHarness,
    Harness,
    TemplateHarness,
)
from tests.conformance.second_process import fingerprints, in_another_process, load_backend

pytestmark = pytest.mark.anyio

Listed = dict[RemoteId, tuple[MediaItem | SkippedItem, int]]


async def enumerated(backend: MediaBackend, listing: Listing) -> tuple[list[Page], Enumeration]:
    enumeration, pages = Enumeration(), []
    async with aclosing(backend.pages(listing)) as windows:
        async for page in windows:
            enumeration.add(page)
            pages.append(page)
    return pages, enumeration


async def everything(backend: MediaBackend) -> dict[tuple[RemoteId, ItemType], Listed]:
    """Return every row of every listing, parsed, with its fingerprint."""
    found: dict[tuple[RemoteId, ItemType], Listed] = {}
    for library in await backend.libraries():
        for listing in backend.listings(library):
            pages, enumeration = await enumerated(backend, listing)
            assert enumeration.is_complete
            rows: Listed = {}
            for page in pages:
                parsed = await backend.parse(page.items)
                assert [raw.remote_id for raw in page.items] == [item.remote_id for item in parsed]
                rows |= {
                    raw.remote_id: (item, raw.fingerprint)
                    for raw, item in zip(page.items, parsed, strict=True)
                }
            found[library.remote_id, listing.type] = rows
    return found


def test_every_backend_that_is_found_is_tested() -> None:
    """A new folder without a harness fails here."""
    assert set(discover()) <= set(HARNESSES)


def test_the_spec_describes_itself(harness: Harness) -> None:
    """Names are words, types are known, secrets are texts that may come by descriptor."""
    spec = harness.spec
    assert re.fullmatch(r"[a-z][a-z0-9-]*", spec.kind)
    assert spec.display_name
    for option in spec.options:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", option.name)
        assert option.signature in {"s", "b", "u"}
        assert option.description
        assert not option.secret or option.signature == "s"


async def test_adding_finds_the_same_source_each_time(harness: Harness, added: Added) -> None:
    """Adding finds the same source each time (I1).

    Server and user are what the id is made of.
    """
    again = await harness.spec.add(harness.options, add_context())

    assert [one.server_id for one in added.found.sources] == [
        one.server_id for one in again.sources
    ]
    assert all(one.server_id and one.name for one in added.found.sources)
    if added.found.account is not None and again.account is not None:
        assert added.found.account.remote_user_id == again.account.remote_user_id
        assert added.found.account.credentials.token not in repr(added.found)


async def test_what_is_refused_is_a_typed_error_without_secrets(harness: Harness) -> None:
    """What is refused is a typed error without secrets (A1, K1)."""
    with pytest.raises(MsdError) as raised:
        await harness.spec.add(harness.bad_options, add_context())

    assert str(raised.value)
    assert not [secret for secret in harness.secrets if secret in str(raised.value)]


async def test_connect_recognises_the_server_again(added: Added, backend: MediaBackend) -> None:
    """Connect recognises the server again (I4).

    Any number of times.
    """
    for _ in range(2):
        facts = await backend.connect()
        assert facts.server_id == added.found.sources[0].server_id


async def test_libraries_have_ids_and_names_that_stay(backend: MediaBackend) -> None:
    """Libraries have ids and names that stay (I2)."""
    first, second = await backend.libraries(), await backend.libraries()

    assert first == second
    assert all(library.remote_id and library.name for library in first)
    assert len({library.remote_id for library in first}) == len(first) > 0


async def test_listings_are_whole_typed_and_parsed_in_order(backend: MediaBackend) -> None:
    """Listings are whole typed and parsed in order (Y3, Y7).

    Complete enumerations; parents are among what is listed.
    """
    listed = await everything(backend)

    items = [item for rows in listed.values() for item, _ in rows.values()]
    ids = {item.remote_id for item in items}
    assert items
    for (_library, item_type), rows in listed.items():
        for item, fingerprint in rows.values():
            assert -(2**63) <= fingerprint < 2**63
            if isinstance(item, MediaItem):
                assert item.type is item_type
                assert item.title
                assert item.parent_remote_id is None or item.parent_remote_id in ids


async def test_fingerprints_are_the_same_whenever_a_row_is_listed(added: Added) -> None:
    """What did not change is neither parsed nor written again (Y5)."""
    first, second = added.open(), added.open()
    try:
        assert await everything(first) == await everything(second)
    finally:
        await first.aclose()
        await second.aclose()


async def test_fingerprints_are_the_same_in_another_process(added: Added) -> None:
    """Each sync is a process of its own: a fingerprint of this one is worth nothing there (Y5)."""
    if isinstance(added.harness, FakeHarness):
        pytest.skip("the fake server lives in this process")
    backend = added.open()
    try:
        here = await fingerprints(backend)
    finally:
        await backend.aclose()

    there = await in_another_process(added.context(), getattr(added.harness, "module", None))

    assert here
    assert there == here


async def test_the_hash_of_a_string_is_no_fingerprint(tmp_path: Path) -> None:
    """The check above finds the mistake that is made most often."""
    module = tmp_path / "mistaken.py"
    right = "xxhash.xxh3_64_intdigest(bytes(film), seed=PARSER_VERSION)"
    assert right in TEMPLATE.read_text()
    module.write_text(TEMPLATE.read_text().replace(right, "hash(str(film)) % (1 << 64)"))
    harness = TemplateHarness(tmp_path)
    harness.spec = load_backend(module)
    found = await harness.spec.add(harness.options, add_context())
    added = Added(harness, found, tmp_path / "private")
    here = await fingerprints(added.open())

    there = await in_another_process(added.context(), module)

    assert there.keys() == here.keys()
    assert there != here


async def test_newest_rows_are_rows_of_the_listing(backend: MediaBackend) -> None:
    """Newest rows are rows of the listing (Y4)."""
    for library in await backend.libraries():
        for listing in backend.listings(library):
            newest = await backend.newest(listing, 3)
            pages, _ = await enumerated(backend, listing)
            ids = {raw.remote_id for page in pages for raw in page.items}
            assert len(newest) <= 3
            assert {raw.remote_id for raw in newest} <= ids


async def test_one_item_comes_with_its_details(backend: MediaBackend) -> None:
    """Y3; an id that nobody knows is gone, or a typed error."""
    listed = await everything(backend)
    remote_id = next(remote_id for rows in listed.values() for remote_id in rows)

    item = await backend.item(remote_id)

    assert item is not None
    assert item.remote_id == remote_id
    with suppress(BackendError):
        assert await backend.item(RemoteId("f" * 32)) is None


async def test_a_source_that_is_gone_is_unreachable_and_never_empty(
    harness: Harness, added: Added
) -> None:
    """A source that is gone is unreachable and never empty (S2, Y7).

    Every question is an error; it works again when it is back.
    """
    backend = added.open()
    library = next(one for one in await backend.libraries() if backend.listings(one))
    harness.vanish()
    gone = added.open()
    try:
        for one in (backend, gone):
            with pytest.raises(UnreachableError):
                await one.connect()
        with pytest.raises(BackendError):
            await gone.libraries()
        with pytest.raises(BackendError):
            await enumerated(gone, gone.listings(library)[0])
        harness.come_back()
        assert await gone.connect()
    finally:
        await backend.aclose()
        await gone.aclose()


async def test_a_deleted_item_is_missing_and_nothing_else_changes(
    harness: Harness, added: Added
) -> None:
    """A deleted item is missing and nothing else changes (Y7)."""
    before_backend, after_backend = added.open(), added.open()
    try:
        before = await everything(before_backend)
        filled = [key for key, rows in before.items() if rows]
        key = min(filled, key=lambda key: key[1] is not ItemType.MOVIE)  # films where there are any
        gone = harness.delete_one(list(before[key]))

        after = await everything(after_backend)

        assert set(before[key]) - set(after[key]) == {gone}
        kept = [remote_id for remote_id in after[key] if remote_id in before[key]]
        assert [before[key][one][1] for one in kept] == [after[key][one][1] for one in kept]
    finally:
        await before_backend.aclose()
        await after_backend.aclose()


async def test_any_call_may_be_cancelled(added: Added) -> None:
    """Any call may be cancelled (Y12).

    And closing twice is fine.
    """
    backend = added.open()
    with anyio.move_on_after(0.001):
        await everything(backend)

    assert await backend.libraries()
    await backend.aclose()
    await backend.aclose()


async def test_signing_out_never_fails(added: Added, harness: Harness) -> None:
    """Signing out never fails (A4).

    Best effort, also when the source is away.
    """
    backend = added.open()
    harness.vanish()
    with anyio.fail_after(10):
        with suppress(BackendError):
            await backend.sign_out()
    await backend.aclose()


async def test_private_files_stay_in_the_private_folder(
    added: Added, backend: MediaBackend, tmp_path: Path
) -> None:
    """Private files stay in the private folder (K6).

    A backend writes nowhere else.
    """
    before = {path for path in tmp_path.rglob("*") if added.cache_dir not in path.parents}
    await everything(backend)

    after = {path for path in tmp_path.rglob("*") if added.cache_dir not in path.parents}
    assert after - {added.cache_dir} == before - {added.cache_dir}
