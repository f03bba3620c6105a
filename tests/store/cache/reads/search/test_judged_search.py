"""Search against two judged lists: what a person expects to see for what he types."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.cache.reads.search.judged_list import Outcome, fill, judged
from tests.store.conftest import Paths, Stores
from tests.support.shared import SHARED, require

SHARED_LIST = SHARED / "judged" / "search.json"
require(SHARED_LIST)
OWN_LIST = Path(__file__).with_name("kinds.json")
GOAL = 0.95
NOTHING_IS_GUESSED = ("diacritics", "script", "punctuation")


@pytest.fixture(scope="module", params=[SHARED_LIST, OWN_LIST], ids=["shared", "own"])
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcome]:
    """What the searches of a list find in a store that holds its catalogue."""
    content: dict[str, Any] = json.loads(request.param.read_text())
    stores = Stores(Paths(tmp_path_factory.mktemp("catalogue")))
    fill(stores, content["catalogue"])
    yield judged(stores, content["queries"])
    stores.close()


def test_people_find_what_they_type(outcome: Outcome) -> None:
    """found@5 and MRR@5 over the whole list."""
    print(outcome.report())

    assert outcome.found_at_5() >= GOAL, outcome.report()
    assert outcome.mrr_at_5() >= GOAL, outcome.report()


def test_of_some_kinds_everything_is_found(outcome: Outcome) -> None:
    """Nothing is guessed about accents, scripts and punctuation."""
    for kind in {*NOTHING_IS_GUESSED} & {*outcome.found}:
        assert outcome.found_at_5(kind) == 1, outcome.report()
