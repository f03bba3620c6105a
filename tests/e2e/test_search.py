"""Search of a folder of real files, on a real bus."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import LIBRARY, NAME, CallError, Daemon, running

JSON = f"{NAME}.Json"
REFUSED = ("x" * 65_536, "word " * 10_000, "ü" * 301)
ODD = ("\x00", 'blue" OR "', "NEAR(blue gradient)", "title:blue", "blue*", "^blue -gradient", "🎬")


def as_json(daemon: Daemon, text: str, **options: object) -> dict[str, Any]:
    arguments = json.dumps({"text": text, "options": options})
    answer: dict[str, Any] = json.loads(daemon.call("Search", "s", arguments, interface=JSON))
    return answer


def test_a_person_finds_an_album_and_narrows_it_to_a_track(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """Both interfaces give the same hits; a longer text narrows earlier ones."""
    with running(bus, tmp_path / "home") as daemon:
        daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))

        typed, hits, total = daemon.call(
            "Search", "sa{sv}", "overtones", "1", "count", "b", "true", interface=LIBRARY
        )
        answer = as_json(daemon, "overtones", count=True)
        among = [hit["id"] for hit in hits]
        narrowed = as_json(daemon, "overtones octa", among=among)

        assert (typed, total) == (answer["searched_text"], answer["total"])
        assert among == [hit["id"] for hit in answer["hits"]]
        assert len(among) == total == 4  # an album and its tracks
        assert [hit["title"] for hit in narrowed["hits"]] == ["Octave"]
        assert narrowed["total"] == -1


def test_no_text_does_harm(bus: PrivateBus, tmp_path: Path, media: Path) -> None:
    """A text is refused with its limit, or searched for (K6)."""
    with running(bus, tmp_path / "home") as daemon:
        daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))

        for text in REFUSED:
            with pytest.raises(CallError, match="at most 300 characters and 32 words"):
                daemon.call("Search", "sa{sv}", text, "0", interface=LIBRARY)
        for text in ODD:
            assert as_json(daemon, text)["total"] == -1
        with pytest.raises(CallError, match="no JSON"):
            daemon.call("Search", "s", '{"text": "\\ud800"}', interface=JSON)

        assert as_json(daemon, "blue gradient")["hits"][0]["title"] == "Blue Gradient"
