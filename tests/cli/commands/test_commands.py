"""msdctl as a script runs it: real processes, a real bus, the real server."""

import json
import re

import pytest

from msd.errors import UnreachableError
from msd.models import (
    DetailsState,
    ItemType,
    LibraryId,
    PublicStatus,
    SkippedPage,
    SkippedRow,
    SortKey,
    SourceId,
    StatusReason,
)
from tests.cli.stage import Stage
from tests.support.fakes.fake_coordinator import CONNECTED, library

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"
NAS = "jellyfin_3f2a9c41d07e"
BOTH = pytest.mark.parametrize("library", ["dbus_next", "dbus_fast"], indirect=True)


@pytest.fixture
def sources(stage: Stage) -> Stage:
    """Two sources, one library and some items, with hostile names."""
    stage.coordinator.put_source(FILMS)
    stage.coordinator.put_source(NAS, status=CONNECTED, item_count=12)
    stage.coordinator.libraries[LibraryId("lib_1")] = library("lib_1", FILMS)
    for number in range(1203):
        stage.coordinator.items[f"it{number:05}"] = {
            "id": f"it{number:05}",
            "source_id": FILMS,
            "type": "movie",
            "title": f"Film {number} \x1b[31m[red]\u202e",
            "year": 1999,
            "watched": number % 2 == 0,
            "position_ms": 61_000,
        }
    return stage


@BOTH
async def test_sources_are_listed_plainly_in_a_pipe(sources):
    """Sources are listed plainly in a pipe: plain output when not a terminal."""
    done = await sources.run("sources")

    assert done.stdout.splitlines() == [
        "NAME                          KIND   STATUS     REASON    ITEMS  ADDRESS     ID",
        f"Folder {FILMS}     local  offline    starting      0  /srv/media  {FILMS}",
        f"Folder {NAS}  local  connected               12  /srv/media  {NAS}",
    ]
    assert (done.code, done.stderr) == (0, "")


async def test_without_sources_a_person_is_told_how_to_add_one(stage):
    """Without sources a person is told how to add one (a first run)."""
    person = await stage.run("sources")
    script = await stage.run("sources", "--json")

    assert "msdctl add" in person.stdout
    assert script.document == []


async def test_a_script_reads_the_sources_as_json(sources):
    """A script reads the sources as json: --json on all."""
    done = await sources.run("--json", "sources")

    assert [row["id"] for row in done.document] == [FILMS, NAS]


async def test_status_shows_the_daemon_and_every_source(sources):
    """Status shows the daemon and every source."""
    done = await sources.run("--json", "status", "--explain")

    assert done.document["daemon"]["state"] == "ready"
    assert [row["status"] for row in done.document["sources"]] == ["offline", "connected"]
    assert done.document["sources"][0]["explain"][0]["outcome"] == "refused"


async def test_status_explains_one_source_to_a_person(sources):
    """Status explains one source to a person (S8)."""
    done = await sources.run("status", "--explain", "jellyfin_")

    assert re.search(r"^status +connected$", done.stdout, re.MULTILINE)
    assert "1970-01-01 00:00:05  connect: refused after 7 ms; no" in done.stdout


@BOTH
async def test_a_password_reaches_the_daemon_and_no_message(sources):
    """A password reaches the daemon and no message (K1).

    Passwords are never arguments and never in a message.
    """
    done = await sources.run(
        "add",
        "jellyfin",
        "http://nas.lan:8096/a=b",
        "--username",
        "ada",
        "--name",
        "NAS",
        "--allow-insecure",
        "--password-stdin",
        stdin="pässword \n".encode(),
    )

    ((_, kind, options), *_) = sources.coordinator.calls
    assert (done.code, done.stdout) == (0, "added Folder jellyfin_0001\n")
    assert kind == "jellyfin"
    assert options == {
        "url": "http://nas.lan:8096/a=b",
        "username": "ada",
        "name": "NAS",
        "allow_insecure": True,
        "password": "pässword ",
    }


async def test_a_password_is_not_asked_for_where_nobody_can_answer(stage):
    """A password is not asked for where nobody can answer."""
    done = await stage.run("add", "jellyfin", "http://nas.lan", "ada")

    assert done.code == 2
    assert "--password-stdin" in done.stderr
    assert stage.coordinator.calls == []


@pytest.mark.parametrize("stdin", [b"\xff\n", b"x" * 5000])
async def test_a_password_that_can_not_be_one_is_refused(stage, stdin):
    """A password that can not be one is refused (K5)."""
    done = await stage.run("add", "jellyfin", "x", "ada", "--password-stdin", stdin=stdin)

    assert (done.code, stage.coordinator.calls) == (2, [])


async def test_a_missing_user_name_is_named_before_anything_is_asked(stage):
    """The sentence names the argument."""
    done = await stage.run("add", "jellyfin", "x", "--password-stdin", stdin=b"geheim\n")

    assert done.code == 2
    assert done.stderr.startswith("msdctl: adding a jellyfin source needs the argument USERNAME\n")
    assert stage.coordinator.calls == []


async def test_adding_in_vain_names_the_address(stage):
    """A mistyped address is seen at once."""
    stage.coordinator.failure = UnreachableError("the server refused the connection")

    done = await stage.run(
        *("add", "jellyfin", "http://nas.lan:8097", "ada", "--password-stdin"), stdin=b"x\n"
    )

    assert done.code == 1
    assert done.stderr.endswith("hint: the address that was tried is http://nas.lan:8097\n")


async def test_a_status_comes_with_what_to_do_now(sources):
    """Needs-auth: the user is needed."""
    view = sources.coordinator.sources.get(SourceId(NAS))
    refused = type(view.status)(
        status=PublicStatus.NEEDS_AUTH, reason=StatusReason.TOKEN_REFUSED, detail="no", since=5
    )
    sources.coordinator.put_status(NAS, refused)

    person = await sources.run("status", NAS)
    script = await sources.run("--json", "status", NAS)

    assert f"`msdctl reauth 'Folder {NAS}'` signs in again" in person.stderr
    assert (script.document["status"], script.stderr) == ("needs-auth", "")


async def test_a_folder_is_given_as_an_absolute_path(stage):
    """AddLocalSource takes an absolute path."""
    await stage.run("add", "local", "some folder", "--name", "Films")

    ((_, _, options),) = stage.coordinator.calls
    assert options["path"].startswith("/")
    assert options["path"].endswith("/some folder")
    assert options["name"] == "Films"


async def test_any_kind_can_be_added_by_its_options(stage):
    """Any kind can be added by its options: add KIND key=value…."""
    arguments = ("host=a=b", "port:=8096", "tls:=true", "--secret", "token", "--password-stdin")
    done = await stage.run("--json", "add", "odd", *arguments, stdin=b"t0k\n")

    assert stage.coordinator.calls == [
        ("add_source", "odd", {"host": "a=b", "port": 8096, "tls": True, "token": "t0k"})
    ]
    assert done.document == {"added": ["odd_0001"]}


async def test_sources_are_renamed_switched_and_removed_by_any_of_their_names(sources):
    """Sources are renamed switched and removed by any of their names."""
    for arguments in (
        ("rename", f"Folder {FILMS}", "Kino"),
        ("disable", "Kino", "jelly"),
        ("enable", FILMS),
        ("remove", "--yes", "Kino"),
    ):
        done = await sources.run(*arguments)
        assert done.code == 0, done

    assert sources.coordinator.calls == [
        ("rename_source", FILMS, "Kino"),
        ("set_source_enabled", FILMS, False),
        ("set_source_enabled", NAS, False),
        ("set_source_enabled", FILMS, True),
        ("remove_source", FILMS),
    ]


async def test_nothing_is_removed_where_nobody_can_be_asked(sources):
    """A script that means it says --yes."""
    done = await sources.run("remove", FILMS)

    assert (done.code, sources.coordinator.calls) == (2, [])
    assert "--yes" in done.stderr


async def test_an_account_is_removed_with_its_sources(sources):
    """Accounts --remove signs out; it needs --yes where nobody can be asked."""
    sources.coordinator.put_account("jellyfin_a1", NAS)

    refused = await sources.run("accounts", "--remove", "Ann")
    done = await sources.run("accounts", "--remove", "Ann", "--yes")

    assert (refused.code, done.code, done.stdout) == (2, 0, "signed out Ann\n")
    assert ("remove_account", "jellyfin_a1") in sources.coordinator.calls


async def test_sources_are_put_in_another_order_and_reconnected(sources):
    """Reorder and reconnect take names and ids."""
    reordered = await sources.run("reorder", NAS, FILMS)
    reconnected = await sources.run("reconnect", NAS)

    assert (reordered.code, reconnected.code) == (0, 0)
    assert ("reorder_sources", NAS, FILMS) in sources.coordinator.calls
    assert ("reconnect", NAS) in sources.coordinator.calls


async def test_what_a_source_leaves_out_is_listed_with_the_reason(sources):
    """Each row says what and why, with the name of its library."""
    row = SkippedRow(
        place="Films/odd.mkv", kind="broken", reason="it is empty", since=5, library_id="lib_1"
    )
    sources.coordinator.skipped_page = SkippedPage(rows=(row,), next_cursor="", total=1)

    done = await sources.run("skipped", FILMS)
    script = await sources.run("--json", "skipped", FILMS)

    assert re.search(r"Films/odd.mkv  it is empty  Movies +broken", done.stdout)
    assert script.document[0]["rows"][0]["reason"] == "it is empty"


async def test_a_certificate_is_shown_before_it_is_trusted(sources):
    """A script must say --yes; the fingerprint is that of the certificate that was shown."""
    refused = await sources.run("trust", NAS)
    done = await sources.run("trust", NAS, "--yes")
    undone = await sources.run("trust", NAS, "--none")

    assert (refused.code, done.code, undone.code) == (2, 0, 0)
    assert "subject" in refused.stdout
    assert ("trust_certificate", NAS, {"fingerprint": "ab" * 32}) in sources.coordinator.calls
    assert ("trust_certificate", NAS, {}) in sources.coordinator.calls


async def test_a_private_authority_is_read_from_its_file(sources, tmp_path):
    """Its text travels, not its path; a file without a certificate is refused."""
    pem = tmp_path / "ca.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "no.pem").write_text("nothing")

    done = await sources.run("trust", NAS, "--ca-file", str(pem))
    wrong = await sources.run("trust", NAS, "--ca-file", str(tmp_path / "no.pem"))

    assert (done.code, wrong.code) == (0, 2)
    assert sources.coordinator.calls[-1][2] == {"ca_certificate": pem.read_text()}


DETAILS = {
    DetailsState.DONE: "",
    DetailsState.RUNNING: "fetching people and versions of 2,075 items",
    DetailsState.WAITING: (
        "people and versions of 2,075 items will be fetched when nothing else is asked of it"
    ),
    DetailsState.UNSUPPORTED: (
        "people and versions of 2,075 items come when you look at them: it gives them one at a time"
    ),
    DetailsState.OFF: (
        "people and versions of 2,075 items are not fetched: sync.details is false in the settings"
    ),
}


@pytest.mark.parametrize("state", DETAILS)
async def test_the_status_tells_how_far_details_are_in_one_sentence(stage, state):
    """The front page only says that they are fetched now: nothing else calls for anybody."""
    missing = 2075 if DETAILS[state] else 0
    stage.coordinator.put_source(
        NAS, status=CONNECTED, item_count=3000, details=state, details_missing=missing
    )

    front = (await stage.run()).stdout
    told = (await stage.run("status", NAS)).stdout

    assert ("people" in front) is (state is DetailsState.RUNNING)
    assert DETAILS[state] in " ".join(told.split())
    assert "details_" not in told
    assert ("people" in told) is bool(DETAILS[state])


async def test_the_front_page_says_how_each_source_is_and_what_to_do(sources):
    """Bare msdctl is the front page, in sentences and with exit code 0."""
    done = await sources.run()

    assert done.code == 0
    assert done.stdout.splitlines()[0] == "msd 0.1.0: 12 items of 2 sources."
    assert f"○ Folder {FILMS}     offline: msd has just started" in done.stdout
    assert f"● Folder {NAS}  connected, 12 items" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "nope"),
        ("items", "--library", "nope"),
        ("show", "nope"),
        ("cancel", "77"),
        ("cancel", "../source/x"),
    ],
)
async def test_what_is_not_there_is_named_with_its_own_exit_code(sources, arguments):
    """What is not there is named with its own exit code (exit code 4)."""
    done = await sources.run(*arguments)

    assert done.code == 4
    assert re.match(r"msdctl: there is no (source|library|item|job) '", done.stderr)


async def test_libraries_and_their_policy_are_shown_and_changed(sources):
    """Libraries and their policy are shown and changed (A5)."""
    listed = await sources.run("libraries", "local")
    settings = ("sync=interval", "interval_s=3600", "show_in_home=no", "content=shows")
    changed = await sources.run("--json", "policy", "Movies", *settings)

    assert re.search(rf"Movies  Folder {FILMS}  movies +3  live .*ago  lib_1", listed.stdout)
    assert changed.document == {
        "id": "lib_1",
        "name": "Movies",
        "sync": "live",
        "interval_s": 0,
        "show_in_home": True,
        "content": "",
    }
    assert sources.coordinator.calls == [
        (
            "set_library_policy",
            "lib_1",
            {"sync": "interval", "interval_s": 3600, "show_in_home": False, "content": "shows"},
        )
    ]


async def test_a_policy_key_that_nobody_knows_is_refused_by_the_daemon(sources):
    """Unknown keys are refused with InvalidArgument, naming the known ones."""
    done = await sources.run("policy", "lib_1", "color=red")

    assert done.code == 2
    assert "show_in_home" in done.stderr


async def test_items_from_a_server_are_shown_and_not_obeyed(sources):
    """Items from a server are shown and not obeyed (K5).

    Untrusted text.
    """
    done = await sources.run("items", "--limit", "2")

    assert done.stdout.splitlines() == [
        "TITLE                       TYPE   YEAR  SEEN     ID",
        "Film 0 \\x1b[31m[red]\\u202e  movie  1999  yes      it00000",
        "Film 1 \\x1b[31m[red]\\u202e  movie  1999  at 1:01  it00001",
    ]
    assert done.stderr == "2 of 1203; --all shows the rest\n"


async def test_all_items_are_followed_page_by_page(sources):
    """All items are followed page by page: --all follows the cursors."""
    done = await sources.run("items", "--all", "--json")

    answer = done.document
    assert [item["id"] for item in answer["items"]] == list(sources.coordinator.items)
    assert (answer["next_cursor"], answer["total"]) == ("", 1203)
    assert [query.limit for _, query in sources.coordinator.calls] == [500] * 3
    assert "\x1b" not in done.stdout


async def test_a_failure_on_a_later_page_leaves_a_whole_document_before_the_error(sources):
    """A script can read both, and go on at next_cursor."""
    sources.coordinator.fails_from = 500

    done = await sources.run("items", "--all", "--json")

    document, error = done.stdout.split("}\n{")
    answer = json.loads(document + "}")
    assert (len(answer["items"]), answer["next_cursor"]) == (500, "500")
    assert json.loads("{" + error)["error"]["code"] == "StorageFailed"
    assert done.code == 1


async def test_a_number_that_json_has_no_word_for_is_null(stage):
    """A number that json has no word for is null (absurd ratings)."""
    stage.coordinator.items["i"] = {"id": "i", "rating": float("nan")}

    done = await stage.run("items", "--json")

    assert done.document["items"] == [{"id": "i", "rating": None}]


async def test_no_items_are_an_empty_document(stage):
    """No items are an empty document."""
    done = await stage.run("items", "--json")

    assert done.document == {"items": [], "next_cursor": "", "total": 0}


async def test_a_limit_beyond_a_page_is_split(sources):
    """At most 500 items a page."""
    done = await sources.run("items", "--limit", "501", "--json")

    assert len(done.document["items"]) == 501
    assert done.document["next_cursor"] == "501"
    assert [query.limit for _, query in sources.coordinator.calls] == [500, 1]


async def test_every_condition_reaches_the_daemon(sources):
    """Every condition reaches the daemon: query options."""
    await sources.run(
        *("items", "--source", "local", "--library", "Movies", "--type", "movie"),
        *("--type", "show", "--parent", "p1", "--genre", "Sci-Fi", "--year", "1999"),
        *("--unwatched", "--favourite", "--no-in-progress", "--text", "mat", "--sort", "random"),
        *(
            "--seed",
            "7",
            "--descending",
            "--limit",
            "5",
            "--cursor",
            "3",
            "--fields",
            "genres,added",
        ),
    )

    ((_, query),) = sources.coordinator.calls
    assert query.source_ids == (FILMS,)
    assert query.library_ids == ("lib_1",)
    assert query.types == (ItemType.MOVIE, ItemType.SHOW)
    assert (query.parent_id, query.genres, query.years) == ("p1", ("Sci-Fi",), (1999,))
    assert (query.watched, query.favourite, query.in_progress) == (False, True, False)
    assert (query.text, query.sort, query.seed) == ("mat", SortKey.RANDOM, 7)
    assert (query.descending, query.limit, query.cursor) == (True, 5, "3")
    assert query.fields == ("genres", "added")


async def test_an_unknown_word_is_refused_by_the_daemon_with_the_known_ones(stage):
    """The daemon knows its words, msdctl does not copy them."""
    done = await stage.run("--json", "items", "--type", "film")

    error = done.document["error"]
    assert (done.code, error["code"]) == (2, "InvalidArgument")
    assert "movie" in error["message"]


@pytest.mark.parametrize(
    ("reason", "status"),
    [(StatusReason.KEYRING_LOCKED, PublicStatus.NEEDS_AUTH)],
)
async def test_a_status_word_is_shown_as_the_daemon_says_it(sources, reason, status):
    """A status word is shown as the daemon says it (words of the contract)."""
    view = sources.coordinator.sources.get(SourceId(NAS))
    sources.coordinator.put_status(
        NAS, type(view.status)(status=status, reason=reason, detail="locked", since=5)
    )

    done = await sources.run("status")

    assert re.search(rf"! Folder {NAS}  needs you: locked", done.stdout)
    assert "→ unlock it with `msdctl unlock`" in done.stdout
