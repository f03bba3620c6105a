"""What a row is compared by."""

import pytest

from msd.models import ItemType
from tests.backends.plex.parse.rows_of import raw


def test_the_fingerprint_is_the_same_however_the_server_writes_the_row():
    """The fingerprint is the same however the server writes the row (Y5).

    The order of members, quotes, and what only the full answer has.
    """
    members = {"year": 1999, "addedAt": 5, "Genre": [{"tag": "A"}, {"tag": "B"}]}
    light = raw(**members)
    full = raw(
        librarySectionID=1,
        librarySectionTitle="Renamed",
        updatedAt=99,
        Genre=[{"tag": "A", "id": 1}, {"tag": "B"}, {"tag": "C"}],
        Media=[{"id": 1, "Part": [{"id": 1, "Stream": [{"id": 1}]}]}],
        addedAt="5",
        year="1999",
    )

    assert light.fingerprint == full.fingerprint
    assert len(full.payload.row.genres) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"viewCount": 1},
        {"viewOffset": 1},
        {"userRating": 3},
        {"thumb": "/x"},
        {"parentRatingKey": "3"},
        {"Guid": [{"id": "imdb://tt9"}]},
    ],
)
def test_the_fingerprint_changes_with_the_row(change):
    """RawItem: a known fingerprint is neither parsed nor written."""
    assert raw().fingerprint != raw(**change).fingerprint


def test_the_fingerprint_changes_with_what_a_library_is_said_to_hold():
    """A film that becomes a music video is written again."""
    assert raw().fingerprint != raw(ItemType.MUSIC_VIDEO).fingerprint
