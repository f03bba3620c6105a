"""A catalogue and what people type, replayed on a store: what is found, and at which place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from msd.models import (
    ItemDetails,
    ItemType,
    LibraryType,
    MediaItem,
    Person,
    RemoteId,
    SearchQuery,
)
from msd.store.cache.reads.search.search import search
from tests.store.made import Stores

BEST = 5


def media_item(entry: Mapping[str, Any], titles: Mapping[str, str]) -> MediaItem:
    """Return an entry of a catalogue as a full fetch would bring it."""
    people = tuple(Person(name=name) for name in entry.get("people", ()))
    parent = entry.get("show") or entry.get("album") or entry.get("artist")
    artist = entry.get("artist", "")
    return MediaItem(
        remote_id=RemoteId(entry["id"]),
        type=ItemType(entry["type"]),
        title=entry["title"],
        original_title=entry.get("original_title", ""),
        sort_title=entry.get("sort_title", ""),
        year=entry.get("year"),
        genres=tuple(entry.get("genres", ())),
        parent_remote_id=RemoteId(parent) if parent else None,
        show_remote_id=RemoteId(entry["show"]) if "show" in entry else None,
        show_title=titles.get(entry.get("show", ""), ""),
        season_number=entry.get("season"),
        episode_number=entry.get("episode"),
        artist=titles.get(artist, artist),
        album=titles.get(entry.get("album", ""), ""),
        album_remote_id=RemoteId(entry["album"]) if "album" in entry else None,
        track_number=entry.get("track"),
        details=ItemDetails(people=people) if people else None,
    )


def fill(stores: Stores, catalogue: Sequence[Mapping[str, Any]]) -> None:
    """Store a catalogue as one library of one source."""
    titles = {entry["id"]: entry["title"] for entry in catalogue}
    library = stores.library("all", LibraryType.MIXED)
    by_type = defaultdict(list)
    for entry in catalogue:
        by_type[entry["type"]].append(media_item(entry, titles))
    for items in by_type.values():
        stores.write(library, *items)


class Outcome(Struct):
    """What became of the searches, by kind."""

    found: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ranks: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed: list[str] = field(default_factory=list)

    def found_at_5(self, *kinds: str) -> float:
        """Return the share that is found, of some kinds or of all."""
        return _mean(self.found, kinds)

    def mrr_at_5(self) -> float:
        """Return the mean of 1 / rank of the first right hit."""
        return _mean(self.ranks, ())

    def report(self) -> str:
        """Return the figures, and what was not found at the first place."""
        kinds = ", ".join(f"{kind} {_mean(self.found, (kind,)):.2f}" for kind in self.found)
        figures = f"found@5 {self.found_at_5():.3f}, MRR@5 {self.mrr_at_5():.3f}\n{kinds}"
        return "\n".join([figures, *self.missed])


def judged(stores: Stores, queries: Sequence[Mapping[str, Any]]) -> Outcome:
    """Search for everything that people type."""
    outcome = Outcome()
    for query in queries:
        page = stores.cache.read(
            search, SearchQuery(text=query["text"], limit=BEST, fields=("remote_id",))
        )
        hits = [str(hit["remote_id"]) for hit in page.hits]
        wanted = query["acceptable"] if query["best"] is None else [query["best"]]
        ranks = [at for at, hit in enumerate(hits, start=1) if hit in query["acceptable"]]
        is_found = any(hit in wanted for hit in hits)
        outcome.found[query["kind"]].append(is_found)
        outcome.ranks[query["kind"]].append(1 / ranks[0] if ranks else 0.0)
        if not is_found or ranks[:1] != [1]:
            outcome.missed.append(f"{query['kind']}: {query['text']!r}, best {wanted}: {hits}")
    return outcome


def _mean(values: Mapping[str, list[float]], kinds: Sequence[str]) -> float:
    of_all = [value for kind in kinds or values for value in values[kind]]
    return sum(of_all) / len(of_all)
