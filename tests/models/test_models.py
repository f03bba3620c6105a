"""The values: frozen, complete, and with the words of the bus contract."""

from enum import StrEnum

import msgspec
import pytest

import msd.models
from msd.models import PublicStatus, StatusReason

CLASSES = [getattr(msd.models, name) for name in msd.models.__all__]
WORDS = [c for c in CLASSES if isinstance(c, type) and issubclass(c, StrEnum)]
VALUES = [c for c in CLASSES if isinstance(c, type) and issubclass(c, msgspec.Struct)]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__name__)
def test_words_are_lower_kebab(words: type[StrEnum]) -> None:
    """Dbus-api: enumerations are lower-kebab strings."""
    for word in words:
        assert word == "" or all(part.isalnum() and part.islower() for part in word.split("-"))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_frozen(value: type) -> None:
    """Style section 3."""
    assert value.__struct_config__.frozen


def test_the_status_words_are_those_of_the_rules() -> None:
    """Behaviour section 3."""
    assert {"connected", "offline", "needs-auth", "error"} == set(PublicStatus)
    assert len(StatusReason) == 28
