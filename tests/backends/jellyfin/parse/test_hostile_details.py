"""Details of any shape: the smallest part of an answer is left out, the rest is in bounds (K5)."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from msd.backends.jellyfin.parse.details import ExtraAnswers, item_details
from msd.backends.jellyfin.parse.wire import ExtraRow, LyricRow, SegmentRow
from tests.support.details import check_details

NUMBERS = st.integers() | st.sampled_from([-1, 0, 2**31, 2**32, 2**63, 2**64, 10**40])
SCALARS = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | st.text(max_size=8)
WORDS = st.sampled_from(["Video", "Audio", "Subtitle", "Lyric", "Actor", "GuestStar", "DOVI", ""])
NAMES = st.sampled_from(
    [
        *("People", "MediaSources", "MediaStreams", "Chapters", "RemoteTrailers"),
        *("Name", "Id", "Type", "Role", "Index", "Width", "Height", "Channels", "Size", "Bitrate"),
        *("RunTimeTicks", "StartPositionTicks", "Url", "VideoRangeType", "Video3DFormat"),
    ]
)
ANYTHING = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
STREAMS = st.lists(st.dictionaries(NAMES, SCALARS | WORDS, max_size=8) | SCALARS, max_size=4)
SOURCES = st.lists(
    st.dictionaries(NAMES, SCALARS, max_size=6).flatmap(
        lambda source: STREAMS.map(lambda streams: source | {"MediaStreams": streams})
    ),
    max_size=3,
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "People": st.lists(st.dictionaries(NAMES, SCALARS | WORDS, max_size=4) | SCALARS),
        "MediaSources": SOURCES | ANYTHING,
        "Chapters": st.lists(st.dictionaries(NAMES, SCALARS, max_size=3)) | ANYTHING,
        "RemoteTrailers": st.lists(st.dictionaries(NAMES, SCALARS, max_size=3)) | ANYTHING,
    },
)
TICKS = st.none() | NUMBERS


@given(ROWS | ANYTHING)
def test_any_answer_about_an_item_gives_details_in_bounds(content):
    """Never an exception, never a number that no type of the bus holds."""
    check_details(item_details(json.dumps(content).encode()))


@given(
    st.lists(st.tuples(st.sampled_from(["Intro", "Outro", "x", None]), TICKS, TICKS), max_size=9),
    st.lists(st.tuples(st.none() | st.text(max_size=40), st.none() | st.text()), max_size=9),
    st.lists(st.tuples(st.none() | st.text(max_size=9), TICKS), max_size=9),
)
def test_any_answer_beside_an_item_gives_details_in_bounds(segments, extras, lyrics):
    """Segments, extras and the words of a track."""
    rows = [ExtraRow(id=each, name=name, extra_type=name) for each, name in extras]
    answers = ExtraAnswers(
        segments=[SegmentRow(type=a, start_ticks=b, end_ticks=c) for a, b, c in segments],
        trailers=rows,
        features=rows,
        themes=rows,
        lyrics=[LyricRow(text=words, start=start) for words, start in lyrics],
    )

    check_details(item_details(b"{}", answers))


def test_ten_thousand_people_and_a_hundred_thousand_chapters_are_bounded():
    """As many as the interface says."""
    found = check_details(
        item_details(
            json.dumps(
                {
                    "People": [{"Name": f"p{n}"} for n in range(10_000)],
                    "Chapters": [{"StartPositionTicks": n * 10_000} for n in range(100_000)],
                }
            ).encode()
        )
    )

    assert (len(found["people"]), len(found["chapters"])) == (1_000, 2_000)


def test_an_odd_person_costs_itself():
    """The next one stays (Y14)."""
    people = [5, {"Name": ["x"]}, {"Name": "Ada", "Role": 7, "Type": {}}, {"Name": "Bea"}]

    found = item_details(json.dumps({"People": people}).encode())

    assert [person.name for person in found.people] == ["Ada", "Bea"]
