"""Discovery over real distributions: what third parties offer, and what they can't do."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

SPEC = """
from msd.backend_api import BackendSpec
SPEC = BackendSpec(kind={kind!r}, display_name="Third party's", options=(), add=None, open=None)
"""
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from msd.backends import discover
print(json.dumps({kind: spec.display_name for kind, spec in discover().items()}))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where third parties are installed."""
    site = tmp_path / "site"
    site.mkdir()
    return site


def install(site: Path, module: str, source: str, attribute: str = "SPEC") -> None:
    """Install a distribution that offers a backend by entry point."""
    (site / f"{module}.py").write_text(source)
    metadata = site / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[msd.backends]\n{module} = {module}:{attribute}\n")


def found(site: Path) -> tuple[Mapping[str, str], str]:
    """Return the display names by kind, and what was logged, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, site], capture_output=True, text=True, check=True, timeout=30
    )
    kinds: Mapping[str, str] = json.loads(done.stdout)
    return kinds, done.stderr


def test_a_backend_of_a_third_party_is_found_beside_our_own(site: Path) -> None:
    """Issue: a new backend needs no change of msd."""
    install(site, "msd_dummy", SPEC.format(kind="dummy"))

    kinds, logged = found(site)

    assert kinds["dummy"] == "Third party's"
    assert {"jellyfin", "local", "plex"} <= set(kinds)
    assert logged == ""


@pytest.mark.parametrize(
    "source",
    ["import no_such_module", "raise ValueError('a bug')", "SPEC = = 1", ""],
    ids=["misses a module", "raises", "is no Python", "has no SPEC"],
)
def test_a_backend_that_can_not_be_loaded_is_left_out(site: Path, source: str) -> None:
    """Style section 4: one plug-in takes nothing else down; the journal names it."""
    install(site, "msd_broken", source)
    install(site, "msd_dummy", SPEC.format(kind="dummy"))

    kinds, logged = found(site)

    assert set(kinds) == {"jellyfin", "local", "plex", "dummy"}
    assert "msd_broken" in logged


@pytest.mark.parametrize("source", [SPEC.format(kind="jellyfin"), "SPEC = 'not a spec'"])
def test_a_third_party_can_not_take_the_place_of_one_of_our_own(site: Path, source: str) -> None:
    """A third party can not take the place of one of our own (K4).

    It would be handed the other's tokens.
    """
    install(site, "msd_usurper", source)

    kinds, logged = found(site)

    assert set(kinds) == {"jellyfin", "local", "plex"}
    assert kinds["jellyfin"] != "Third party's"
    assert "msd_usurper" in logged
