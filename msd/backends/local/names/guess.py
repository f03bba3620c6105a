"""The last resort for names that no form of msd's own knows: parse-torrent-title, with doubts."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from msd.backends.local.files.text import clean_title

_SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")  # without one there is nothing to guess
_MOST = 2000


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """A plausible guess."""

    show: str
    season: int | None
    episodes: tuple[int, ...]  # at least one
    title: str


def guessed_episode(stem: str) -> Guess | None:
    """Return what parse-torrent-title makes of an episode's name, None when that can't be.

    A guess is plausible when its numbers stand in the name and are no year, resolution or codec.
    """
    if not _SHORT_NUMBER.search(stem):
        return None
    guess = _guess(stem)
    numbers = _as_numbers(guess.get("episode"))
    if not numbers or not all(_is_plausible(number, stem) for number in numbers):
        return None
    seasons, name = _as_numbers(guess.get("season")), guess.get("episodeName")
    return Guess(
        show=clean_title(str(guess.get("title", ""))),
        season=seasons[0] if seasons else None,
        episodes=tuple(numbers),
        title=clean_title(name) if isinstance(name, str) else "",
    )


def _guess(text: str) -> Mapping[str, Any]:
    import PTN  # noqa: PLC0415 - imported when a name needs it

    try:
        return PTN.parse(text, coherent_types=False)  # type: ignore[no-any-return]
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}  # no name is worth a failed sync


def _is_plausible(number: int, stem: str) -> bool:
    if number > _MOST or 1900 <= number < 2100:  # noqa: PLR2004 - years
        return False
    forms = re.finditer(rf"(?<!\d)0*{number}(?![\dpPiIkK])", stem)
    before = (stem[max(0, form.start() - 2) : form.start()] for form in forms)
    return any(not re.match(r"(?i)[hx]\.?$", two) for two in before)


def _as_numbers(value: object) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [number for number in values if isinstance(number, int)]
