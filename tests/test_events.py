"""The event stream: every fact to every subscriber, never blocking the publisher."""

import anyio
import pytest

from msd.events import BUFFER_SIZE, EventStream, Overflow, SourceAdded
from msd.models import SourceId


def drained(receive: anyio.abc.ObjectReceiveStream[object]) -> list[object]:
    events: list[object] = []
    while True:
        try:
            events.append(receive.receive_nowait())  # type: ignore[attr-defined]
        except anyio.WouldBlock:
            return events


def test_each_subscriber_gets_every_fact_in_order() -> None:
    """Each subscriber gets every fact in order.

    One publisher.
    """
    stream = EventStream()
    facts = [SourceAdded(SourceId(str(n))) for n in range(5)]

    with stream.subscribe() as first, stream.subscribe() as second:
        for fact in facts:
            stream.publish(fact)

        assert facts == drained(first) == drained(second)


def test_a_slow_subscriber_loses_facts_and_is_told() -> None:
    """It must read everything again; the publisher is not delayed."""
    stream = EventStream()
    with stream.subscribe() as slow:
        for number in range(BUFFER_SIZE + 10):
            stream.publish(SourceAdded(SourceId(str(number))))

        received = drained(slow)

    assert isinstance(received[0], Overflow)
    assert len(received) <= 11


def test_nothing_is_kept_for_those_who_left() -> None:
    """A closed subscription costs nothing."""
    stream = EventStream()
    with stream.subscribe() as gone:
        pass

    stream.publish(SourceAdded(SourceId("x")))

    with pytest.raises(anyio.ClosedResourceError):
        gone.receive_nowait()
