"""Every shell line of the README runs against a live msd."""

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
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
EXAMPLE_ID = re.compile(r"\blocal_[0-9a-f]{12}\b")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    directory = tmp_path_factory.mktemp("readme")
    with trying(directory / "data", newcomer(directory / "home")) as running:
        yield running


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_readme_runs(trial: Trial, block: str) -> None:
    """Issue 2, item 10: busctl examples that a test runs."""
    real_id = EXAMPLE_ID.search(trial.printed)
    assert real_id

    printed = trial.shell(EXAMPLE_ID.sub(real_id[0], block))

    assert printed.strip()


def test_the_readme_tells_the_defaults_of_the_settings() -> None:
    """Behaviour §10: the documented settings are those of the code."""
    (block,) = re.findall(r"^```toml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    told = tomllib.loads(block)

    assert told == {
        "sync": {"interval_s": SyncSettings().interval_s, "parallel": SyncSettings().parallel},
        "log": {"level": LogSettings().level},
        "secrets": {"store": SecretSettings().store},
        "artwork": {"max_mb": ArtworkSettings().max_mb},
        "notifications": {"enabled": NotificationSettings().enabled},
    }


def test_every_dependency_has_its_reason() -> None:
    """Style §9: a dependency is a decision."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[\w-]+", wish)[0] for wish in project["dependencies"]]
    decisions = (ROOT / "docs/decisions.md").read_text()

    assert [name for name in names if name.lower() not in decisions.lower()] == []
