"""What could not be fetched is left alone for a while, longer each time."""

from msd.coordinator.picture_failures import LONGEST_PAUSE_S, MOST, PAUSE_S, PictureFailures
from msd.models import SourceId
from msd.models.artwork import PictureRef

SOURCE, OTHER = SourceId("a_0"), SourceId("b_0")
ONE, TWO, ANOTHERS = (
    (PictureRef(source, ref), 320) for source, ref in ((SOURCE, "1"), (SOURCE, "2"), (OTHER, "1"))
)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_pause_of_a_picture_grows_to_a_bound_and_ends() -> None:
    """A hung picture takes one of two places for half a minute: not at every look."""
    clock = Clock()
    failures = PictureFailures(clock)
    pauses = []
    for _ in range(7):
        failures.add(ONE)
        began = clock.now
        while failures.has(ONE):
            clock.now += PAUSE_S
        pauses.append(clock.now - began)

    assert pauses == [60, 120, 240, 480, 900, 900, 900]
    assert pauses[-1] == LONGEST_PAUSE_S
    failures.add(ONE)
    failures.forget(ONE)
    assert not failures.has(ONE)


def test_a_source_rests_as_a_whole_and_others_do_not() -> None:
    """Until it is connected anew."""
    failures = PictureFailures(Clock())
    failures.add(ONE)
    failures.add(ANOTHERS)
    failures.add_source(SOURCE)

    assert (failures.has(ONE), failures.has(TWO), failures.has(ANOTHERS)) == (True, True, True)
    failures.forget_source(SOURCE)
    assert (failures.has(ONE), failures.has(TWO), failures.has(ANOTHERS)) == (False, False, True)


def test_memory_is_bounded() -> None:
    """Any number of failures."""
    failures = PictureFailures(Clock())
    for number in range(MOST + 5):
        failures.add((PictureRef(SOURCE, str(number)), 96))

    assert sum(failures.has((PictureRef(SOURCE, str(n)), 96)) for n in range(MOST + 5)) == 5
