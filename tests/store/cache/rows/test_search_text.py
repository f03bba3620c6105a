"""Folded text: a cache keeps words that were folded when its rows were written."""

import json
from pathlib import Path

from xxhash import xxh3_64_hexdigest

from msd.store.cache.file import cache_schema
from msd.store.cache.rows.search_text import search_tokens
from tests.store.cache.reads import search

SAMPLE = Path(search.__file__).with_name("kinds.json")
FOLDED = (12, "c03bc9e0f7526bd5")


def test_words_that_are_folded_in_another_way_need_a_cache_of_their_own() -> None:
    """Rows are taken out of the index by the words that they were put in by.

    Where this fails, raise `_SCHEMA` in msd/store/cache/file.py, and put both down here.
    """
    titles = [entry["title"] for entry in json.loads(SAMPLE.read_text())["catalogue"]]

    digest = xxh3_64_hexdigest("\n".join(map(search_tokens, titles)))

    assert (cache_schema(0).version, digest) == FOLDED
