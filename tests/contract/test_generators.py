"""What C, Qt and documentation authors generate from the interface XML."""

import itertools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from msd.bus.exports import xml_folder
from msd.contract import INTERFACES

GUIDE = Path(__file__).parents[2] / "docs" / "writing-a-frontend.md"
WORD = re.compile(r"[A-Za-z0-9]+")


def run(*command: str | Path, folder: Path) -> None:
    """Run a generator or a compiler; it must succeed without a word."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def comments(name: str) -> list[str]:
    """Return the comments of an interface's XML file."""
    return re.findall(r"<!--(.*?)-->", (xml_folder() / f"{name}.xml").read_text(), re.DOTALL)


def compiler_flags(package: str) -> list[str]:
    """Return what a compiler needs for a library; the test is skipped without its headers."""
    done = subprocess.run(
        ["pkg-config", "--cflags", package], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"the headers of {package} are not installed")
    return done.stdout.split()


@needs("gdbus-codegen")
@needs("gcc")
@pytest.mark.parametrize("name", INTERFACES)
def test_c_code_is_generated_and_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """GLib's generator reserves words for arguments; a compiler finds clashes of names."""
    flags = compiler_flags("gio-unix-2.0")
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
    generated = Counter(WORD.findall(text))
    texts = (re.sub(r"</?(?:simplelist|member)>", " ", comment) for comment in comments(name))
    written = Counter(word for comment in texts for word in WORD.findall(comment))
    assert {"short", "description"} == set(written - generated)


@pytest.mark.parametrize("name", INTERFACES)
def test_keys_and_errors_are_lists(name: str) -> None:
    """A run-on paragraph of keys can't be read in the generated documentation."""
    for comment in comments(name):
        prose = re.sub(r"<simplelist>.*?</simplelist>", "", comment, flags=re.DOTALL)
        assert len(re.findall(r"`[a-z_]+` \(?(?:aa?\{s[uv]\}|as|[sbuxidot]\b)", prose)) < 2, prose
        assert not re.search(r"Errors:\s+(?!none of its own)\w", prose), prose


@pytest.mark.parametrize("name", INTERFACES)
def test_the_text_of_an_argument_is_one_line(name: str) -> None:
    """What follows on a second line is no longer part of the argument for GLib 2.74."""
    for comment in comments(name):
        lines = [line.strip() for line in comment.splitlines()]
        for line, following in itertools.pairwise(lines):
            if re.match(r"@[a-z_]+:", line):
                assert not following or re.match(r"@[a-z_]+:", following), following


@needs("qdbusxml2cpp")
@needs("g++")
@pytest.mark.parametrize("name", INTERFACES)
def test_qt_code_is_generated_and_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """Qt's generator refuses a compound type without the name of a Qt type."""
    flags = compiler_flags("Qt5DBus")
    guide = GUIDE.read_text()
    types = re.search(r"```cpp\n(.*?)```", guide, re.DOTALL)
    assert types is not None
    (tmp_path / "types.h").write_text("#pragma once\n" + types[1])
    source = xml_folder() / f"{name}.xml"
    run("qdbusxml2cpp", "-i", "types.h", "-p", "proxy", source, folder=tmp_path)
    run("qdbusxml2cpp", "-i", "types.h", "-a", "adaptor", source, folder=tmp_path)

    strict = ("g++", "-std=c++17", "-fPIC", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    run(*strict, *flags, "proxy.cpp", folder=tmp_path)
    # Of a method with several results the generator leaves the end to the author.
    unfinished = ("-Wno-return-type", "-Wno-unused-parameter")
    run(*strict, *unfinished, *flags, "adaptor.cpp", folder=tmp_path)


@needs("sdbus-c++-xml2cpp")
@needs("g++")
@pytest.mark.parametrize("name", INTERFACES)
def test_cpp_code_is_generated_and_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """The generator says that it ignores the annotations for Qt, and nothing else."""
    if not Path("/usr/include/sdbus-c++/sdbus-c++.h").exists():
        pytest.skip("the headers of sdbus-c++ are not installed")
    files = ("--proxy=proxy.h", "--adaptor=adaptor.h")
    program = ("sdbus-c++-xml2cpp", xml_folder() / f"{name}.xml", *files)
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    said = [line for line in done.stderr.splitlines() if "QtTypeName" not in line]
    assert [] == said

    (tmp_path / "both.cpp").write_text('#include "proxy.h"\n#include "adaptor.h"\n')
    strict = ("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    run(*strict, "both.cpp", folder=tmp_path)
