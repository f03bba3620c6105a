"""Command lines: what is meant, what can't be, and what the help says."""

import json
import re

import pytest

from msd.cli.__main__ import main
from msd.cli.command_line import build_parser
from msd.cli.commands.add import given_options
from msd.cli.commands.library import policy_setting
from msd.cli.errors import CommandError, ExitCode
from msd.dbus.variant import Variant
from msd.models import ItemType, SortKey

COMMANDS = (
    *("sources", "remove", "rename", "enable", "disable", "add", "status", "sync"),
    *("confirm-deletes", "jobs", "cancel", "unlock", "libraries", "policy", "items", "item"),
    *("watch", "login", "reauth", "accounts", "discover", "connections", "explain"),
)


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    return capsys.readouterr().out


def test_every_command_is_listed_in_the_help():
    """issue 2 §8: good help texts"""
    whole = build_parser().format_help()

    listed = re.findall(r"^    ([a-z-]+)\s", whole, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_text_and_takes_json(command, capsys):
    """issue 2 §8: good help texts; --json on all"""
    text = help_of(command, capsys)

    assert text.startswith(f"usage: msdctl {command}")
    assert "--json" in text


@pytest.mark.parametrize("arguments", [["--json", "sources"], ["sources", "--json"]])
def test_json_may_be_asked_for_before_or_after_the_command(arguments):
    """issue 2 §8: --json on all"""
    assert build_parser().parse_args(arguments).as_json


def test_the_help_of_items_names_every_type_and_every_order(capsys):
    """issue 2 §8: good help texts"""
    words = set(re.findall(r"[a-z-]+", help_of("items", capsys)))

    assert {item_type.value for item_type in ItemType} <= words
    assert {key.value for key in SortKey} <= words


@pytest.mark.parametrize("arguments", [[], ["frob"], ["sync", "--ful"], ["sources", "extra"]])
def test_a_wrong_command_line_is_one_sentence_and_a_hint(arguments, capsys):
    """exit code 2"""
    assert main(arguments) == ExitCode.USAGE
    sentence, hint = capsys.readouterr().err.splitlines()
    assert sentence.startswith("msdctl: ")
    assert hint.startswith("hint: `msdctl")


def test_a_wrong_command_line_is_json_for_a_script(capsys):
    """issue 2 §8: errors as JSON too"""
    code = main(["frob", "--json"])

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
    """exit code 2"""
    with pytest.raises(CommandError) as caught:
        build_parser().parse_args(["items", *arguments])

    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "arguments",
    [
        ["jellyfin"],
        ["jellyfin", "x", "ada", "more"],
        ["odd", "novalue"],
        ["odd", "=x"],
        ["odd", ":=1"],
        ["odd", "port:=many"],
        ["odd", f"port:={2**32}"],
        ["odd", "port:=\u0663"],
    ],
)
def test_an_add_that_can_not_be_meant_is_a_usage_error(arguments):
    """exit code 2"""
    with pytest.raises(CommandError) as caught:
        given_options(build_parser().parse_args(["add", *arguments]))

    assert caught.value.exit_code is ExitCode.USAGE


def test_the_short_forms_and_key_values_mean_the_same():
    """issue 2 §8: add KIND key=value…"""
    parser = build_parser()
    short = parser.parse_args(["add", "jellyfin", "http://x/?a=b", "ada", "--allow-insecure"])
    pairs = ["add", "odd", "url=http://x/?a=b", "username=ada", "allow_insecure:=true"]

    assert given_options(short) == given_options(parser.parse_args(pairs))


@pytest.mark.parametrize("setting", ["sync", "=x", "show_in_home=maybe", "interval_s=-1"])
def test_a_policy_that_can_not_be_meant_is_refused(setting):
    """exit code 2"""
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
    """dbus-api: SetLibraryPolicy"""
    assert policy_setting(setting) == (setting.partition("=")[0], variant)
