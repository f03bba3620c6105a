"""How long to leave a source alone between two looks at its libraries."""

FIRST_S = 0.5  # a second file that is copied after a first is shown soon …
LONGEST_S = 5.0  # … but a server that scans tells of its libraries again and again


class Breather:
    """Pauses that grow while changes keep coming, and are short again once it was quiet."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._longest_s = longest_s
        self._pause_s = 0.0

    def next_s(self, quiet_s: float) -> float:
        """Return how long to pause after a look.

        Args:
            quiet_s: how long there was nothing to look at before it.
        """
        grown_s = FIRST_S if quiet_s >= self._longest_s else 2 * self._pause_s
        self._pause_s = min(max(grown_s, FIRST_S), self._longest_s)
        return self._pause_s
