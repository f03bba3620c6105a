"""Recorded full answers become these details, field by field."""

from __future__ import annotations

from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.rows import read_full
from msd.errors import BackendError
from msd.models import Extra, Marker, MediaSource, MediaStream, Person
from tests.backends.plex.shared_samples import SAMPLES, recorded
from tests.support.details import check_details
from tests.support.shared import require

require(SAMPLES)


def details(number):
    name = f"lukehagar-recorded/get-media-meta-data.{number}.json"
    (sample,) = [each for each in recorded() if each.name == name]
    _, full = read_full(sample.answer)
    return item_details(full)


def test_an_episode():
    """Writers, and one version with its tracks."""
    found = details(6)

    assert found.people == (
        Person(name="Erik Jendreson", job="writer", remote_id="85341"),
        Person(name="Tom Hanks", job="writer", remote_id="85342"),
    )
    assert found.media_sources == (
        MediaSource(
            remote_id="46883",
            name="1080p",
            container="mkv",
            size=21_840_734_461,
            bitrate=39_770_000,
            duration_ms=4_393_389,
            streams=(
                MediaStream(
                    index=2,
                    kind="video",
                    codec="h264",
                    width=1_920,
                    height=1_080,
                    profile="high",
                    display_title="1080p (H.264)",
                ),
                MediaStream(
                    index=0,
                    kind="audio",
                    codec="dca",
                    language="eng",
                    is_default=True,
                    channels=6,
                    channel_layout="5.1(side)",
                    profile="ma",
                    display_title="English (DTS-HD MA 5.1)",
                ),
                MediaStream(
                    index=1,
                    kind="subtitle",
                    codec="pgs",
                    language="eng",
                    display_title="English (PGS)",
                ),
                MediaStream(
                    index=3,
                    kind="subtitle",
                    codec="srt",
                    language="por",
                    is_external=True,
                    display_title="Portuguese (SRT External)",
                ),
            ),
        ),
    )
    assert (found.parts, found.extras, found.trailers, found.lyrics) == ((), (), (), ())


def test_the_chapters_of_an_episode_and_what_can_be_skipped():
    """A chapter's end is the server's."""
    found = details(6)

    assert found.markers[:2] == (
        Marker(kind="chapter", start_ms=0, end_ms=100_100),
        Marker(kind="chapter", start_ms=100_100, end_ms=243_743),
    )
    assert [marker.kind for marker in found.markers[2:]] == ["chapter", "credits", "intro"]


def test_a_show_has_people_and_a_theme_but_no_file():
    """The song is a path of the server's."""
    found = details(1)

    assert len(found.people) == 2
    assert found.media_sources == ()
    (theme,) = found.extras
    assert theme == Extra(title="", kind="theme-song", remote_id=theme.remote_id)
    assert theme.remote_id.startswith("/library/metadata/")
    assert "/theme/" in theme.remote_id


def test_every_recorded_full_answer_has_details_in_bounds():
    """Of all servers and ages, in JSON and XML."""
    checked = 0
    for sample in recorded():
        try:
            full = read_full(sample.answer)
        except BackendError:
            continue  # no list of items
        if full is not None:
            check_details(item_details(full[1]))
            checked += 1
    assert checked >= 60
