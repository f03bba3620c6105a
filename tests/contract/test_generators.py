"""What C, Qt and documentation authors generate from the interface XML."""

import itertools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from msd.bus.exports import xml_folder
from msd.contract import INTERFACES

WORD = re.compile(r"[A-Za-z0-9]+")


def run(*command: str | Path, folder: Path) -> None:
    """Run a generator or a compiler; it must succeed without a word."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def gio_flags() -> list[str]:
    done = subprocess.run(
        ["pkg-config", "--cflags", "gio-unix-2.0"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("the headers of GIO are not installed")
    return done.stdout.split()


@needs("gdbus-codegen")
@needs("gcc")
@pytest.mark.parametrize("name", INTERFACES)
def test_c_code_is_generated_and_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """GLib's generator reserves words for arguments; a compiler finds clashes of names."""
    flags = gio_flags()
    source = xml_folder() / f"{name}.xml"
    prefix = ("--interface-prefix", "org.msd.Msd1.", "--c-namespace", "Msd")
    run("gdbus-codegen", *prefix, "--generate-c-code", "generated", source, folder=tmp_path)

    strict = ("gcc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    run(*strict, *flags, "generated.c", folder=tmp_path)


@needs("gdbus-codegen")
@pytest.mark.parametrize("name", INTERFACES)
def test_the_generated_documentation_has_every_word_of_the_comments(
    name: str, tmp_path: Path
) -> None:
    """GLib ends a list of arguments at the first one of two lines and loses the rest."""
    source = xml_folder() / f"{name}.xml"
    run("gdbus-codegen", "--generate-docbook", "doc", source, folder=tmp_path)

    text = " ".join(ET.parse(tmp_path / f"doc-{name}.xml").getroot().itertext())
    generated = set(WORD.findall(text))
    comments = re.findall(r"<!--(.*?)-->", source.read_text(), re.DOTALL)
    written = {word for comment in comments for word in WORD.findall(comment)}
    assert written - generated <= {"short", "description"}


@pytest.mark.parametrize("name", INTERFACES)
def test_the_text_of_an_argument_is_one_line(name: str) -> None:
    """What follows on a second line is no longer part of the argument for GLib 2.74."""
    for comment in re.findall(
        r"<!--(.*?)-->", (xml_folder() / f"{name}.xml").read_text(), re.DOTALL
    ):
        lines = [line.strip() for line in comment.splitlines()]
        for line, following in itertools.pairwise(lines):
            if re.match(r"@[a-z_]+:", line):
                assert not following or re.match(r"@[a-z_]+:", following), following


@needs("qdbusxml2cpp")
@pytest.mark.parametrize("option", ["-p", "-a"], ids=["proxy", "adaptor"])
@pytest.mark.parametrize("name", INTERFACES)
def test_qt_code_is_generated(name: str, option: str, tmp_path: Path) -> None:
    """Qt's generator refuses a compound type without the name of a Qt type."""
    run("qdbusxml2cpp", option, "generated", xml_folder() / f"{name}.xml", folder=tmp_path)

    assert name in (tmp_path / "generated.h").read_text()
