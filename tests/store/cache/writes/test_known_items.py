"""What a listing had, and what did not come up again."""

from hypothesis import given
from hypothesis import strategies as st

from msd.models import RemoteId
from msd.store.cache.writes.known_items import KnownItems

REMOTE_IDS = st.text(st.sampled_from("abcdé"), min_size=1, max_size=3)
FINGERPRINTS = st.integers(-(2**63), 2**63 - 1)


@given(
    stored=st.dictionaries(REMOTE_IDS, st.tuples(FINGERPRINTS, st.booleans())),
    listed=st.lists(st.tuples(REMOTE_IDS, FINGERPRINTS)),
    again=st.lists(REMOTE_IDS),
)
def test_known_items_answer_like_a_dictionary(
    stored: dict[str, tuple[int, bool]],
    listed: list[tuple[str, int]],
    again: list[str],
) -> None:
    """Known items answer like a dictionary (Y5, Y7).

    New or changed rows are fresh, deleted ones that return too; the rest is missing.
    """
    pks = {remote_id: pk for pk, remote_id in enumerate(stored, start=1)}
    known = KnownItems(
        (pks[remote_id], RemoteId(remote_id), mark, live)
        for remote_id, (mark, live) in stored.items()
    )
    listed = listed + [(one, stored[one][0]) for one in again if one in stored]

    answers = [known.is_fresh(RemoteId(remote_id), mark) for remote_id, mark in listed]

    seen = {remote_id for remote_id, _ in listed}
    live = {remote_id for remote_id, (_, is_live) in stored.items() if is_live}
    assert answers == [stored.get(one) != (mark, True) for one, mark in listed]
    assert sorted(known.missing()) == sorted(pks[one] for one in live - seen)
    assert len(known) == len(live)
