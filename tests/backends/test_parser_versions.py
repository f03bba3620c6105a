"""A parser that gives another result has another version: else stored rows would never change.

`parser_versions.json` holds, for each backend, the version of its parser and a digest of what it
makes of fixed input. When a parser changes, raise its version and write the file anew:
`python -m tests.backends.test_parser_versions`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from msd.backends.jellyfin.parse import item as jellyfin
from msd.backends.local.catalogue import entries as local
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.parse import rows as plex
from msd.backends.plex.parse.item import parsed
from tests.backends.local.names.kinds import EPISODES, FILMS
from tests.backends.local.names.reading import read_episode, read_film
from tests.backends.plex.parse.rows_of import XML, answer

HERE = Path(__file__).parent
RECORDED = HERE / "parser_versions.json"


def jellyfin_items() -> Iterator[object]:
    for path in sorted((HERE / "jellyfin/parse/data").rglob("*.json")):
        raw = path.read_bytes()
        yield jellyfin.media_item(json.loads(raw)["Id"], raw)


def plex_items() -> Iterator[object]:
    for path in sorted((HERE / "plex/parse/data").glob("*.xml")):
        for row in plex.read_rows(answer(path.read_bytes(), XML)).rows:
            if (item_type := item_type_of(row)) is not None:
                yield parsed(plex.raw_item(row, item_type))


def local_names() -> Iterator[object]:
    for kinds, read in ((EPISODES, read_episode), (FILMS, read_film)):
        for names in kinds.values():
            for path, *_ in names:
                yield path, read(path)


PARSERS: dict[str, tuple[int, Callable[[], Iterator[object]]]] = {
    "jellyfin": (jellyfin.PARSER_VERSION, jellyfin_items),
    "local": (local.NAMES_VERSION, local_names),
    "plex": (plex.PARSER_VERSION, plex_items),
}


def digest_of(items: Iterator[object]) -> str:
    """Return the same text in every process for the same items."""
    encoder = msgspec.json.Encoder(order="deterministic", enc_hook=repr)
    return hashlib.sha256(encoder.encode(list(items))).hexdigest()


@pytest.mark.parametrize("kind", PARSERS)
def test_a_parser_that_changed_has_another_version(kind: str) -> None:
    """Rows that were stored by the old parser are parsed again only then."""
    version, items = PARSERS[kind]
    recorded = json.loads(RECORDED.read_text())[kind]

    now = {"version": version, "digest": digest_of(items())}

    if now["digest"] != recorded["digest"]:
        assert version > recorded["version"], f"raise the version of the {kind} parser"
    assert now == recorded, "write parser_versions.json anew; see the first lines of this file"


@pytest.mark.parametrize("kind", PARSERS)
def test_each_parser_has_input(kind: str) -> None:
    """A digest of nothing would never change."""
    assert len(list(PARSERS[kind][1]())) >= 7


if __name__ == "__main__":
    document = {
        kind: {"version": version, "digest": digest_of(items())}
        for kind, (version, items) in PARSERS.items()
    }
    RECORDED.write_text(json.dumps(document, indent=2) + "\n")
