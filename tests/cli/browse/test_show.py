"""`msdctl show`: a page in words, found by id or title, with a poster where one can be drawn."""

import json
import re

import anyio
import pytest
from msgspec.structs import replace

from msd.cli.terminal.text import safe
from msd.events import ItemsChanged
from msd.models import Capability, ItemId, LibraryId, SourceId
from tests.cli.screen import msdctl_on_terminal
from tests.cli.stage import DEADLINE_S, Stage, running_msdctl
from tests.support.fakes.fake_coordinator import CONNECTED, library

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"
NAS = "jellyfin_3f2a9c41d07e"
ALIEN = {
    "id": "it1",
    "source_id": FILMS,
    "library_id": "lib_1",
    "type": "movie",
    "title": "Alien",
    "year": 1979,
    "edition": "Director's Cut",
    "duration_ms": 7_020_000,
    "rating": 8.4,
    "genres": ["Horror", "Science Fiction"],
    "badges": ["4k", "dolby-vision"],
    "overview": ("A crew answers a call. " * 12).strip(),
    "watched": True,
    "play_count": 3,
    "people": [
        {"name": "Sigourney Weaver", "job": "actor", "role": "Ripley"},
        {"name": "Ridley Scott", "job": "director"},
    ],
    "path": "file:///srv/My%20Films/Alien.mkv",
    "versions": [{"name": "Alien", "container": "mkv", "size": 1_500_000_000, "streams": []}],
    "chapters": [{"title": "One", "start_ms": 0}, {"title": "Two", "start_ms": 9}],
    "decisions": [
        {"subject": "title", "value": "Alien", "evidence": "file-name", "origin": "Alien.mkv"}
    ],
}


@pytest.fixture
def films(stage: Stage) -> Stage:
    """One folder with a film."""
    stage.coordinator.put_source(FILMS)
    stage.coordinator.libraries[LibraryId("lib_1")] = library("lib_1", FILMS)
    stage.coordinator.items["it1"] = ALIEN
    return stage


async def test_an_item_is_a_page_in_words(films):
    """What only programs need is left out; in a pipe each text is one line."""
    done = await films.run("show", "it1")

    lines = done.stdout.splitlines()
    assert lines[0] == "Alien (1979), Director's Cut"
    assert lines[1] == "movie · 1 h 57 min · 8.4/10 · Horror, Science Fiction · 4K Dolby Vision"
    assert lines[3] == ALIEN["overview"]
    named = dict(re.split(r"  +", line, maxsplit=1) for line in lines[5:])
    assert list(named)[:2] == ["directed by", "with"]
    assert named["with"] == "Sigourney Weaver (Ripley)"
    assert named["version"] == "mkv, 1.5 GB"
    assert named["chapters"] == "2"
    assert named["watched"] == "3 times"
    assert named["from"] == "Movies on Folder local_aaaaaaaaaaaa"
    assert named["file"] == "/srv/My Films/Alien.mkv"
    assert named["id"] == "it1"


async def test_a_file_name_is_shown_and_not_obeyed(films):
    """What a path hides behind its percent signs is made harmless, too."""
    films.coordinator.items["it1"] = {**ALIEN, "path": "file:///srv/%1B%5B31mred%0A%E2%80%AE.mkv"}

    done = await films.run("show", "it1")

    assert "/srv/\\x1b[31mred\\x0a\\u202e.mkv" in done.stdout


HOSTILE = "x\x1b[31m\u202e\x07\x9b"


async def test_no_text_of_an_item_is_obeyed(films):
    """Servers and files say what they like; terminals would do it."""
    texts = dict.fromkeys(("title", "edition", "tagline", "overview"), HOSTILE)
    decision = dict.fromkeys(("subject", "value", "evidence", "origin"), HOSTILE)
    person = dict.fromkeys(("name", "job", "role"), HOSTILE)
    films.coordinator.items["it1"] = {**ALIEN, **texts, "people": [person], "decisions": [decision]}
    films.coordinator.libraries[LibraryId("lib_1")] = replace(library("lib_1", FILMS), name=HOSTILE)
    view = films.coordinator.source_views[SourceId(FILMS)]
    films.coordinator.source_views[SourceId(FILMS)] = replace(
        view, source=replace(view.source, name=HOSTILE)
    )

    for done in (await films.run("show", "it1"), await films.run("show", "it1", "--why")):
        assert safe(HOSTILE) in done.stdout
        assert [safe(line) for line in done.stdout.split("\n")] == done.stdout.split("\n")


async def test_why_says_what_a_value_was_made_from(films):
    """Folders only."""
    done = await films.run("show", "it1", "--why")

    assert done.stdout == "title: Alien (from the file name Alien.mkv)\n"


@pytest.mark.parametrize("words", [("Alien",), ("álien",), ("al",)])
async def test_a_title_finds_its_item(films, words):
    """Case and accents don't matter, and the only hit may be unfinished."""
    done = await films.run("show", *words)

    assert done.stdout.startswith("Alien (1979)")


async def test_who_is_called_alike_is_named(films):
    """The best hit is shown, and how to see the other one."""
    films.coordinator.items["it2"] = {**ALIEN, "id": "it2", "year": 2026}

    done = await films.run("show", "ALIEN")

    assert done.stdout.startswith("Alien (1979)")
    assert done.stderr == "also called so: Alien (2026), Director's Cut, `msdctl show it2`\n"


async def test_a_title_that_nothing_has_is_answered_with_the_nearest(films):
    """Did you mean."""
    films.coordinator.items["it2"] = {**ALIEN, "id": "it2", "title": "Aliens"}

    done = await films.run("show", "alein")
    script = await films.run("--json", "show", "alein")

    assert done.code == 4
    assert done.stderr.startswith("msdctl: there is no item 'alein'\nhint: did you mean ")
    assert "`msdctl show it1` (Alien (1979), Director's Cut), or `msdctl show it2`" in done.stderr
    assert script.document["error"]["code"] == "UnknownItem"


async def test_found_items_are_shown_before_the_missing_one_is_named(films):
    """Several ids are several items (exit code 4)."""
    done = await films.run("--json", "show", "it1", "nope")

    document, error = done.stdout.split("\n]\n")
    assert json.loads(document + "]")[0]["id"] == "it1"
    assert json.loads(error)["error"]["code"] == "UnknownItem"


async def test_details_that_were_never_read_are_asked_for_and_waited_for(films):
    """A server is asked when it is connected and has details."""
    source_id = films.coordinator.put_source(
        NAS, status=CONNECTED, capabilities=frozenset({Capability.DETAILS})
    )
    bare = {key: value for key, value in ALIEN.items() if key != "people"} | {"source_id": NAS}
    films.coordinator.items["it1"] = bare

    async with running_msdctl("show", "it1", env=films.env) as shown:
        read = ("get_items", ("it1",), ("*", "details"), False)
        await films.coordinator.until(lambda: films.coordinator.calls.count(read) > 1)
        films.coordinator.items["it1"] = bare | {"people": ALIEN["people"], "fetched": 5}
        films.coordinator.publish(
            ItemsChanged(
                source_id, LibraryId("lib_1"), changed=(ItemId("it1"),), removed=(), revision=7
            )
        )
        with anyio.fail_after(DEADLINE_S):
            text = b"".join([part async for part in shown.stdout]).decode()

    assert "Sigourney Weaver (Ripley)" in text
    # Each refresh may be a request to the server, which may refuse the item.
    assert films.coordinator.calls.count(("get_items", ("it1",), ("*", "details"), True)) == 1


def drawer(folder, name="chafa"):
    """Put a program into a folder that says what it was to draw."""
    program = folder / name
    program.write_text('#!/bin/sh\nfor last; do :; done\necho "DRAWN $last"\n')
    program.chmod(0o755)


async def test_a_poster_is_drawn_on_a_terminal_and_nowhere_else(films, tmp_path):
    """Pipes, NO_COLOR and a dumb terminal get the words alone."""
    drawer(tmp_path)
    path = f"{tmp_path}:/usr/bin:/bin"

    async with msdctl_on_terminal("show", "it1", env={**films.env, "PATH": path}) as terminal:
        assert await terminal.exit_code() == 0
    plain = {**films.env, "PATH": path, "NO_COLOR": "1"}
    async with msdctl_on_terminal("show", "it1", env=plain) as sober:
        assert await sober.exit_code() == 0

    assert terminal.text.startswith("DRAWN /pictures/it1-poster-320\nAlien (1979)")
    assert sober.text.startswith("Alien (1979)")


@pytest.mark.parametrize("columns", [60, 80, 140])
async def test_no_line_is_wider_than_the_terminal(films, columns):
    """Texts are broken between words."""
    async with msdctl_on_terminal("show", "it1", env=films.env, columns=columns) as terminal:
        assert await terminal.exit_code() == 0

    lines = terminal.text.splitlines()
    assert max(map(len, lines)) <= columns
    assert "A crew answers a call." in terminal.text
