"""What events mean: recorded ones, doubled ones, torn ones, arbitrary ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.changes import Aspect, PushedChange
from msd.backends.plex.changes.events import MOST_IDS, EventReader, PendingEvents
from tests.backends.plex.shared_samples import SAMPLES

LIBRARY = "com.plexapp.plugins.library"


def sent(**members) -> bytes:
    return f"event: any\ndata: {json.dumps(members)}\n\n".encode()


def timeline(**members) -> bytes:
    entry = {"identifier": LIBRARY, "sectionID": "1", "itemID": "45", "type": 1}
    return sent(TimelineEntry=entry | members)


def activity(kind, event="ended", **context) -> bytes:
    entry = {"event": event, "Activity": {"type": kind, "Context": context}}
    return sent(ActivityNotification=entry)


def meaning(*chunks: bytes) -> list[PushedChange]:
    reader, gathered = EventReader(), PendingEvents()
    for chunk in chunks:
        for event in reader.feed(chunk):
            gathered.add(event)
    return gathered.changes()


def test_an_item_that_is_complete_has_changed():
    """An item that is complete has changed.

    State 5 without metadataState and queueSize.
    """
    assert meaning(timeline(state=5)) == [PushedChange(library="1", changed=("45",))]


@pytest.mark.parametrize(
    "members",
    [
        {"state": 0, "metadataState": "created"},
        {"state": 1},
        {"state": 4, "metadataState": "loading", "queueSize": 2},
        {"state": 5, "metadataState": "processing"},
        {"state": 5, "queueSize": 3},
        {"state": 5, "identifier": "tv.plex.provider.epg"},
        {"state": 5, "sectionID": "-1"},
        {"state": 5, "sectionID": "0"},
        {"state": 5, "sectionID": None},
        {},
    ],
    ids=range(10),
)
def test_an_item_on_its_way_is_waited_for(members):
    """An item on its way is waited for.

    States on the way, other providers, no section.
    """
    assert meaning(timeline(**members)) == []


def test_what_an_item_lies_in_has_changed_with_it():
    """What an item lies in has changed with it.

    A child's change does not move its parent's updatedAt.
    """
    [change] = meaning(timeline(state=5, parentItemID="44", rootItemID=43))

    assert change.changed == ("45", "44", "43")


def test_an_item_that_is_told_of_many_times_is_one_change():
    """An item that is told of many times is one change.

    Expect duplicates with mediaState.
    """
    repeated = [timeline(state=5), timeline(state=5, mediaState="analyzing")] * 5

    assert meaning(*repeated) == [PushedChange(library="1", changed=("45",))]


@pytest.mark.parametrize("members", [{"state": 9}, {"state": 5, "metadataState": "deleted"}])
def test_a_deleted_item_is_a_claim_and_its_library_is_looked_at(members):
    """A deleted item is a claim and its library is looked at (Y7).

    State 9, or 5 with `deleted`; collections counted it.
    """
    assert meaning(timeline(state=5), timeline(parentItemID="44", **members)) == [
        PushedChange(library="1", changed=("44",), removed=("45",)),
        PushedChange(library="1"),
    ]


def test_playlists_and_collections_are_looked_at_as_a_whole():
    """Playlists and collections are looked at as a whole.

    Types 15 and 18.
    """
    assert meaning(timeline(state=5, type=15, sectionID="-1")) == [
        PushedChange(library="playlists")
    ]
    assert meaning(timeline(state=5, type=18)) == [PushedChange(library="1")]


def test_ids_that_are_numbers_are_ids():
    """Ids that are numbers are ids.

    ItemID is a string now and was a number.
    """
    assert meaning(timeline(state="5", itemID=45, sectionID=1)) == meaning(timeline(state=5))


def test_the_end_of_a_scan_is_a_reason_to_look():
    """The end of a scan is a reason to look.

    Personal media may never be told of as done; the section may be left out.
    """
    assert meaning(activity("library.update.section", librarySectionID="2")) == [
        PushedChange(library="2")
    ]
    assert meaning(activity("library.update.section")) == [PushedChange()]
    assert meaning(activity("library.update.section", event="started")) == []


def test_an_idle_refresh_is_about_watching_at_most():
    """An idle refresh is about watching at most.

    Made when somebody looks at an item or marks it.
    """
    idle = activity("library.refresh.items", key="/library/metadata/45", refreshed=False)
    real = activity("library.refresh.items", key="/library/metadata/45", refreshed=True)

    assert meaning(idle) == [PushedChange(aspect=Aspect.WATCH, changed=("45",))]
    assert meaning(real) == [PushedChange(changed=("45",))]
    assert meaning(activity("library.refresh.items", key="/elsewhere")) == []


def test_a_player_that_stops_left_a_position():
    """A player that stops left a position.

    A position is asked for once, at the end.
    """
    playing = {"ratingKey": "7", "state": "playing", "viewOffset": 1}

    assert meaning(sent(PlaySessionStateNotification=playing)) == []
    assert meaning(sent(PlaySessionStateNotification=[playing | {"state": "stopped"}])) == [
        PushedChange(aspect=Aspect.WATCH, changed=("7",))
    ]


def test_too_many_items_are_a_library():
    """`PushedChange`: without ids the library is to be looked at."""
    many = [timeline(state=5, itemID=str(number)) for number in range(1, MOST_IDS + 2)]

    assert meaning(*many) == [PushedChange(library="1")]


def test_both_shapes_of_an_event_mean_the_same():
    """Both shapes of an event mean the same.

    Websockets have a container and arrays.
    """
    entry = {"identifier": LIBRARY, "sectionID": "1", "itemID": "45", "type": 1, "state": 5}
    container = {"type": "timeline", "size": 1, "TimelineEntry": [entry]}

    assert meaning(sent(NotificationContainer=container)) == meaning(timeline(state=5))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_a_stream_may_be_torn_anywhere(line_end, size):
    """Chunks are no events."""
    text = (timeline(state=5) + b"event: ping\ndata: {}\n\n").replace(b"\n", line_end)
    chunks = [text[start : start + size] for start in range(0, len(text), size)]

    assert meaning(*chunks, b"\n") == [PushedChange(library="1", changed=("45",))]


@pytest.mark.parametrize(
    "text",
    [b"data: {\n\n", b"data: \xff\n\n", b"data: []\n\n", b": comment\n\n", b"\n\n", b"data\n\n",
     b'data: {"TimelineEntry": 5}\n\n', b"data: " + b"[" * 100_000 + b"\n\n"],
    ids=range(8),
)  # fmt: skip
def test_an_event_that_can_not_be_understood_is_left_out(text):
    """An event that can not be understood is left out (K5).

    The stream goes on behind it.
    """
    assert meaning(text, timeline(state=5)) == [PushedChange(library="1", changed=("45",))]


def test_an_event_without_an_end_is_no_event():
    """An event without an end is no event (K5).

    Bounded.
    """
    with pytest.raises(ValueError, match="without an end"):
        meaning(*[b"data: " + b"x" * 1_000] * 2_000)


def test_recorded_events_are_understood():
    """Recorded events are understood.

    Frames that clients saw.
    """
    samples = json.loads((SAMPLES / "events" / "events.json").read_bytes())
    found = {name: meaning(sent(**one["frame"])) for name, one in samples["ws"].items()}

    assert {name for name, changes in found.items() if changes} == {
        "timeline_analyzing",
        "timeline_done",
        "timeline_deleted",
        "activity_scan_ended",
        "activity_refresh_noop",
    }
    assert meaning(samples["sse"]["raw"].encode()) == [PushedChange(library="1", changed=("45",))]


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_mean_something_or_nothing(chunks):
    """Any bytes mean something or nothing (K5)."""
    assert isinstance(meaning(*chunks), list)
