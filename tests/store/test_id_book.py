"""Ids of items that were re-keyed, and of those that came to their place (I2)."""

from msd.models import ItemId, RemoteId
from msd.store.ids import IdBook, item_id
from tests.store.made import SOURCE

OLD, NEW = RemoteId("old"), RemoteId("new")


class Record(dict[RemoteId, ItemId]):
    """Aliases as the durable database keeps them: one per item."""

    def add(self, ids: dict[RemoteId, ItemId]) -> None:
        for remote_id in [one for one, known in self.items() if known in ids.values()]:
            del self[remote_id]
        self.update(ids)


def test_an_id_derives_from_the_remote_id() -> None:
    """Nothing is stored for the ordinary case."""
    record = Record()
    book = IdBook(SOURCE, {}, record.add)

    assert book.id_of(OLD) == item_id(SOURCE, OLD)
    assert not record


def test_a_re_keyed_item_keeps_its_id() -> None:
    """A re keyed item keeps its id (I2).

    An alias says so, and it is recorded.
    """
    record = Record()
    book = IdBook(SOURCE, {}, record.add)

    book.give({NEW: item_id(SOURCE, OLD)})

    assert book.id_of(NEW) == item_id(SOURCE, OLD)
    assert record == {NEW: item_id(SOURCE, OLD)}


def test_another_item_under_the_old_remote_id_gets_an_id_of_its_own() -> None:
    """Another item under the old remote id gets an id of its own (I2).

    A taken id leads to the next one, recorded before anything uses it.
    """
    record = Record()
    book = IdBook(SOURCE, {NEW: item_id(SOURCE, OLD)}, record.add)

    second = book.id_of(OLD)

    assert second == item_id(SOURCE, OLD, 1)
    assert record == {OLD: second}
    assert IdBook(SOURCE, {NEW: item_id(SOURCE, OLD), **record}, record.add).id_of(OLD) == second


def test_an_item_re_keyed_twice_has_one_alias() -> None:
    """The alias of the remote id in between is gone."""
    record = Record()
    book = IdBook(SOURCE, {}, record.add)
    book.give({NEW: item_id(SOURCE, OLD)})

    book.give({RemoteId("newest"): item_id(SOURCE, OLD)})

    assert record == {RemoteId("newest"): item_id(SOURCE, OLD)}
    assert book.id_of(NEW) == item_id(SOURCE, NEW)


def test_children_follow_a_parent_that_is_re_keyed() -> None:
    """What is remembered of relations does not outlive a change."""
    book = IdBook(SOURCE, {}, Record().add)
    assert book.id_of_relation(NEW) == item_id(SOURCE, NEW)

    book.give({NEW: item_id(SOURCE, OLD)})

    assert book.id_of_relation(NEW) == item_id(SOURCE, OLD)
