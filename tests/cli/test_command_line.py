"""Command lines: what is meant, what can't be, and what the help says."""

import json
import re

import pytest

from msd.cli import catalog
from msd.cli.__main__ import main
from msd.cli.browse.library import policy_setting
from msd.cli.command_line import every_parser, general_help, parse
from msd.cli.commands.add import given_options
from msd.cli.daemon.backends import Backend, Option
from msd.cli.errors import CommandError, ExitCode
from msd.cli.session import fitted
from msd.dbus.messages.variant import Variant
from msd.models import ItemType, SortKey

URL = Option("url", "s", "address", is_required=True, is_secret=False, is_path=False)
USER = Option("username", "s", "who", is_required=True, is_secret=False, is_path=False)
KEY = Option("api_key", "s", "a key", is_required=False, is_secret=True, is_path=False)
PATH = Option("path", "s", "a folder", is_required=True, is_secret=False, is_path=True)
KINDS = {
    "jellyfin": Backend("jellyfin", "Jellyfin", (URL, USER, KEY), ()),
    "local": Backend("local", "Folder", (PATH,), None),
}
COMMANDS = [command.name for command in catalog.commands()]


def added(kind, *arguments):
    """Return the options of AddSource that a command line gives."""
    options = parse(["add", kind, *arguments])
    return given_options(options, KINDS.get(kind))


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    return capsys.readouterr().out


def test_every_command_is_listed_in_the_help_by_task():
    """The catalog, the parsers and the help name the same commands."""
    listed = re.findall(r"^  ([a-z-]+) ", general_help(), re.MULTILINE)

    assert [name for name in listed if name != "msdctl"] == COMMANDS
    assert list(every_parser()) == COMMANDS


def test_the_help_fits_a_terminal_of_80_columns():
    """The terminal would break words."""
    assert [line for line in general_help().splitlines() if len(line) > 95] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_text_and_takes_json(command, capsys):
    """`msdctl COMMAND --help` shows usage and `--json`."""
    text = help_of(command, capsys)

    assert text.startswith(f"usage: msdctl {command}")
    assert "--json" in text


@pytest.mark.parametrize("word", catalog.ALIASES)
def test_words_that_people_try_mean_a_command(word):
    """An alias is no command itself and leads to one."""
    assert word not in COMMANDS
    assert catalog.find(word) is not None


@pytest.mark.parametrize("word", catalog.ADVICE)
def test_words_that_are_no_command_are_answered_with_what_to_do(word):
    """Advice names what there is instead."""
    with pytest.raises(CommandError) as caught:
        parse([word])

    assert caught.value.hint == catalog.ADVICE[word]


@pytest.mark.parametrize(
    ("typed", "meant"), [("stauts", "status"), ("sorces", "sources"), ("lgoin", "login")]
)
def test_a_mistyped_command_is_answered_with_the_nearest(typed, meant):
    """Did you mean."""
    with pytest.raises(CommandError) as caught:
        parse([typed])

    assert caught.value.hint == f"did you mean `msdctl {meant}`?"


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_without_a_command_the_status_is_meant(arguments):
    """Without a command the status is meant (`msdctl alone` shows something useful)."""
    assert parse(arguments).source is None


def test_several_words_are_searched_for():
    """`msdctl find low hey` needs no quotes."""
    assert parse(["find", "low", "hey", "--type", "album"]).words == ["low", "hey"]


@pytest.mark.parametrize("arguments", [["--json", "sources"], ["sources", "--json"]])
def test_json_may_be_asked_for_before_or_after_the_command(arguments):
    """Json may be asked for before or after the command: --json on all."""
    assert parse(arguments).as_json


def test_the_help_of_items_names_every_type_and_every_order(capsys):
    """The help of items names every type and every order: good help texts."""
    words = set(re.findall(r"[a-z-]+", help_of("items", capsys)))

    assert {item_type.value for item_type in ItemType} <= words
    assert {key.value for key in SortKey} <= words


@pytest.mark.parametrize(
    "arguments", [["xyzzy"], ["frobnicate", "x"], ["sync", "--ful"], ["sources", "y"]]
)
def test_a_wrong_command_line_is_one_sentence_and_a_hint(arguments, capsys):
    """A wrong command line is one sentence and a hint (exit code 2)."""
    assert main(arguments) == ExitCode.USAGE
    sentence, hint = capsys.readouterr().err.splitlines()
    assert sentence.startswith("msdctl: ")
    assert hint.startswith("hint: `msdctl")


def test_a_wrong_command_line_is_json_for_a_script(capsys):
    """A wrong command line is json for a script: errors as JSON too."""
    code = main(["xyzzy", "--json"])

    shown = capsys.readouterr()
    assert (code, shown.err) == (2, "")
    assert json.loads(shown.out)["error"]["code"] == "Usage"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"],
        ["--limit", "x"],
        ["--limit", "5", "--all"],
        ["--year", "nineteen"],
        ["--watched", "--unwatched"],
    ],
)
def test_a_query_that_can_not_be_meant_is_a_usage_error(arguments):
    """A query that can not be meant is a usage error (exit code 2)."""
    with pytest.raises(CommandError) as caught:
        parse(["items", *arguments])

    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "arguments",
    [
        ["jellyfin", "x", "ada", "more"],
        ["jellyfin", "url=x", "ada"],
        ["odd", "novalue"],
        ["odd", "=x"],
        ["odd", ":=1"],
        ["odd", "port:=many"],
        ["odd", f"port:={2**32}"],
        ["odd", "port:=\u0663"],
    ],
)
def test_an_add_that_can_not_be_meant_is_a_usage_error(arguments):
    """An add that can not be meant is a usage error (exit code 2)."""
    with pytest.raises(CommandError) as caught:
        added(*arguments)

    assert caught.value.exit_code is ExitCode.USAGE


def test_the_short_forms_and_key_values_mean_the_same():
    """What a kind needs is given in its order, or by name."""
    short = added("jellyfin", "http://x/?a=b", "ada", "--allow-insecure")
    pairs = ("url=http://x/?a=b", "username=ada", "allow_insecure:=true")

    assert short == added("jellyfin", *pairs) == added("odd", *pairs)


def test_a_folder_may_be_called_like_a_key_and_a_value():
    """Only names of options are keys."""
    assert added("local", "/srv/a=b") == {"path": Variant("s", "/srv/a=b")}
    assert added("local", "path=/srv/x") == {"path": Variant("s", "/srv/x")}


@pytest.mark.parametrize("setting", ["sync", "=x", "show_in_home=maybe", "interval_s=-1"])
def test_a_policy_that_can_not_be_meant_is_refused(setting):
    """A policy that can not be meant is refused (exit code 2)."""
    with pytest.raises(CommandError) as caught:
        policy_setting(setting)

    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("setting", "variant"),
    [
        ("sync=off", Variant("s", "off")),
        ("interval_s=3600", Variant("u", 3600)),
        ("show_in_home=no", Variant("b", False)),
        ("content=", Variant("s", "")),
        ("color=red", Variant("s", "red")),
    ],
)
def test_a_policy_is_typed_as_the_contract_says(setting, variant):
    """SetLibraryPolicy."""
    assert policy_setting(setting) == (setting.partition("=")[0], variant)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_help_fits_the_terminal(width):
    """Lines are broken between words; a command to be pasted is not broken at all."""
    texts = [general_help(), *(parser.epilog or "" for parser in every_parser().values())]

    for text in texts:
        shown = fitted(text, width)
        assert shown.split() == text.split()
        lines = [line for line in shown.splitlines() if not line.startswith("  msdctl")]
        assert max(map(len, lines), default=0) <= width


def test_a_line_with_a_term_is_broken_below_its_words():
    """The term stands out at the left."""
    text = "One\ntwo.\n\n  plex URL    a link for\n  id  short\n\n  msdctl login a-long-one"

    assert fitted(text, 20).splitlines() == [
        "One two.",
        "",
        "  plex URL    a link",
        "              for",
        "  id  short",
        "",
        "  msdctl login a-long-one",
    ]
