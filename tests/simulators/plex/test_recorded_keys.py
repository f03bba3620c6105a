"""The simulator's rows carry what recorded rows of the same type carry."""

from __future__ import annotations

import json
from collections import defaultdict

import httpx
import pytest

from msd.backends.plex.parse.xml import as_json
from tests.backends.plex.shared_samples import SAMPLES, Sample, recorded
from tests.simulators.plex import PlexServer
from tests.simulators.plex.recorded_forms import OLD_SERVERS
from tests.support.shared import require

require(SAMPLES)

LISTS = {
    "movie": "/library/sections/1/all?type=1",
    "show": "/library/sections/2/all?type=2",
    "season": "/library/sections/2/all?type=3",
    "episode": "/library/sections/2/all?type=4",
    "artist": "/library/sections/3/all?type=8",
    "album": "/library/sections/3/all?type=9",
    "track": "/library/sections/3/all?type=10",
    "collection": "/library/sections/1/all?type=18",
    "playlist": "/playlists?",
}
# Of answers that msd does not ask for: what plays now, what was played, members of a playlist,
# home rows, television, photos. `librarySection…` stands on rows of lists that mix sections.
ELSEWHERE = {
    "Part", "Player", "Session", "Stream", "TranscodeSession", "User", "accountID", "deviceID",
    "historyKey", "sessionKey", "viewedAt", "playlistItemID", "id", "live", "title.queryRange",
    "genuineMediaAnalysis", "createdAtAccuracy", "createdAtTZOffset", "Metadata",
    "librarySectionID", "librarySectionKey", "librarySectionTitle",
}  # fmt: skip


def rows_of(sample: Sample) -> list[dict[str, object]]:
    try:
        document = sample.document or json.loads(as_json(sample.answer.body))
    except ValueError:
        return []
    container = document.get("MediaContainer") if isinstance(document, dict) else None
    rows = container.get("Metadata") if isinstance(container, dict) else None
    found = rows if isinstance(rows, list) else []
    return [row for row in found if isinstance(row, dict) and row.get("ratingKey")]


def recorded_keys() -> dict[str, set[str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for sample in recorded():
        for row in rows_of(sample):
            keys[str(row.get("type"))] |= row.keys()
    return keys


def simulated_rows(server: PlexServer, path: str) -> list[dict[str, object]]:
    headers = {"X-Plex-Token": server.token, "Accept": "application/json"}
    answer = httpx.get(f"{server.url}{path}&includeGuids=1", headers=headers)
    rows = answer.json()["MediaContainer"].get("Metadata", [])
    ids = ",".join(str(row["ratingKey"]) for row in rows[:30])
    wanted = "includeMarkers=1&includeChapters=1&includeExtras=1"
    full = httpx.get(f"{server.url}/library/metadata/{ids}?{wanted}", headers=headers)
    details = full.json()["MediaContainer"].get("Metadata", []) if full.is_success else []
    return [*rows, *details]


@pytest.mark.parametrize("item_type", LISTS)
def test_rows_carry_every_recorded_key(server, item_type):
    """The set of keys is a superset of the recorded one."""
    rows = simulated_rows(server, LISTS[item_type])
    simulated = {key for row in rows for key in row}

    assert set() == recorded_keys()[item_type] - simulated - ELSEWHERE


def test_each_optional_key_is_absent_from_some_row(server):
    """A parser that needs a key that some servers leave out would be found out."""
    rows = simulated_rows(server, LISTS["movie"])

    for key in ("tagline", "originalTitle", "ratingImage", "audienceRating", "viewCount"):
        assert {True, False} == {key in row for row in rows}, key


def test_an_old_server_leaves_out_what_servers_up_to_2023_did(server):
    """No list of pictures, no colours, no counts on albums, artists without a picture."""
    server.world.left_out = OLD_SERVERS
    rows = [row for path in LISTS.values() for row in simulated_rows(server, path)]

    assert not [row for row in rows if "Image" in row or "UltraBlurColors" in row]
    assert not [row for row in rows if row["type"] == "album" and "leafCount" in row]
