"""The settings file."""

from pathlib import Path

import pytest

from msd.errors import InvalidArgumentError
from msd.settings import load


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "msd.toml"
    path.write_text(text)
    return path


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    """All keys are optional, and so is the file."""
    settings = load(tmp_path / "none.toml")

    assert settings.sync.interval_s == 3600
    assert settings.state_db.name == "state.db"


def test_keys_replace_defaults(tmp_path: Path) -> None:
    """One key at a time."""
    settings = load(written(tmp_path, '[sync]\ninterval_s = 900\n[log]\nlevel = "debug"\n'))

    assert (settings.sync.interval_s, settings.sync.parallel) == (900, 3)
    assert settings.log.level == "debug"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[sync]\nintervall_s = 1\n", "unknown key sync.intervall_s"),
        ("[network]\n", "unknown table [network]"),
        ("sync = 1\n", "sync must be a table"),
        ('[sync]\ninterval_s = "1h"\n', "must be of type int"),
        ("[sync]\ninterval_s = true\n", "must be of type int"),
        ("[sync]\ninterval_s = 1\n", "must be 60 to"),
        ('[log]\nlevel = "loud"\n', "log.level"),
        ('[secrets]\nstore = "keyrings.alt"\n', "secrets.store"),
        ("[notifications]\nenabled = 1\n", "must be of type bool"),
        ("[sync\n", "not valid TOML"),
        ("#" * 300_000, "too large"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_sentence(
    tmp_path: Path, text: str, says: str
) -> None:
    """A typing mistake does not go unnoticed."""
    with pytest.raises(InvalidArgumentError, match=says.replace("[", r"\[").replace(".", r"\.")):
        load(written(tmp_path, text))


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """Errors of the disk are one sentence too."""
    with pytest.raises(InvalidArgumentError, match="can't be read"):
        load(tmp_path)
