"""Every example of the README and of the pages it links to runs against a live msd."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from msd.settings import (
    ArtworkSettings,
    LogSettings,
    NotificationSettings,
    SecretSettings,
    SyncSettings,
)
from tests.scripts.trial import ROOT, Trial, newcomer, trying

pytestmark = pytest.mark.timeout(180)

README = (ROOT / "README.md").read_text()
BUS = (ROOT / "docs/dbus.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README + BUS, re.DOTALL | re.MULTILINE)
# Commands of the page of use with what they print: "$ msdctl ..." and the lines up to the next.
PRINTED = [
    (command, output)
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    for command, output in re.findall(r"^\$ (msdctl.*)\n((?:[^$].*\n|\n)*)", block, re.MULTILINE)
    if output
]
# What msd does by itself after a start would show on the front page.
NOTHING_RUNS = 'while msdctl --json jobs | grep -q \'"state": "running"\'; do :; done'
VARIES = re.compile(r"\b(?:[0-9a-f]{20}|local_[0-9a-f_]+|(?:just now|\d+ \w+ ago))")
EXAMPLE_ID = re.compile(r"\blocal_[0-9a-f]{12}\b")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    directory = tmp_path_factory.mktemp("readme")
    with trying(directory / "data", newcomer(directory / "home")) as running:
        yield running


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_readme_runs(trial: Trial, block: str) -> None:
    """A block of the readme runs.

    Busctl examples that a test runs.
    """
    real_id = EXAMPLE_ID.search(trial.printed)
    assert real_id

    printed = trial.shell(EXAMPLE_ID.sub(real_id[0], block))

    assert printed.strip()


@pytest.mark.parametrize(("command", "output"), PRINTED)
def test_the_readme_shows_what_a_command_really_prints(
    trial: Trial, command: str, output: str
) -> None:
    """Ids and times vary; every other word of the page of use is real."""
    printed = trial.shell(f"{NOTHING_RUNS}; {command}")

    assert VARIES.sub("*", printed).split() == VARIES.sub("*", output).split()


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """Documents move; the README must not promise what is not there."""
    for name, text in (
        ("README.md", README),
        ("docs/dbus.md", BUS),
        ("docs/settings.md", SETTINGS),
    ):
        links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
        folder = (ROOT / name).parent
        assert [link for link in links if not (folder / link).exists()] == [], name


def test_the_settings_page_tells_the_defaults_of_the_settings() -> None:
    """The settings page tells the defaults of the settings.

    The documented settings are those of the code.
    """
    (block,) = re.findall(r"^```toml\n(.*?)^```$", SETTINGS, re.DOTALL | re.MULTILINE)
    told = tomllib.loads(block)

    assert told == {
        "sync": {
            "interval_s": SyncSettings().interval_s,
            "parallel": SyncSettings().parallel,
            "details": SyncSettings().details,
        },
        "log": {"level": LogSettings().level},
        "secrets": {"store": SecretSettings().store},
        "artwork": {"max_mb": ArtworkSettings().max_mb},
        "notifications": {"enabled": NotificationSettings().enabled},
    }


def test_every_dependency_has_its_reason() -> None:
    """Every dependency has its reason.

    A dependency is a decision.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[\w-]+", wish)[0] for wish in project["dependencies"]]
    decisions = (ROOT / "docs/decisions.md").read_text()

    assert [name for name in names if name.lower() not in decisions.lower()] == []
