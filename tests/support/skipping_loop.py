"""An event loop whose clock a test can move ahead, so that nobody waits for real minutes."""

import asyncio


class SkippingLoop(asyncio.SelectorEventLoop):
    """Everything that sleeps or has a deadline on this loop follows its clock."""

    skipped_s = 0.0

    def time(self) -> float:
        """Return the loop's time, ahead of the machine's by all that was skipped."""
        return super().time() + self.skipped_s

    def skip(self, seconds: float) -> None:
        """Move the clock ahead; what became due runs next."""
        self.skipped_s += seconds


def skip(seconds: float) -> None:
    """Move the clock of the running loop ahead."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    loop.skip(seconds)
