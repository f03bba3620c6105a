"""The bundle holds what a report needs, and nothing that nobody else should see."""

import pytest

from msd.cli.doctor.bundle import redacted
from tests.cli.stage import Stage

TOKEN = "xy1Zk8_LmQ9pT3vB7nR2"


@pytest.mark.parametrize(
    "text",
    [
        f"X-Plex-Token={TOKEN}&x=1",
        f'"token": "{TOKEN}"',
        f"password: {TOKEN}",
        f"Authorization: {TOKEN}",
        f"something {TOKEN} something",
    ],
)
def test_what_looks_like_a_token_is_replaced(text):
    """Even where msd would never write one."""
    assert TOKEN not in redacted(text, {})


def test_addresses_and_given_words_are_replaced():
    """A name with letters that JSON escapes is found too."""
    words = {"Ada's Kino": "SOURCE-1", 'a"b': "SOURCE-2"}

    text = redacted('Ada\'s Kino at http://nas.lan:8096/x and 192.168.1.20, "a\\"b"', words)

    assert text == 'SOURCE-1 at ADDRESS and ADDRESS, "SOURCE-2"'


@pytest.mark.anyio
async def test_the_bundle_is_one_private_file_without_names(stage: Stage, tmp_path):
    """Names of sources are replaced; findings and versions are there."""
    stage.coordinator.put_source("local_aaaaaaaaaaaa")
    path = tmp_path / "report.txt"

    done = await stage.run("bundle", str(path))

    text = path.read_text()
    assert (done.code, path.stat().st_mode & 0o777) == (0, 0o600)
    assert "== findings" in text
    assert "SOURCE-1" in text
    assert "Folder local" not in text
