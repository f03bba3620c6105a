"""What a person calls a source finds exactly one source, or says why not."""

import pytest

from msd.cli.daemon.lookup import match
from msd.cli.errors import CommandError, ExitCode

ROWS = [
    {"id": "local_aa11", "name": "Films"},
    {"id": "local_aa22", "name": "local_aa11"},
    {"id": "jellyfin_bb", "name": "Films"},
    {"id": "jellyfin_cc", "name": "Living room"},
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("local_aa11", "local_aa11"),
        ("Living room", "jellyfin_cc"),
        ("jellyfin_c", "jellyfin_cc"),
        ("local_aa2", "local_aa22"),
        ("LIVING ROOM", "jellyfin_cc"),
        ("living", "jellyfin_cc"),
    ],
)
def test_an_id_wins_over_a_name_and_a_name_over_the_start_of_an_id(name, expected):
    """An id wins over a name and a name over the start of an id."""
    assert expected == match("Source", ROWS, name)


@pytest.mark.parametrize(("name", "code"), [("Films", "Ambiguous"), ("local_", "Ambiguous")])
def test_a_name_that_means_several_is_refused_with_all_of_them(name, code):
    """A source is never guessed: there is no default source."""
    with pytest.raises(CommandError) as caught:
        match("Source", ROWS, name)

    assert code == caught.value.code
    assert "local_aa11" in caught.value.message
    assert caught.value.exit_code is ExitCode.UNKNOWN


@pytest.mark.parametrize("name", ["", "room", "LOCAL_bb", "%"])
def test_a_name_that_means_nothing_is_an_unknown_source(name):
    """A name that means nothing is an unknown source (exit code 4)."""
    with pytest.raises(CommandError) as caught:
        match("Source", ROWS, name)

    assert caught.value.code == "UnknownSource"
    assert caught.value.exit_code is ExitCode.UNKNOWN
