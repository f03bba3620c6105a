"""What a typed text may mean: its words in the forms that the index may have them in."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from msd.store.cache.rows.search_text import (
    OPTIONAL,
    is_by_character,
    number_words,
    without_optional,
)

SHORTEST_MISTAKE = 5  # letters of a word in which a typing mistake is looked for
MOST_CORRECTIONS = 8  # words that a mistaken one may have been
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ARTICLES = "der die das ein eine le la les un une el los las il lo de"
_FOREIGN_ARTICLES = frozenset(_ARTICLES.split())
# How titles spell what sounds the same: "Nothing Compares 2 U".
_SOUNDS = {"to": "2", "too": "2", "for": "4", "you": "u", "ate": "8", "are": "r"}
_KNOWN_WORDS = """
SELECT term, doc FROM search_word WHERE term IN (SELECT value FROM json_each(?))
"""


class Reading(Struct, frozen=True):
    """Words that must all be there; each may be the beginning of a longer one."""

    words: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The reading as FTS5 has it; quoted, so that nothing in it is an operator."""
        return " AND ".join(
            f'"{word}"' if is_by_character(word) else f'"{word}"*' for word in self.words
        )

    def whole_words_in(self, tokens: str) -> int | None:
        """Return how many words are there as a whole; None when one is missing.

        Args:
            tokens: words with a space before and after each, " heat wave ".
        """
        whole = 0
        for word in self.words:
            if f" {word} " in tokens:
                whole += 1
            elif f" {word}" not in tokens:
                return None
        return whole

    def has_any_of(self, words: Iterable[str]) -> bool:
        """Return whether one of the reading's words begins one of these."""
        return any(word.startswith(own) for word in words for own in self.words)


def readings(typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return the readings of typed words, without repeats."""
    needed = without_optional(typed)
    found = [needed, number_words(needed)]
    if len(needed) > 1:
        found.append(("".join(needed),))
        joined = "".join(typed)
        found.append((joined,))
        for at, (first, second) in enumerate(pairwise(needed)):
            found.append((*needed[:at], first + second, *needed[at + 2 :]))
    return [Reading(words) for words in dict.fromkeys(found)]


def with_mistakes(connection: sqlite3.Connection, typed: tuple[str, ...]) -> Sequence[Reading]:
    """Return readings in which one word is replaced by a known one that differs by one edit."""
    needed = without_optional(typed)
    plain = tuple(word for word in needed if word not in _FOREIGN_ARTICLES) or needed
    found = [plain] if plain != needed else []
    if (as_sound := tuple(_SOUNDS.get(word, word) for word in needed)) != needed:
        found.append(as_sound)
    for words in (plain, ("".join(needed),) if len(needed) > 1 else ()):
        for at, word in enumerate(words):
            if len(word) < SHORTEST_MISTAKE or word in OPTIONAL:
                continue
            found += [
                (*words[:at], correction, *words[at + 1 :])
                for correction in _corrections(connection, word)
            ]
    return [Reading(words) for words in dict.fromkeys(found)]


def _corrections(connection: sqlite3.Connection, word: str) -> Sequence[str]:
    rows = connection.execute(_KNOWN_WORDS, (json.dumps(list(set(_edits(word)) - {word})),))
    by_frequency = sorted(rows, key=lambda row: (-row[1], row[0]))
    return [term for term, _ in by_frequency[:MOST_CORRECTIONS]]


def _edits(word: str) -> Iterator[str]:
    """Return everything at one edit from a word: a letter more, less, other, or exchanged."""
    letters = _LETTERS if word.isascii() else "".join(dict.fromkeys(word))
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in letters:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
