"""Every recorded answer of a real server is understood, or left out for a reason that is said."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from msd.backend_api.http.json import decode
from msd.backends.plex.listing.library import item_type_of, library, shared
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.item import media_item
from msd.backends.plex.parse.rows import decode_sections, raw_item, read_full, read_rows
from msd.backends.plex.parse.wire import ProvidersListed, Row, key
from msd.backends.plex.parse.xml import as_json, in_json
from msd.errors import BackendError
from msd.models import LibraryType, MediaItem
from tests.backends.plex.shared_samples import SAMPLES, Sample, recorded
from tests.support.shared import require

require(SAMPLES)

# What a container holds that msd does not read, and why.
LEFT_OUT = {
    "Account": "accounts of the server",
    "Activity": "activities; heard of by events",
    "Bandwidths": "answers to playback reports",
    "Device": "servers and players; plex.tv's half",
    "Hub": "home rows; computed by msd itself",
    "Invite": "invitations of plex.tv",
    "Level": "loudness of a track",
    "Marker": "the answer to an edit",
    "Meta": "filters and sorts that a section offers",
    "MetadataItem": "the tree of a file",
    "Player": "players",
    "Release": "updates of the server",
    "SearchResult": "the server's own search",
    "Server": "players that the server knows",
    "Setting": "settings of the server",
    "StatisticsResources": "the server's load",
    "TranscodeJob": "background work",
    "TranscodeSession": "running conversions",
    "User": "users of plex.tv",
}
NO_CONTAINER = {
    "errors/errors.json": "error bodies by status",
    "events/events.json": "events; read by test_events",
    "homeassistant/plextv_account.xml": "plex.tv's user",
    "lukehagar-recorded/get-server-resources.1.json": "plex.tv's resources",
    "lukehagar-recorded/post-sign-in.1.json": "plex.tv's user",
    "lukehagar-recorded/post-sign-in.2.json": "plex.tv's user",
    "official-examples/_error-bodies.json": "error bodies by status",
    "official-examples/get_butler.200.tasks.json": "maintenance tasks",
    "official-examples/get_library_streams_streamId_loudness.200.someOfLoudness.json": "a text",
    "plexapi/account_xml.xml": "plex.tv's user",
    "watchstate/plex_data.json#sections_get_401": "an HTML error",
    "watchstate/plex_data.json#library_head_200": "no body",
    "watchstate/plex_data.json#library_head_401": "an HTML error",
    "watchstate/plex_data.json#server_info_get_500": "an error",
}
SECTIONS = {
    "homeassistant/library_sections.xml",
    "lukehagar-recorded/get-all-libraries.1.json",
    "official-examples/get_library_sections_all.200.basic.json",
    "watchstate/plex_data.json#sections_get_200",
}
PROVIDERS = {
    "lukehagar-recorded/get-media-providers.1.json",
    "official-examples/get_media_providers.200.providerWithEpg.json",
}
# Rows that are no items of a library, by what is odd about them.
ODD_ROWS = {
    "photo": 1,
    "clip": 2,  # live television
    "common": 1,  # what items have in common
    "no usable id": 6,  # pictures to choose from
    "no key": 9,  # pictures, a hand-edited playlist, a session
}
ITEMS = {
    "movie": 46,
    "show": 16,
    "season": 2,
    "episode": 25,
    "artist": 1,
    "album": 7,
    "track": 23,
    "collection": 1,
    "playlist": 12,
}


def items_of(sample: Sample) -> list[str]:
    """Return the types of a sample's items, and what is odd about the other rows."""
    return [_word(row) for row in read_rows(sample.answer).rows]


def _word(row: Row | str) -> str:
    if isinstance(row, str):
        return "no key"
    item_type = item_type_of(row)
    if item_type is None:
        return row.type
    if raw_item(row, item_type) is None:
        return "no usable id"
    item = media_item(key(row.rating_key) or "", row, item_type)
    assert isinstance(item, MediaItem)
    return item.type.value


def members_of(sample: Sample) -> set[str]:
    document = sample.document or json.loads(as_json(sample.answer.body))
    container = document.get("MediaContainer") or {}
    return {name for name, value in container.items() if isinstance(value, list | dict)}


def reason_for(sample: Sample) -> str:
    """Return why nothing is read from a sample, "" when there is no reason."""
    if sample.name in NO_CONTAINER:
        return NO_CONTAINER[sample.name]
    members = members_of(sample)
    found = [LEFT_OUT[name] for name in sorted(members) if name in LEFT_OUT]
    if found:
        return found[0]
    if "Directory" in members and sample.name not in SECTIONS:
        return "a menu"
    return "" if members else "an empty container"


def test_every_item_of_every_sample_is_understood() -> None:
    """Every item of every sample is understood.

    Counts per type, and what is no item of a library.
    """
    counts: Counter[str] = Counter()
    for sample in recorded():
        if sample.name not in NO_CONTAINER:
            counts.update(items_of(sample))

    print(dict(counts))
    assert ITEMS | ODD_ROWS == dict(counts)


def test_what_is_not_read_of_the_samples_is_left_out_for_a_reason() -> None:
    """What is not read of the samples is left out for a reason.

    What was left out, and why.
    """
    reasons: Counter[str] = Counter()
    for sample in recorded():
        if sample.name in NO_CONTAINER:
            with pytest.raises(BackendError):
                read_rows(sample.answer)
        if sample.name in NO_CONTAINER or not items_of(sample):
            why = reason_for(sample)
            assert why or sample.name in SECTIONS | PROVIDERS, sample.name
            reasons[why or "libraries and providers: read by the tests below"] += 1

    print(dict(reasons))
    assert reasons["libraries and providers: read by the tests below"] == 6


def test_every_full_answer_has_readable_details() -> None:
    """Every full answer has readable details.

    People, versions, tracks and markers of one item.
    """
    found: Counter[str] = Counter()
    for sample in recorded():
        if "meta-data" not in sample.name and "media_" not in sample.name:
            continue
        full = read_full(sample.answer)
        if full is None:
            continue
        details = item_details(full[1])
        found["items"] += 1
        found["people"] += len(details.people)
        found["versions"] += len(details.media_sources)
        found["tracks"] += sum(len(one.streams) for one in details.media_sources)
        found["markers"] += len(details.markers)

    print(dict(found))
    assert found == {"items": 10, "people": 33, "versions": 7, "tracks": 27, "markers": 5}


def test_every_list_of_sections_is_understood() -> None:
    """Every list of sections is understood.

    Libraries of all types; photos are unsupported, not dropped.
    """
    found: Counter[str] = Counter()
    for sample in recorded():
        if sample.name in SECTIONS:
            found.update(
                one.type
                for position, section in enumerate(decode_sections(sample.answer))
                if (one := library(section, position)) is not None
            )

    print(dict(found))
    assert found == {
        LibraryType.MOVIES: 8,
        LibraryType.SHOWS: 11,
        LibraryType.MUSIC: 3,
        LibraryType.VIDEOS: 1,
    }


def test_every_menu_of_providers_is_understood() -> None:
    """Every menu of providers is understood.

    None of the recorded users has individually shared items.
    """
    menus = [sample for sample in recorded() if sample.name in PROVIDERS]

    for sample in menus:
        assert shared(decode(in_json(sample.answer), ProvidersListed, strict=False), 0) is None

    assert len(menus) == 2
