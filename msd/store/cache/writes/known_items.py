"""What the cache holds of one listing, in 25 bytes per row, and which rows were seen again."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from msd.models import RemoteId

_LIVE, _SEEN = 1, 2


class KnownItems:
    """Answers whether a listed row must be read, and which rows did not come up.

    Rows are found by a hash of their remote id. Python's own string hash has another key in
    each process, so a server can't make two ids collide.
    """

    def __init__(self, rows: Iterable[tuple[int, RemoteId, int, bool]]) -> None:
        """Take the rows of a listing.

        Args:
            rows: primary key, remote id, fingerprint and whether the row is live.
        """
        hashes, fingerprints, pks, flags = array("q"), array("q"), array("q"), bytearray()
        for pk, remote_id, fingerprint, is_live in rows:
            hashes.append(hash(remote_id))
            fingerprints.append(fingerprint)
            pks.append(pk)
            flags.append(_LIVE if is_live else 0)
        order = sorted(range(len(hashes)), key=hashes.__getitem__)
        self._hashes = array("q", map(hashes.__getitem__, order))
        self._fingerprints = array("q", map(fingerprints.__getitem__, order))
        self._pks = array("q", map(pks.__getitem__, order))
        self._flags = bytearray(map(flags.__getitem__, order))
        self._live = sum(self._flags)
        self._new = array("q")  # hashes of rows that were listed and not known
        self._new_is_sorted = False
        self._has_repeats = False

    def is_fresh(self, remote_id: RemoteId, fingerprint: int) -> bool:
        """Mark the row as seen; return whether it must be read: it is new or has changed.

        A deleted row that is listed again counts as changed.
        """
        at = self._find(remote_id)
        if at is None:
            self._new.append(hash(remote_id))
            return True
        self._has_repeats |= bool(self._flags[at] & _SEEN)
        self._flags[at] |= _SEEN
        return self._fingerprints[at] != fingerprint or not self._flags[at] & _LIVE

    def has(self, remote_id: RemoteId) -> bool:
        """Return whether the listing had a current row with this id."""
        at = self._find(remote_id)
        return at is not None and bool(self._flags[at] & _LIVE)

    def has_seen(self, remote_id: RemoteId) -> bool:
        """Return whether the listing has shown a row, known before or not.

        Meant for when the listing is at its end: new rows are put in order at the first question.
        """
        at = self._find(remote_id)
        if at is not None:
            return bool(self._flags[at] & _SEEN)
        if not self._new_is_sorted:
            self._new = array("q", sorted(self._new))
            self._new_is_sorted = True
        return _place(self._new, hash(remote_id)) is not None

    def has_repeats(self) -> bool:
        """Return whether a row was listed twice: then another one may have slipped through."""
        return self._has_repeats or len(set(self._new)) < len(self._new)

    def missing(self) -> list[int]:
        """Return the primary keys of current rows that were not seen."""
        return [pk for pk, flags in zip(self._pks, self._flags, strict=True) if flags == _LIVE]

    def __len__(self) -> int:
        """Return how many current rows the listing had."""
        return self._live

    def _find(self, remote_id: RemoteId) -> int | None:
        return _place(self._hashes, hash(remote_id))


def _place(ordered: "array[int]", wanted: int) -> int | None:
    at = bisect_left(ordered, wanted)
    return at if at < len(ordered) and ordered[at] == wanted else None
