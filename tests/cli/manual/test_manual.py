"""Man pages, HTML and completions are made from the program, and are well formed."""

import re
import shutil
import subprocess

import pytest

from msd.cli import catalog
from msd.cli.manual.__main__ import write_all
from msd.cli.manual.completions import completions
from msd.cli.manual.html import bus_page
from msd.cli.manual.interfaces import read_interfaces
from msd.cli.manual.man import man_pages
from msd.cli.package_data import interface_folder
from msd.dbus.serving.spec import read_specs

INTERFACES = read_interfaces(interface_folder())


def test_every_member_of_the_contract_is_documented():
    """The documentation has the members that the daemon serves, each with a text."""
    specs = read_specs(interface_folder())

    for interface in INTERFACES:
        spec = specs[interface.name]
        names = {member.name for member in interface.members}
        assert names == {*spec.methods, *spec.signals, *spec.properties}
        assert interface.summary
        bare = [one.name for one in interface.members if not (one.blocks or one.arguments)]
        assert bare == []


def test_every_argument_of_the_contract_has_a_text():
    """A comment that names its arguments wrongly would show as an empty text."""
    silent = [
        (member.name, argument.name)
        for interface in INTERFACES
        for member in interface.members
        for argument in member.arguments
        if not argument.text
    ]

    assert silent == []


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@pytest.mark.parametrize("name", ["msd.1", "msdctl.1", "org.msd.Msd1.5"])
def test_a_man_page_is_shown_without_a_warning(tmp_path, name):
    """Groff reads it, and its title and name are there."""
    page = tmp_path / name
    page.write_text(man_pages(INTERFACES)[name])

    shown = subprocess.run(
        ["man", "--warnings", "--local-file", page], capture_output=True, text=True, check=True
    )

    assert shown.stderr == ""
    assert name.rpartition(".")[0] in shown.stdout


def test_the_man_page_of_msdctl_describes_every_command():
    """No command is left out."""
    page = man_pages(INTERFACES)["msdctl.1"]

    described = re.findall(r"^\.SS msdctl ([a-z\\-]+)", page, re.MULTILINE)
    assert [name.replace("\\-", "-") for name in described] == [
        command.name for command in catalog.commands()
    ]


def test_the_page_of_the_bus_has_an_anchor_for_each_member():
    """Links into the page work."""
    page = bus_page(INTERFACES)

    assert 'id="org.msd.Msd1.SourceCoordinator.AddSource"' in page
    assert "<script" not in page


def test_the_bash_completion_completes_commands_and_options():
    """A real bash sources it."""
    script = completions()["bash"] + (
        "COMP_WORDS=(msdctl st); COMP_CWORD=1; _msdctl; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(msdctl sync --f); COMP_CWORD=2; _msdctl; echo ${COMPREPLY[@]}\n"
    )

    shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert shown.stdout.splitlines() == ["status start stop", "--full"]


def test_the_other_completions_name_every_command():
    """Zsh and fish are not at hand everywhere; what they read names all commands."""
    for shell in ("zsh", "fish"):
        text = completions()[shell]
        assert [one.name for one in catalog.commands() if one.name not in text] == []


def test_packages_find_everything_in_one_folder(tmp_path):
    """Python -m msd.cli.manual FOLDER."""
    write_all(tmp_path)

    written = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert written == sorted(
        [
            *("_msdctl", "msdctl", "msdctl.fish"),
            *("msd.1", "msdctl.1", "org.msd.Msd1.5", "org.msd.Msd1.html"),
        ]
    )
