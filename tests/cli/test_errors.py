"""Every error of the bus becomes one sentence, a word and an exit code."""

import re
from pathlib import Path

import pytest

from msd.cli import errors
from msd.cli.command_line import general_help
from msd.cli.errors import ExitCode, from_bus
from msd.contract import ERROR_PREFIX
from msd.errors import MsdError

FREEDESKTOP = "org.freedesktop.DBus.Error."


def every_error(base=MsdError):
    return {base.code}.union(*(every_error(error) for error in base.__subclasses__()))


@pytest.mark.parametrize("code", sorted(every_error()))
def test_each_error_of_msd_keeps_its_code_and_sentence(code):
    """Each error of msd keeps its code and sentence."""
    error = from_bus(ERROR_PREFIX + code, "the sentence")

    assert (error.code, error.message) == (code, "the sentence")
    assert error.exit_code not in (ExitCode.OK, ExitCode.NOT_REACHABLE)


@pytest.mark.parametrize(
    "name",
    [
        FREEDESKTOP + "ServiceUnknown",
        FREEDESKTOP + "NoReply",
        FREEDESKTOP + "Spawn.ChildExited",
        FREEDESKTOP + "Spawn.ServiceNotFound",
        "org.freedesktop.systemd1.NoSuchUnit",
    ],
)
def test_a_daemon_that_is_not_there_is_told_with_how_to_start_it(name):
    """A daemon that is not there is told with how to start it (exit code 3)."""
    error = from_bus(name, "The name was not provided by any .service files")

    assert error.exit_code is ExitCode.NOT_REACHABLE
    assert "msdctl start" in error.hint


@pytest.mark.parametrize("word", ["UnknownMethod", "InvalidArgs", "UnknownInterface"])
def test_a_daemon_of_another_version_is_told_apart(word):
    """A client that is newer than the daemon."""
    assert from_bus(FREEDESKTOP + word, "No method X").code == "NotSupported"


def test_an_error_that_nobody_knows_keeps_its_name():
    """A daemon newer than the client."""
    error = from_bus("org.example.Odd", "")

    assert (error.code, error.message, error.exit_code) == ("org.example.Odd",) * 2 + (1,)


def test_every_exit_code_is_documented_in_the_help():
    """Every exit code is documented in the help: exit codes documented."""
    documented = re.findall(r"^  (\d+)  ", general_help(), flags=re.MULTILINE)

    assert [str(code.value) for code in ExitCode] == documented


def test_no_error_word_hides_the_tree_of_errors():
    """The table of exit codes names only codes that exist."""
    xml = Path("dbus/org.msd.Msd1.SourceCoordinator.xml").read_text()

    assert [code for code in errors._EXIT_CODES if code not in xml] == []
