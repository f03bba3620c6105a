"""The words that items have, and what to ask the index for by them."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator

from msd.store.cache.reads.search.readings import Reading
from msd.store.cache.rows.search_text import LISTED_LETTERS

MOST_COMPLETIONS = 16  # words that an unfinished one is replaced by
_INDEXED_LETTERS = 4  # beginnings of so many letters the index has as such

_KNOWN = "SELECT word FROM json_each(?) AS asked CROSS JOIN search_word ON word = asked.value"
_BEGINNING = f"""
SELECT word FROM search_word WHERE word >= ? AND word < ? LIMIT {MOST_COMPLETIONS + 1}
"""


class Vocabulary:
    """Looks words up in `search_word`; the same one only once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._terms: dict[tuple[str, bool], str] = {}

    def known(self, words: Collection[str]) -> list[str]:
        """Return which of some different words there are."""
        return [word for (word,) in self._connection.execute(_KNOWN, (json.dumps(list(words)),))]

    def expression(self, wanted: Iterable[Reading], *, whole_words: bool = False) -> str:
        """Return what FTS5 finds any of some readings by; "" when no item can fit.

        All words are quoted, so that nothing in them is an operator. An unfinished word is
        replaced by those that begin so: for itself, SQLite would read all that is known of each
        of these before the first row.

        Args:
            wanted: the readings.
            whole_words: nothing is unfinished.
        """
        found = {
            " AND ".join(terms)
            for reading in wanted
            if all(terms := [*self._terms_of(reading, whole_words=whole_words)])
        }
        return " OR ".join(f"({terms})" for terms in sorted(found))

    def _terms_of(self, reading: Reading, *, whole_words: bool) -> Iterator[str]:
        """Return a term for each word, "" for one that no item has; that is the last one then."""
        for at, word in enumerate(reading.words):
            is_unfinished = not whole_words and reading.may_be_unfinished(at)
            if (word, is_unfinished) not in self._terms:
                find = self._beginning if is_unfinished else self._whole
                self._terms[word, is_unfinished] = find(word)
            term = self._terms[word, is_unfinished]
            yield term
            if not term:
                return

    def _whole(self, word: str) -> str:
        return f'"{word}"' if self.known([word[:LISTED_LETTERS]]) else ""

    def _beginning(self, word: str) -> str:
        if len(word) <= _INDEXED_LETTERS:
            return f'"{word}"*'
        listed = word[:LISTED_LETTERS]
        rows = self._connection.execute(_BEGINNING, (listed, f"{listed}\U0010ffff")).fetchall()
        if len(rows) > MOST_COMPLETIONS:
            return f'"{word}"*'
        terms = [
            f'"{known}"*' if len(known) == LISTED_LETTERS else f'"{known}"' for (known,) in rows
        ]
        return f"({' OR '.join(terms)})" if terms else ""
