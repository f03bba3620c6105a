"""What setup installs, and how it changes files."""

import configparser

import pytest

from msd.cli.errors import CommandError
from msd.cli.setup.changes import Changes
from msd.cli.setup.places import Folders, files_to_install
from msd.cli.setup.program import Program


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")


@pytest.fixture
def said():
    return []


def text_of(path, files):
    (text,) = (file.text for file in files if file.path == path)
    return text


def test_the_unit_and_the_activation_file_call_the_installed_program(folders, tmp_path):
    """A path with spaces is quoted as systemd and D-Bus want it."""
    program = Program(tmp_path / "my programs/msd", is_system=False)

    files = files_to_install(program, folders, with_systemd=True)

    assert f'ExecStart="{program.path}"' in text_of(folders.unit, files)
    activation = configparser.ConfigParser()
    activation.read_string(text_of(folders.activation, files))
    assert activation["D-BUS Service"]["exec"] == f'"{program.path}"'
    assert activation["D-BUS Service"]["systemdservice"] == "msd.service"


def test_without_systemd_there_is_no_unit_but_an_autostart_entry(folders, tmp_path):
    """The bus starts msd itself then."""
    program = Program(tmp_path / "msd", is_system=False)

    files = files_to_install(program, folders, with_systemd=False)

    assert folders.unit not in [file.path for file in files]
    assert "SystemdService" not in text_of(folders.activation, files)
    assert f'Exec="{program.path}"' in text_of(folders.autostart, files)


def test_a_file_that_is_as_it_should_be_is_left_alone(said, tmp_path):
    """A second setup does nothing and says nothing."""
    path = tmp_path / "a/b"
    Changes(said.append, is_dry=False).install(path, "x")
    again = Changes(said.append, is_dry=False)

    again.install(path, "x")

    assert (again.count, said) == (0, [f"install {path}"])


def test_deleting_takes_empty_folders_along_and_stops_at_the_base(said, tmp_path):
    """--remove leaves no empty folders of its own behind."""
    changes = Changes(said.append, is_dry=False)
    changes.install(tmp_path / "base/a/b/file", "x")
    changes.install(tmp_path / "base/a/other", "x")

    changes.delete(tmp_path / "base/a/b/file", below=tmp_path / "base")
    changes.delete(tmp_path / "base/a/other", below=tmp_path / "base")

    assert list((tmp_path / "base").iterdir()) == []


def test_a_dry_run_changes_nothing(said, tmp_path):
    """--dry-run tells what would be done."""
    changes = Changes(said.append, is_dry=True)

    changes.install(tmp_path / "file", "x")
    changes.delete(tmp_path, below=tmp_path)

    assert said == [f"would install {tmp_path}/file", f"would remove {tmp_path}"]
    assert tmp_path.exists()


def test_a_place_that_can_not_be_written_is_one_sentence(said, tmp_path):
    """No traceback; the hint names the folder."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CommandError, match="can't be changed") as caught:
        Changes(said.append, is_dry=False).install(tmp_path / "file/below", "x")

    assert "writable" in caught.value.hint
