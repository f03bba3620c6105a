"""The documents beside the checkout: recorded answers, published documents, judged lists.

They are never committed. Tests that need them are skipped, visibly, where they are absent; where
CI is set their absence is a failure.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
PROTOCOLS = SHARED / "protocols"


def require(path: Path) -> None:
    """Skip the test, or the module that is being imported, when a shared path is not here."""
    if not path.exists():
        assert not os.environ.get("CI"), f"there is no {path}"
        pytest.skip(f"../shared has no {path.name} here", allow_module_level=True)
