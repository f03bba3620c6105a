"""What a typed text may mean: its words in the forms that the index may have them in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise, product

from msgspec import Struct

from msd.store.cache.rows.search_text import (
    LISTED_LETTERS,
    OPTIONAL,
    is_by_character,
    number_words,
    without_optional,
)

SHORTEST_MISTAKE = 5  # letters of a word in which a typing mistake is looked for
LONGEST_MISTAKE = LISTED_LETTERS - 1  # one letter may be missing
MOST_CORRECTIONS = 8  # words that a mistaken one may have been
MOST_MENDED = 8  # words of a text in which a mistake is looked for
_MOST_JOINED = 24  # letters of a word that may be two
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# Articles and "and" of other languages, which a title may have in another form or not at all.
_ARTICLES = "der die das ein eine le la les un une el los las il lo de"
_AND = "und et y e och og en ja i ve и та"
_SMALL_WORDS = frozenset([*_ARTICLES.split(), *_AND.split()])
# How titles spell what sounds the same ("Nothing Compares 2 U"), and what is often shortened.
_SHORT_FORMS = {
    "to": "2", "too": "2", "for": "4", "you": "u", "are": "r", "ate": "8", "volume": "vol",
    "part": "pt", "number": "no", "mister": "mr", "missus": "mrs", "doctor": "dr", "saint": "st",
    "versus": "vs", "featuring": "feat", "mount": "mt", "sergeant": "sgt", "captain": "capt",
    "junior": "jr", "senior": "sr", "episode": "ep",
}  # fmt: skip
_OTHER_FORMS: Mapping[str, str] = _SHORT_FORMS | {
    short: long for long, short in _SHORT_FORMS.items()
}

KnownWords = Callable[[Collection[str]], Collection[str]]
"""Returns which of some words there are in the index."""


class Reading(Struct, frozen=True):
    """Words that must all be there; the last one may be unfinished."""

    words: tuple[str, ...]
    are_beginnings: bool = False  # any word may be unfinished

    def whole_words_in(self, tokens: str) -> int | None:
        """Return how many words are there as a whole; None when one is missing.

        Args:
            tokens: words with a space before and after each, " heat wave ".
        """
        whole = 0
        last = len(self.words) - 1
        for at, word in enumerate(self.words):
            if f" {word} " in tokens:
                whole += 1
            elif (at < last and not self.are_beginnings) or not self._begins(at, tokens):
                return None
        return whole

    def _begins(self, at: int, tokens: str) -> bool:
        return f" {self.words[at]}" in tokens and not is_by_character(self.words[at])

    def may_be_unfinished(self, at: int) -> bool:
        """Return whether the word at a place may be the beginning of a longer one."""
        is_last = at == len(self.words) - 1
        return (is_last or self.are_beginnings) and not is_by_character(self.words[at])


def readings(typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return typed words as they are, and with numbers as digits."""
    needed = without_optional(typed)
    return _distinct([needed, number_words(needed)])


def joined(typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return readings with words written as one: star wars is starwars."""
    needed = without_optional(typed)
    if len(needed) == 1:
        return ()
    found: list[tuple[str, ...]] = [("".join(needed),), ("".join(typed),)]
    for at, (first, second) in enumerate(pairwise(needed)):
        found.append((*needed[:at], first + second, *needed[at + 2 :]))
    return _distinct(found)


def beginnings(typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return the reading in which none of several words need be finished."""
    needed = without_optional(typed)
    return [Reading(needed, are_beginnings=True)] if len(needed) > 1 else ()


def taken_apart(known_words: KnownWords, typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return readings with one word written as two known ones: starwars is star wars.

    The second part of the last word may be unfinished.
    """
    needed = without_optional(typed)
    cuts = [
        (at, word[:cut], word[cut:])
        for at, word in enumerate(needed)
        if len(word) <= _MOST_JOINED
        for cut in range(1, len(word))
    ]
    known = {*known_words({part for _, *parts in cuts for part in parts})}
    return _distinct(
        [
            (*needed[:at], first, second, *needed[at + 1 :])
            for at, first, second in cuts
            if first in known and (second in known or at == len(needed) - 1)
        ]
    )


def with_mistakes(known_words: KnownWords, typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return readings without small words, with other forms, and with one mistake mended.

    A mended word is a known one that differs by one edit.
    """
    needed = without_optional(typed)
    plain = tuple(word for word in needed if word not in _SMALL_WORDS) or needed
    found = [plain] if plain != needed else []
    found += [
        (*words[:at], _OTHER_FORMS[word], *words[at + 1 :])
        for words in (needed, number_words(needed))
        for at, word in enumerate(words)
        if word in _OTHER_FORMS
    ]
    found.append(tuple(_SHORT_FORMS.get(word, word) for word in needed))
    for words in (plain, ("".join(needed),) if len(needed) > 1 else ()):
        if len(words) > MOST_MENDED:
            continue
        for at, word in enumerate(words):
            if SHORTEST_MISTAKE <= len(word) <= LONGEST_MISTAKE and word not in OPTIONAL:
                found += [
                    (*words[:at], mended, *words[at + 1 :]) for mended in _mended(known_words, word)
                ]
    return [reading for reading in _distinct(found) if reading.words != needed]


def _distinct(found: Sequence[tuple[str, ...]]) -> Sequence[Reading]:
    return [Reading(words) for words in dict.fromkeys(found)]


def _mended(known_words: KnownWords, word: str) -> Sequence[str]:
    """Return known words at one edit from a word; those that begin like it first."""
    known = known_words({*_edits(word)} - {word})
    return sorted(known, key=lambda found: (found[:2] != word[:2], found))[:MOST_CORRECTIONS]


def _edits(word: str) -> Iterator[str]:
    """Return everything at one edit from a word: a letter more, less, other, or exchanged."""
    letters = _LETTERS if word.isascii() else "".join(dict.fromkeys(word))
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    for before, after in cuts:
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
    for (before, after), letter in product(cuts, letters):
        yield before + letter + after
        if after:
            yield before + letter + after[1:]
