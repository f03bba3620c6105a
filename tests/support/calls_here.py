"""Notes which functions run in the thread of a test, so in that of its event loop."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType


@contextmanager
def calls_here() -> Iterator[set[CodeType]]:
    """Yield the code of every Python function that this thread calls, as it comes."""
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)
