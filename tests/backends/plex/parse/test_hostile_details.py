"""Details of any shape: the smallest part of an answer is left out, the rest is in bounds (K5)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.rows import read_full
from tests.backends.plex.parse.rows_of import SCALARS, listed, row
from tests.support.details import check_details

NUMBERS = st.sampled_from([-1, 0, 2**31, 2**32, 2**63, 2**64, 10**40, "5", "-5", "x"])
NAMES = st.sampled_from(
    [
        *("id", "tag", "role", "thumb", "streamType", "index", "width", "height", "channels"),
        *("duration", "size", "bitrate", "codec", "colorTrc", "DOVIPresent", "displayTitle"),
        *("startTimeOffset", "endTimeOffset", "type", "title", "subtype", "ratingKey", "Metadata"),
        *("Part", "Stream"),
    ]
)
ENTRIES = st.recursive(
    SCALARS | NUMBERS | st.sampled_from(["intro", "credits", "trailer", "smpte2084"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)
CHILDREN = ("Role", "Director", "Media", "Marker", "Chapter", "Extras", "theme", "Writer")


def details(**members):
    _, full = read_full(listed(row(**members)))
    return item_details(full)


@given(st.dictionaries(st.sampled_from(CHILDREN), ENTRIES, max_size=6))
def test_any_answer_about_an_item_gives_details_in_bounds(members):
    """Never an exception, never a number that no type of the bus holds."""
    check_details(details(**members))


def test_ten_thousand_people_and_a_hundred_thousand_chapters_are_bounded():
    """As many as the interface says."""
    found = check_details(
        details(
            Role=[{"tag": f"p{n}"} for n in range(10_000)],
            Chapter=[{"startTimeOffset": n, "endTimeOffset": n + 1} for n in range(100_000)],
        )
    )

    assert (len(found["people"]), len(found["chapters"])) == (1_000, 2_000)


def test_the_theme_of_a_show_is_an_extra():
    """A path of the server's own, without a token in its query (K1)."""
    (theme,) = details(theme="/library/metadata/7/theme/17?X-Plex-Token=secret").extras

    assert (theme.kind, theme.remote_id) == ("theme-song", "/library/metadata/7/theme/17")
    assert details(theme="https://evil.example/x").extras == ()
